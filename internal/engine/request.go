package engine

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// Request is what Open asks the engine for, as package plan has it. A context that was not
// asked for is 0. Errors: options that Open refuses.
func (o *Options) Request() (r plan.Request, err error) {
	r = plan.DefaultRequest()
	if o.Batch > 0 {
		r.Batch = o.Batch
	}
	if o.Ubatch > 0 {
		r.Ubatch = min(o.Ubatch, r.Batch)
	}
	r.Context, r.FullWindow, r.Outputs = o.Context, o.FullSWA, plan.OutputsServer
	if r.KeyType, err = ParseKVType(o.KeyType); err != nil {
		return r, err
	}
	if r.ValueType, err = ParseKVType(o.ValueType); err != nil {
		return r, err
	}
	if o.FlashAttention != nil {
		r.FlashAttention = plan.FlashAttentionOff
		if *o.FlashAttention {
			r.FlashAttention = plan.FlashAttentionOn
		}
	}
	p := &o.Placement
	if p.GPULayers != nil {
		r.GPULayers = *p.GPULayers
	}
	r.SplitMode, r.MainGPU, r.TensorSplit = p.SplitMode, p.MainGPU, p.TensorSplit
	for _, v := range p.Overrides {
		r.Overrides = append(r.Overrides, plan.Override(v))
	}
	r.NoKVOffload, r.NoOpOffload, r.NoHost, r.NoRepack = p.NoKVOffload, p.NoOpOffload, p.NoHost, p.NoRepack
	return r, nil
}

// ParseKVType is one of llama.KVTypes; empty: f16.
func ParseKVType(name string) (gguf.TensorType, error) {
	if name == "" {
		return gguf.F16, nil
	}
	for _, known := range llama.KVTypes {
		if !strings.EqualFold(name, known) {
			continue
		}
		t, err := llama.ParseKVType(known)
		return gguf.TensorType(t), err
	}
	return 0, fmt.Errorf("%q is not a type of a KV cache; the types are %s", name, strings.Join(llama.KVTypes, ", "))
}

// PlanDevices are the devices of this machine that layers go to, as the engine chooses them,
// with what is free of their memory; and what is free of the host's, 0: unknown. names are
// those of Placement.Devices, nil: all.
func PlanDevices(names []string) (devices []plan.Device, hostMemory uint64, err error) {
	all, err := llama.Devices()
	if err != nil {
		return nil, 0, err
	}
	byName := map[string]plan.Device{}
	var integrated []plan.Device
	for _, d := range all {
		p := plan.Device{Name: d.Name, Total: d.MemoryTotal, Free: d.MemoryFree}
		if card, ok := plan.FindCard(d.Description); ok {
			p.Bandwidth, p.ComputeCapability = card.Bandwidth, card.ComputeCapability
		}
		switch d.Type {
		case llama.DeviceCPU:
			hostMemory = d.MemoryFree
			continue
		case llama.DeviceGPU:
			devices = append(devices, p)
		case llama.DeviceIGPU:
			p.Rules.Unified = true
			integrated = append(integrated, p)
		default:
			continue
		}
		byName[strings.ToLower(p.Name)] = p
	}
	if devices == nil {
		devices = integrated
	}
	if names == nil {
		return devices, hostMemory, nil
	}
	devices = nil
	for _, name := range names {
		d, ok := byName[strings.ToLower(name)]
		switch {
		case ok:
			devices = append(devices, d)
		case name != llama.NoDevice || len(names) > 1:
			return nil, 0, fmt.Errorf("there is no device %q that layers can go to; llm devices lists them", name)
		}
	}
	return devices, hostMemory, nil
}
