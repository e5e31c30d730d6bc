package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
	"github.com/seed-f87006eb/llm/quant"
)

// planOption is another choice, beside the plan.
type planOption struct {
	What         string   `json:"what,omitempty"`
	KVType       string   `json:"kv_type"`
	Layers       int      `json:"layers"`
	LayersAll    int      `json:"layers_all"`
	ExpertLayers int      `json:"expert_layers_on_host"`
	Context      int      `json:"context"`
	DeviceBytes  []uint64 `json:"device_bytes"`
	HostBytes    uint64   `json:"host_bytes"`
	Speed        *float64 `json:"tokens_per_second_at_most,omitempty"`
}

// planLevel is a quantization of the model.
type planLevel struct {
	Name    string  `json:"name"`
	Bytes   int64   `json:"bytes"`
	Bits    float64 `json:"bits_per_weight"`
	Imatrix bool    `json:"needs_imatrix"`
	This    bool    `json:"this_file"`
	Fits    bool    `json:"fits"`
	Whole   bool    `json:"whole"`
	// Plan is how it would lie in memory; nil: nothing fits.
	Plan *planOption `json:"plan,omitempty"`
}

func optionOf(what string, c *plan.Choice) planOption {
	o := planOption{
		What: what, KVType: c.Request.KeyType.String(), Layers: c.Layers, LayersAll: c.LayersAll, ExpertLayers: c.ExpertLayers,
		Context: c.Memory.Context, DeviceBytes: []uint64{}, HostBytes: c.Memory.Host.Total(),
	}
	for _, u := range c.Memory.Devices {
		o.DeviceBytes = append(o.DeviceBytes, u.Total())
	}
	if c.Speed != nil {
		speed := rounded(c.Speed.Empty)
		o.Speed = &speed
	}
	return o
}

// options are the plan and what else could be chosen, each measured as the plan was.
func (p *planning) options(ctx context.Context, c *plan.Choice, fits bool) ([]planOption, error) {
	options := []planOption{}
	if fits {
		options = append(options, optionOf("this plan", c))
	}
	add := func(what string, change func(w *plan.Wishes)) error {
		w := p.wishes
		change(&w)
		other, _, err := p.search(ctx, w)
		var impossible *plan.Impossible
		if errors.As(err, &impossible) {
			err = nil
		}
		if other == nil || err != nil {
			return err
		}
		o := optionOf(what, other)
		if !slices.ContainsFunc(options, o.same) {
			options = append(options, o)
		}
		return nil
	}
	w, trained := &p.wishes, p.planner.Hyper.Context
	full := trained > 0 && c.Memory.Context >= trained
	best := fits && (c.Whole || len(w.Devices) == 0) && (full || w.Context > 0)
	caches := c.Request.KeyType == gguf.F16 && w.KVTypes == nil && c.Memory.Host.KV+kvOnDevices(c) > 0
	for _, o := range []struct {
		when   bool
		what   string
		change func(w *plan.Wishes)
	}{
		{caches && (!best || w.Context > 0), "KV cache Q8_0", func(w *plan.Wishes) { w.KVTypes = []gguf.TensorType{gguf.Q8_0} }},
		{w.Context > 0 && !full && fits && (c.Whole || len(w.Devices) == 0), "longest context", func(w *plan.Wishes) {
			w.Context, w.FixedLayers, w.Request.GPULayers = 0, true, -1
		}},
		{!full && trained > w.Context && trained > 0, "context as trained", func(w *plan.Wishes) { w.Context = trained }},
		{c.ExpertLayers > 0 && !w.FixedExperts && fits, "fewer layers instead", func(w *plan.Wishes) { w.FixedExperts = true }},
		{described(w.Devices) && !best && len(w.Devices) < plan.MaxDevices && w.Request.TensorSplit == nil, oneMore(w.Devices), func(w *plan.Wishes) {
			w.Devices = append(slices.Clone(w.Devices), w.Devices[0])
		}},
	} {
		if o.when {
			if err := add(o.what, o.change); err != nil {
				return nil, err
			}
		}
	}
	if fits && (c.Whole || len(w.Devices) == 0) || w.FixedLayers {
		return options, nil
	}
	o, err := p.residentLevel(ctx)
	if o != nil {
		options = slices.Insert(options, min(1, len(options)), *o)
	}
	return options, err
}

// same is whether two choices are one.
func (o *planOption) same(other planOption) bool {
	return o.KVType == other.KVType && o.Context == other.Context && o.HostBytes == other.HostBytes && slices.Equal(o.DeviceBytes, other.DeviceBytes)
}

func kvOnDevices(c *plan.Choice) (n uint64) {
	for _, u := range c.Memory.Devices {
		n += u.KV
	}
	return n
}

// described devices need not be there.
func described(devices []plan.Device) bool { return len(devices) > 0 && devices[0].Backend != "" }

