package main

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/plan"
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
	Level        string   `json:"level,omitempty"`
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
		w.NoAdvice = true
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

// described devices need not be there, and there can be more of them, unless they share the
// machine's memory.
func described(devices []plan.Device) bool {
	return len(devices) > 0 && devices[0].Backend != "" && devices[0].Backend != "metal"
}

func oneMore(devices []plan.Device) string {
	if len(devices) < 2 {
		return "two such devices"
	}
	return "one more " + (&planDevice{Name: devices[0].Name}).label()
}
