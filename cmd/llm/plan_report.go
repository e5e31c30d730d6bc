package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/plan"
)

// planReport is what llm plan knows: docs/plan-command.md describes its JSON, and a test
// holds that page to it. What is not known is absent.
type planReport struct {
	Model planModel `json:"model"`
	Fits  bool      `json:"fits"`
	Whole bool      `json:"whole"`

	WeightsBytes uint64  `json:"weights_bytes"`
	KVBytes      uint64  `json:"kv_bytes"`
	ComputeBytes uint64  `json:"compute_bytes"`
	OutputBytes  uint64  `json:"output_bytes"`
	VRAMWeights  *uint64 `json:"vram_weights_bytes,omitempty"`
	VRAMKV       *uint64 `json:"vram_kv_bytes,omitempty"`
	VRAMCompute  *uint64 `json:"vram_compute_bytes,omitempty"`

	Devices  []planDevice `json:"devices"`
	Host     planHost     `json:"host"`
	Headroom uint64       `json:"headroom_bytes"`

	Context            int       `json:"context"`
	ContextPerSequence int       `json:"context_per_sequence"`
	Sequences          int       `json:"sequences"`
	KVTypeK            string    `json:"kv_type_k"`
	KVTypeV            string    `json:"kv_type_v"`
	Layers             int       `json:"layers"`
	LayersAll          int       `json:"layers_all"`
	ExpertLayers       int       `json:"expert_layers_on_host"`
	TensorSplit        []float32 `json:"tensor_split,omitempty"`
	Outputs            string    `json:"outputs"`
	Arguments          []string  `json:"arguments"`

	Speed    *planSpeed   `json:"speed,omitempty"`
	Reasons  []string     `json:"reasons"`
	Warnings []string     `json:"warnings"`
	Beside   []string     `json:"beside,omitempty"`
	Lacks    []planLack   `json:"lacks,omitempty"`
	Would    []string     `json:"would_fit,omitempty"`
	Options  []planOption `json:"options"`
	Levels   []planLevel  `json:"levels,omitempty"`

	Qualities []planLevelQuality `json:"qualities,omitempty"`

	HeaderBytes  int64  `json:"header_bytes"`
	FetchedBytes *int64 `json:"fetched_bytes,omitempty"`
	Plans        int    `json:"plans"`
	Milliseconds int64  `json:"milliseconds"`

	heading       string
	assumed       bool // the bandwidth of the host
	noSpeed       string
	kvNone        bool
	problem       string
	hostBandwidth uint64
}

type planModel struct {
	File         string `json:"file"`
	Name         string `json:"name,omitempty"`
	Architecture string `json:"architecture"`
	Kind         string `json:"kind"`
	FileType     string `json:"file_type"`
	Bytes        int64  `json:"bytes"`
	Parameters   int64  `json:"parameters"`
	Trained      int    `json:"trained_context,omitempty"`
}

type planUse struct {
	WeightsBytes uint64 `json:"weights_bytes"`
	KVBytes      uint64 `json:"kv_bytes"`
	ComputeBytes uint64 `json:"compute_bytes"`
}

type planDevice struct {
	Name    string `json:"name"`
	Backend string `json:"backend,omitempty"`
	planUse
	UsedBytes  uint64 `json:"used_bytes"`
	FreeBytes  uint64 `json:"free_bytes"` // before
	TotalBytes uint64 `json:"total_bytes"`
}

type planHost struct {
	planUse
	OutputBytes   uint64 `json:"output_bytes"`
	RepackedBytes uint64 `json:"repacked_bytes"`
	UsedBytes     uint64 `json:"used_bytes"`
	LimitBytes    uint64 `json:"limit_bytes,omitempty"`
}

type planSpeed struct {
	Empty float64 `json:"tokens_per_second_at_most"`
	Full  float64 `json:"tokens_per_second_at_most_full_context"`
}

type planLack struct {
	Where  string `json:"where"`
	Needed uint64 `json:"needed_bytes"`
	Room   uint64 `json:"room_bytes"`
}

// countedMeasurer counts what is asked of another.
type countedMeasurer struct {
	plan.Measurer
	n *int
}

func (c countedMeasurer) Measure(ctx context.Context, devices []plan.Device, r plan.Request) (*plan.Memory, error) {
	*c.n++
	return c.Measurer.Measure(ctx, devices, r)
}