func oneMore(devices []plan.Device) string {
	if len(devices) < 2 {
		return "two such devices"
	}
	return "one more " + (&planDevice{Name: devices[0].Name}).label()
}

// leveled is the model in another level of quantization.
type leveled struct {
	quant.FileType
	recipe  *quant.Recipe
	tensors []gguf.Tensor
}

// allLevels are those that the quantizer would make of the model, the most bits first.
func (p *planning) allLevels() (levels []leveled, err error) {
	source, err := quant.Read(p.file)
	if err != nil {
		return nil, err
	}
	for _, t := range quant.FileTypes() {
		o := quant.Options{FileType: t.Number, Requantize: true}
		if quant.NeedsImatrix(t.Number) {
			o.Imatrix = &quant.Imatrix{}
		}
		recipe, err := source.Recipe(o)
		if err != nil || len(recipe.Problems) > 0 {
			continue
		}
		l := leveled{FileType: t, recipe: recipe}
		for _, tensor := range recipe.Tensors {
			made := tensor.Tensor
			made.Type = tensor.To
			l.tensors = append(l.tensors, made)
		}
		levels = append(levels, l)
	}
	slices.SortStableFunc(levels, func(a, b leveled) int { return int(b.recipe.Size/1024 - a.recipe.Size/1024) })
	return levels, nil
}

// guessLevel looks for a placement of a level by arithmetic.
func (p *planning) guessLevel(ctx context.Context, l *leveled) (*plan.Choice, error) {
	guess := plan.NewEstimator(p.planner.Hyper, l.tensors, plan.RepackNone)
	return p.searchLevel(ctx, l, guess, guess)
}

// exactLevel has the engine plan for a level.
func (p *planning) exactLevel(ctx context.Context, l *leveled) (*plan.Choice, error) {
	planner, err := llm.OpenPlanner(ctx, p.file, l.tensors)
	if err != nil {
		return nil, err
	}
	defer planner.Close()
	return p.searchLevel(ctx, l, planner, planner.Guess)
}

func (p *planning) searchLevel(ctx context.Context, l *leveled, exact, guess plan.Measurer) (*plan.Choice, error) {
	with := func(m plan.Measurer) plan.Measurer {
		set, _ := p.guess.(plan.Set)
		return plan.Set{Model: m, Companions: set.Companions}
	}
	c, err := plan.Search(ctx, with(exact), with(guess), &plan.Model{Hyper: p.planner.Hyper, Tensors: l.tensors}, p.wishes)
	var nothing *plan.NothingFits
	if errors.As(err, &nothing) {
		return nil, nil
	}
	return c, err
}

// residentLevel is the largest level of which all is on the devices, or fits at all where
// there are none. The engine confirms it. Nil: there is none.
func (p *planning) residentLevel(ctx context.Context) (*planOption, error) {
	levels, err := p.allLevels()
	if err != nil {
		return nil, nil // a model that is not quantized, such as one that the quantizer cannot read
	}
	resident := func(c *plan.Choice) bool { return c != nil && (c.Whole || len(p.wishes.Devices) == 0) }
	for i := range levels {
		l := &levels[i]
		c, err := p.guessLevel(ctx, l)
		if err != nil || !resident(c) {
			if err != nil {
				return nil, err
			}
			continue
		}
		if c, err = p.exactLevel(ctx, l); err != nil {
			return nil, err
		}
		if resident(c) {
			o := optionOf(fmt.Sprintf("%s, %.1f bits", l.Name, l.recipe.Bits), c)
			return &o, nil
		}
	}
	return nil, nil
}

// levels are all levels with what of them fits.
func (p *planning) levels(ctx context.Context) ([]planLevel, error) {
	levels, err := p.allLevels()
	if err != nil {
		return nil, err
	}
	list, errs := make([]planLevel, len(levels)), make([]error, len(levels))
	var all sync.WaitGroup
	free := make(chan struct{}, runtime.NumCPU())
	for i := range levels {
		all.Go(func() {
			free <- struct{}{}
			list[i], errs[i] = p.level(ctx, &levels[i])
			<-free
		})
	}
	all.Wait()
	return list, errors.Join(errs...)
}

func (p *planning) level(ctx context.Context, l *leveled) (planLevel, error) {
	c, err := p.exactLevel(ctx, l)
	if err != nil {
		return planLevel{}, err
	}
	level := planLevel{Name: l.Name, Bytes: l.recipe.Size, Bits: rounded2(l.recipe.Bits), Imatrix: quant.NeedsImatrix(l.Number),
		This: l.Number == p.file.FileType()&^gguf.FileTypeGuessed}
	if c != nil {
		o := optionOf("", c)
		level.Fits, level.Whole, level.Plan = true, c.Whole, &o
	}
	return level, nil
}

func rounded2(x float64) float64 { return float64(int(100*x+0.5)) / 100 }
