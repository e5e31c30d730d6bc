package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
	"github.com/seed-f87006eb/llm/quant"
)

// planLevel is a quantization of the model.
type planLevel struct {
	Name    string       `json:"name"`
	Bytes   int64        `json:"bytes"`
	Bits    float64      `json:"bits_per_weight"`
	Imatrix bool         `json:"needs_imatrix"`
	This    bool         `json:"this_file"`
	Caveat  string       `json:"caveat,omitempty"`
	Quality *planQuality `json:"quality,omitempty"`
	Fits    bool         `json:"fits"`
	Whole   bool         `json:"whole"`
	Plan    *planOption  `json:"plan,omitempty"` // absent: nothing fits
}

// planQuality is what was measured of a level, of another model unless it says otherwise.
type planQuality struct {
	Perplexity float64 `json:"perplexity_ratio,omitempty"`
	Divergence float64 `json:"divergence,omitempty"`
	Model      string  `json:"model"`
	Source     string  `json:"source"`
}

func qualityOf(q *quant.Quality) *planQuality {
	if q == nil {
		return nil
	}
	return &planQuality{q.Perplexity, q.Divergence, q.Model, q.Source}
}

// leveled is the model in another level of quantization.
type leveled struct {
	quant.Level
	tensors []gguf.Tensor
}

// allLevels are those that the quantizer would make of the model, the largest first.
func (p *planning) allLevels() ([]leveled, error) {
	if p.leveled != nil {
		return p.leveled, nil
	}
	source, err := quant.Read(p.file)
	if err != nil {
		return nil, err
	}
	for _, l := range source.Levels() {
		if l.Unmade != "" {
			continue
		}
		o := quant.Options{FileType: l.FileType, Requantize: true}
		if l.Imatrix {
			o.Imatrix = &quant.Imatrix{}
		}
		recipe, err := source.Recipe(o)
		if err != nil {
			return nil, err
		}
		made := leveled{Level: l}
		for _, tensor := range recipe.Tensors {
			t := tensor.Tensor
			t.Type = tensor.To
			made.tensors = append(made.tensors, t)
		}
		p.leveled = append(p.leveled, made)
	}
	slices.SortStableFunc(p.leveled, func(a, b leveled) int { return int((b.Size - a.Size) >> 10) })
	return p.leveled, nil
}

// layersBytes is what of its weights must lie on devices: all but what is before the layers.
func (l *leveled) layersBytes() (n uint64) {
	for _, t := range l.tensors {
		if size, ok := t.Size(); ok && (strings.HasPrefix(t.Name, "blk.") || strings.HasPrefix(t.Name, "output")) {
			n += uint64(size)
		}
	}
	return n
}

// planLevel has the engine plan for a level; nil: nothing fits.
func (p *planning) planLevel(ctx context.Context, w plan.Wishes, l *leveled) (*plan.Choice, error) {
	planner, err := llm.OpenPlanner(ctx, p.file, l.tensors)
	if err != nil {
		return nil, err
	}
	defer planner.Close()
	w.NoAdvice = true
	with := func(m plan.Measurer) plan.Measurer { return plan.Set{Model: m, Companions: p.guess.Companions} }
	c, err := plan.Search(ctx, with(planner), with(planner.Guess), &planner.Model, w)
	var nothing *plan.NothingFits
	if errors.As(err, &nothing) {
		return nil, nil
	}
	return c, err
}

// residentLevel is the best level of which all is on the devices, or that fits at all where
// there are none. The engine confirms it. Nil: there is none, or the quantizer cannot read
// the model.
func (p *planning) residentLevel(ctx context.Context) (*planOption, error) {
	levels, err := p.allLevels()
	if err != nil {
		return nil, nil
	}
	w, room := p.wishes, p.wishes.HostMemory
	if len(w.Devices) > 0 {
		w.FixedLayers, w.Request.GPULayers, w.FixedExperts = true, -1, true
		room = 0
		for _, d := range w.Devices {
			room += d.Free - min(d.Free, w.Headroom)
		}
	}
	var failed error
	found := map[gguf.FileType]*plan.Choice{}
	fits := func(l quant.Level) quant.Fit {
		i := slices.IndexFunc(levels, func(o leveled) bool { return o.FileType == l.FileType })
		if i < 0 || failed != nil || room > 0 && levels[i].layersBytes() > room {
			return quant.Fit{}
		}
		c, err := p.planLevel(ctx, w, &levels[i])
		if failed = err; err != nil || c == nil || !c.Whole && len(w.Devices) > 0 {
			return quant.Fit{}
		}
		found[l.FileType] = c
		return quant.Fit{OK: true}
	}
	candidates := make([]quant.Level, len(levels))
	for i, l := range levels {
		candidates[i] = l.Level
	}
	choice := quant.Choose(candidates, fits, quant.Wants{})
	if failed != nil || choice.Level == nil {
		return nil, failed
	}
	o := optionOf(fmt.Sprintf("%s, %.1f bits", choice.Level.String(), choice.Level.Bits), found[choice.Level.FileType])
	o.Level = choice.Level.String()
	return &o, nil
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
	level := planLevel{
		Name: l.String(), Bytes: l.Size, Bits: math.Round(100*l.Bits) / 100, Imatrix: l.Imatrix, Caveat: l.Caveat,
		Quality: qualityOf(l.Quality), This: l.FileType == p.file.FileType()&^gguf.FileTypeGuessed,
	}
	c, err := p.planLevel(ctx, p.wishes, l)
	if c != nil {
		o := optionOf("", c)
		level.Fits, level.Whole, level.Plan = true, c.Whole, &o
	}
	return level, err
}

// qualities are of the levels that are weighed against each other: this file's, and those
// that options name.
func (p *planning) qualities(options []planOption) (list []planLevelQuality) {
	levels, err := p.allLevels()
	if err != nil {
		return nil
	}
	for _, l := range levels {
		this := l.FileType == p.file.FileType()&^gguf.FileTypeGuessed
		named := slices.ContainsFunc(options, func(o planOption) bool { return o.Level == l.String() })
		if l.Quality != nil && (named || this && len(options) > 0) {
			list = append(list, planLevelQuality{l.String(), *qualityOf(l.Quality)})
		}
	}
	return list
}

type planLevelQuality struct {
	Level string `json:"level"`
	planQuality
}