// report plans.
func (p *planning) report(ctx context.Context) (*planReport, error) {
	r := &planReport{Headroom: p.wishes.Headroom, Outputs: p.flags.outputs, Sequences: p.wishes.Request.Sequences, Options: []planOption{}}
	p.exact = countedMeasurer{p.exact, &r.Plans}
	if err := p.describeModel(r); err != nil {
		return nil, err
	}
	c, nothing, err := p.search(ctx, p.wishes)
	if err != nil {
		return nil, err
	}
	if nothing != nil {
		if nothing.Nearest == nil {
			return nil, nothing
		}
		c, r.Would, r.problem = nothing.Nearest, nothing.Would, nothing.Error()
		for _, l := range nothing.Lacks {
			r.Lacks = append(r.Lacks, planLack{l.Where, l.Needed, l.Room})
		}
		c.Reasons = nil
	}
	r.Fits, r.Whole = nothing == nil, c.Whole && nothing == nil
	r.choice(c, &p.wishes)
	if r.Options, err = p.options(ctx, c, r.Fits); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(r.Options, func(o planOption) bool { return o.Level != "" }) {
		r.Qualities = p.qualities(r.Options)
	}
	if p.flags.levels {
		if r.Levels, err = p.levels(ctx); err != nil {
			return nil, err
		}
	}
	r.Reasons, r.Beside = append([]string{}, c.Reasons...), p.beside
	r.Warnings = append([]string{}, p.warnings...)
	r.assumed = p.flags.ramSpeed == "" && !slices.ContainsFunc(r.Devices, func(d planDevice) bool { return d.Backend == "metal" })
	r.hostBandwidth = p.wishes.HostBandwidth
	if p.fetched != nil {
		n := p.fetched()
		r.FetchedBytes = &n
	}
	return r, nil
}

func (p *planning) describeModel(r *planReport) error {
	i, err := newInspection(p.file, p.address, false)
	if err != nil {
		return err
	}
	h := p.planner.Hyper
	r.Model = planModel{
		File: p.address, Name: i.Name, Architecture: h.Architecture, Kind: h.Kind.String(), FileType: i.Weights.FileType,
		Bytes: i.Format.Bytes, Parameters: i.Weights.Parameters, Trained: h.Context,
	}
	r.HeaderBytes = i.Format.HeaderBytes
	w := &inspectScreen{}
	w.heading(i)
	r.heading = w.String()
	return nil
}

// choice fills in what was chosen.
func (r *planReport) choice(c *plan.Choice, w *plan.Wishes) {
	m := c.Memory
	add := func(u plan.Use) planUse {
		r.WeightsBytes, r.KVBytes, r.ComputeBytes = r.WeightsBytes+u.Weights, r.KVBytes+u.KV, r.ComputeBytes+u.Compute
		return planUse{u.Weights, u.KV, u.Compute}
	}
	r.Devices = []planDevice{}
	for i, d := range c.Devices {
		u := m.Devices[i]
		r.Devices = append(r.Devices, planDevice{d.Name, d.Backend, add(u), u.Total(), d.Free, d.Total})
	}
	if len(r.Devices) == 1 {
		d := &r.Devices[0]
		r.VRAMWeights, r.VRAMKV, r.VRAMCompute = &d.WeightsBytes, &d.KVBytes, &d.ComputeBytes
	}
	r.Host = planHost{add(m.Host), m.Host.Output, m.Host.Repacked, m.Host.Total(), w.HostMemory}
	r.OutputBytes = m.Host.Output
	r.kvNone = r.KVBytes == 0
	r.Context, r.ContextPerSequence = m.Context, m.ContextSeq
	r.KVTypeK, r.KVTypeV = c.Request.KeyType.String(), c.Request.ValueType.String()
	r.Layers, r.LayersAll, r.ExpertLayers, r.TensorSplit = c.Layers, c.LayersAll, c.ExpertLayers, c.Request.TensorSplit
	r.Arguments = planArguments(c, w)
	if s := c.Speed; s != nil {
		r.Speed = &planSpeed{rounded(s.Empty), rounded(s.Full)}
		return
	}
	for i, d := range c.Devices {
		if d.Bandwidth == 0 && m.Devices[i].Total() > 0 {
			r.noSpeed = d.Name
			return
		}
	}
}

func rounded(x float64) float64 { return math.Round(10*x) / 10 }

// layersText says where the layers are.
func (r *planReport) layersText() string {
	devices := "the device"
	if len(r.Devices) != 1 {
		devices = "the devices"
	}
	switch {
	case len(r.Devices) == 0:
		return "in host memory alone"
	case r.ExpertLayers > 0 && r.Layers == r.LayersAll:
		return fmt.Sprintf("all %d layers on %s, with the experts of %d in host memory", r.LayersAll, devices, r.ExpertLayers)
	case r.ExpertLayers > 0:
		return fmt.Sprintf("%d of %d layers on %s, without their experts; the rest in host memory", r.Layers, r.LayersAll, devices)
	case r.Layers == r.LayersAll && !r.Whole:
		return fmt.Sprintf("all %d layers on %s, with weights of %s GiB in host memory", r.LayersAll, devices, inGiB(r.Host.WeightsBytes))
	case r.Layers == 0:
		return "all layers in host memory, none on " + devices
	case r.Layers == r.LayersAll:
		return fmt.Sprintf("all %d layers on %s", r.LayersAll, devices)
	}
	return fmt.Sprintf("%d of %d layers on %s, the rest in host memory", r.Layers, r.LayersAll, devices)
}

// label is a device's name without its family, which takes too much room.
func (d *planDevice) label() string { return cmp.Or(strings.TrimPrefix(d.Name, "GeForce "), "device") }
