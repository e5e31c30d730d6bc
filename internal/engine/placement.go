package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// Placement says where the weights, the KV cache and the computation go. The zero value
// leaves that to the engine.
type Placement struct {
	GPULayers   *int             // nil or negative: all that there are
	Devices     []string         // nil: the engine's choice; llama.NoDevice alone: the CPU
	SplitMode   string           // one of llama.SplitModes; empty: layer
	MainGPU     int              // with split mode none: the one of the devices that is used
	TensorSplit []float32        // shares of the devices; nil: by their free memory
	Overrides   []llama.Override // of a tensor the first that matches counts
	NoHost      bool             // leave out the devices' own kind of host memory
	NoRepack    bool             // leave weights as they are in the file
	NoKVOffload bool             // the KV cache stays in host memory, and attention on the CPU
	NoOpOffload bool             // devices compute with their own weights only
}

// ExpertsOnCPU keeps the weights of experts in host memory: those of the first layers,
// negative: of all.
func ExpertsOnCPU(layers int) llama.Override { return llama.Override(plan.ExpertsOnHost(layers)) }

// Check refuses what could not be sent to a child, or read back from it. The rest is
// checked by those who know the devices.
func (p *Placement) Check() error {
	for i, share := range p.TensorSplit {
		if f := float64(share); math.IsNaN(f) || math.IsInf(f, 0) || f < 0 {
			return fmt.Errorf("tensor split: share %v of device %d is not a proportion (%w)", share, i, llama.ErrInvalid)
		}
	}
	texts := slices.Clone(p.Devices)
	for _, o := range p.Overrides {
		texts = append(texts, o.Pattern, o.Buffer)
	}
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return fmt.Errorf("%q is not UTF-8 (%w)", text, llama.ErrInvalid)
		}
	}
	return nil
}

// params are the choices as package llama has them.
func (p *Placement) params(to *llama.PlacementParams) (err error) {
	if p.SplitMode != "" {
		to.SplitMode, err = llama.ParseSplitMode(p.SplitMode)
	}
	to.Devices, to.MainGPU, to.TensorSplit, to.Overrides = p.Devices, p.MainGPU, p.TensorSplit, p.Overrides
	to.NoHost, to.Repack = p.NoHost, !p.NoRepack
	return err
}

// notices are what became of the choices otherwise than they say.
func (p *Placement) notices(m *llama.Model) (notices []string) {
	say := func(format string, args ...any) { notices = append(notices, fmt.Sprintf(format, args...)) }
	used, shares, tensors := m.Devices(), m.Shares(), m.Tensors()
	if without := p.ofDevices(); len(used) == 0 && without != "" {
		reason := "no GPU device"
		if slices.Equal(p.Devices, []string{llama.NoDevice}) {
			reason = "no GPU device is to be used"
		}
		say("%s: the model runs on the CPU; without effect: %s", reason, without)
	}
	for _, device := range p.Devices {
		has := slices.ContainsFunc(shares, func(s llama.DeviceShare) bool { return strings.EqualFold(s.Device, device) && s.Tensors > 0 })
		if !has && device != llama.NoDevice && p.SplitMode != "tensor" {
			say("device %s was asked for, and nothing of the model is on it", device)
		}
	}
	if n := len(p.TensorSplit); n > len(used) && len(used) > 0 && p.SplitMode != "tensor" {
		say("the tensor split has %d shares, and the model uses %d devices (%s)", n, len(used), strings.Join(used, ", "))
	}
	for i, o := range p.Overrides {
		if !slices.ContainsFunc(tensors, func(t llama.Tensor) bool { return t.By == i }) {
			say("%s no tensor of this model", puts(o))
		}
	}
	return append(notices, strays(m.LayerDevices(), used, tensors)...)
}

// ofDevices names the choices that only a device can follow.
func (p *Placement) ofDevices() string {
	var names []string
	for name, given := range map[string]bool{
		"the number of its layers (" + number(p.GPULayers) + ")": p.GPULayers != nil && *p.GPULayers != 0,
		"the split mode":   p.SplitMode != "",
		"the tensor split": len(p.TensorSplit) > 0,
		"the main GPU":     p.MainGPU != 0,
	} {
		if given {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func number(n *int) string {
	if n == nil || *n < 0 {
		return "all"
	}
	return fmt.Sprint(*n)
}

func puts(o llama.Override) string {
	if strings.HasSuffix(o.Pattern, plan.ExpertWeights) {
		return "keeping the weights of experts in host memory concerns"
	}
	return `the override of tensors "` + o.Pattern + `" concerns`
}

// strays reports weights that are not on the device of their layer, though no override
// moved them: the device cannot compute with their type.
func strays(layers, used []string, tensors []llama.Tensor) (notices []string) {
	for _, device := range used {
		var n, bytes uint64
		first := llama.Tensor{}
		for _, t := range tensors {
			i := layerOf(t.Name, len(layers)-1)
			if i < 0 || layers[i] != device || t.Device == device || t.By >= 0 {
				continue
			}
			if n++; n == 1 {
				first = t
			}
			bytes += t.Size
		}
		if n > 0 {
			notices = append(notices, fmt.Sprintf("%d tensors (%.1f MiB) of layers on %s are in %s memory, because the device cannot compute with them (the first is %s)",
				n, float64(bytes)/(1<<20), device, first.Device, first.Name))
		}
	}
	return notices
}

// layerOf is the layer that a tensor belongs to, by its name; output for those of the
// output, and -1 for those of the input.
func layerOf(name string, output int) int {
	var i int
	if n, _ := fmt.Sscanf(name, "blk.%d.", &i); n == 1 && i < output {
		return i
	}
	if strings.HasPrefix(name, "output") {
		return output
	}
	return -1
}
