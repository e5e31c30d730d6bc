package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// fit chooses what the options leave open, so that the model fits the devices that are here:
// layers, and the context. What was asked for stays. Chosen says what; empty: nothing was.
// Notices are about the host's memory. f was checked. Without devices nothing is searched, nor
// with one that does not tell its memory.
func (o *Options) fit(ctx context.Context, f *gguf.File) (chosen string, notices []string) {
	h, err := f.Hyper()
	if err != nil {
		return "", nil
	}
	r, err := o.Request()
	if err != nil {
		return "", nil // Open says it
	}
	devices, host, err := PlanDevices(o.Placement.Devices)
	if err != nil {
		return "", nil
	}
	m := &plan.Model{Hyper: h, Tensors: f.Tensors}
	guess := plan.NewEstimator(h, f.Tensors, plan.RepackNone)
	if len(devices) == 0 {
		r.Context, _ = chooseContext(o.Context, h.Context)
		r.Batch = min(r.Batch, r.Context)
		if memory, err := guess.Measure(ctx, nil, r); err == nil {
			notices = tooLargeForHost(memory, host)
		}
		return "", notices
	}
	if !o.leavesOpen() || slices.ContainsFunc(devices, func(d plan.Device) bool { return d.Total == 0 }) {
		return "", nil
	}
	w := o.wishes(m, r, devices)
	choice, err := search(ctx, f, m, guess, w)
	if err != nil {
		if l := llama.Logger(); l != nil {
			l.Warn("nothing was chosen for the devices: " + err.Error())
		}
		return "", nil // it is loaded as it was asked for, and fails in words if it does
	}
	o.take(choice)
	return describe(choice, w), tooLargeForHost(choice.Memory, host)
}

// leavesOpen tells whether there is something to choose, and it can be.
func (o *Options) leavesOpen() bool {
	p := &o.Placement
	return (p.GPULayers == nil || o.Context == 0) && p.TensorSplit == nil && (p.SplitMode == "" || p.SplitMode == "layer" || p.SplitMode == "none")
}

// wishes are what was asked for, and what is left open.
func (o *Options) wishes(m *plan.Model, r plan.Request, devices []plan.Device) *plan.Wishes {
	w := &plan.Wishes{
		Devices: devices, Request: r, Context: o.Context, Headroom: headroom(devices),
		FixedLayers: o.Placement.GPULayers != nil, FixedExperts: len(o.Placement.Overrides) > 0,
	}
	if o.Context < 0 {
		w.Context = m.Hyper.Context
	}
	if i := r.MainGPU; r.SplitMode == "none" && i < len(devices) {
		w.Devices, w.Request.MainGPU = devices[i:i+1], 0
	}
	return w
}

// search looks for what fits, with the engine as the measure.
func search(ctx context.Context, f *gguf.File, m *plan.Model, guess plan.Measurer, w *plan.Wishes) (*plan.Choice, error) {
	header, err := oracle.StripChecked(f, nil)
	if err != nil {
		return nil, err
	}
	exact, err := oracle.New(header)
	if err != nil {
		return nil, err
	}
	defer exact.Close()
	return plan.Search(ctx, exact, guess, m, *w)
}

// headroom is what stays free on a device: for the driver's own, which no plan has. Small
// devices have less of it.
func headroom(devices []plan.Device) uint64 {
	n := uint64(plan.DefaultHeadroom)
	for _, d := range devices {
		n = min(n, d.Total/8)
	}
	return n
}

// take makes the choice that of the options.
func (o *Options) take(c *plan.Choice) {
	p := &o.Placement
	if o.Context == 0 {
		o.Context = c.Memory.ContextSeq
	}
	if len(c.Devices) == 0 {
		p.Devices, p.SplitMode, p.MainGPU = []string{llama.NoDevice}, "", 0
		return
	}
	if c.Layers < c.LayersAll {
		p.GPULayers = &c.Request.GPULayers
	}
	p.TensorSplit, p.Overrides = c.Request.TensorSplit, nil
	for _, v := range c.Request.Overrides {
		p.Overrides = append(p.Overrides, llama.Override(v))
	}
}

// describe is a choice in a clause.
func describe(c *plan.Choice, w *plan.Wishes) string {
	names := make([]string, len(w.Devices))
	for i, d := range w.Devices {
		names[i] = d.Name
	}
	on := strings.Join(names, " and ")
	layers := fmt.Sprintf("all %d layers on %s", c.LayersAll, on)
	switch {
	case len(c.Devices) == 0:
		layers = fmt.Sprintf("no layer on %s (there is no room)", on)
	case c.Layers < c.LayersAll && w.FixedLayers:
		layers = fmt.Sprintf("%d of %d layers on %s (as asked)", c.Layers, c.LayersAll, on)
	case c.Layers < c.LayersAll:
		layers = fmt.Sprintf("%d of %d layers on %s (there is no room for more)", c.Layers, c.LayersAll, on)
	}
	if c.ExpertLayers > 0 {
		layers += fmt.Sprintf(", the experts of %d of them in host memory", c.ExpertLayers)
	}
	return fmt.Sprintf("%s, a context of %d tokens (%s)", layers, c.Memory.ContextSeq, contextReason(c.Memory.ContextSeq, c.Trained, w.Context))
}

// contextReason is why a context was chosen, or taken as it was asked for.
func contextReason(size, trained, asked int) string {
	switch {
	case trained > 0 && size > trained && asked > trained:
		return fmt.Sprintf("as asked, beyond the %d that the model was trained on", trained)
	case asked > 0:
		return "as asked"
	case size >= trained:
		return "as trained"
	}
	return fmt.Sprintf("as fits; the model was trained on %d", trained)
}

// tooLargeForHost is about a model that needs more than is free of the host's memory, 0: not
// known.
func tooLargeForHost(m *plan.Memory, free uint64) []string {
	need := m.Host.Total()
	if free == 0 || need <= free {
		return nil
	}
	const gib = 1 << 30
	return []string{fmt.Sprintf("the model with its context takes %.2f GiB of the host's memory, and %.2f GiB are free: it will be slow, or end for lack of memory; a smaller quantization or context helps",
		float64(need)/gib, float64(free)/gib)}
}
