package plan

import (
	"slices"

	"github.com/seed-f87006eb/llm/gguf"
)

// host is the place of what is on no device.
const host = -1

// placement says where layers and weights go.
type placement struct {
	devices []Device
	rules   []Rules
	hosted  *Rules // of the device whose kind of host memory the CPU uses; nil: its own
	layers  []int  // the output last
	used    []int  // devices that take part
}

// place divides the layers: llama_model_base::load_tensors of src/llama-model.cpp@v0.5.0.
func place(h *gguf.Hyper, devices []Device, r *Request) (*placement, error) {
	p := &placement{devices: devices, layers: make([]int, len(h.Layers)+1), rules: make([]Rules, len(devices))}
	for i, d := range devices {
		p.rules[i] = RulesOf(d)
		p.used = append(p.used, i)
	}
	switch r.SplitMode {
	case "none":
		if len(devices) > 0 {
			if r.MainGPU < 0 || r.MainGPU >= len(devices) {
				return nil, impossible("device %d of %d does not exist", r.MainGPU, len(devices))
			}
			p.used = []int{r.MainGPU}
		}
	case "", "layer":
	default:
		return nil, impossible("split mode %q has no plan: use layer or none", r.SplitMode)
	}
	for _, i := range p.used {
		if p.rules[i].HostBuffer {
			p.hosted = &p.rules[i]
			break
		}
	}
	p.divide(h, r)
	return p, nil
}

func (p *placement) divide(h *gguf.Hyper, r *Request) {
	n := len(h.Layers) + 1 // the output is one
	if h.DecoderLayers > len(h.Layers) {
		n = h.DecoderLayers + 1
		p.layers = make([]int, n)
	}
	wanted := r.GPULayers
	if wanted < 0 {
		wanted = n
	}
	first, count := max(n-wanted, 0), min(wanted, n)
	if len(p.used) == 0 {
		count = 0
	}
	points := p.points(r)
	for i := range p.layers {
		p.layers[i] = host
		if i < first || i-first >= count {
			continue
		}
		at := float32(i-first) / float32(count)
		k := 0
		for k < len(points)-1 && points[k] <= at {
			k++
		}
		p.layers[i] = p.used[k]
	}
}

// points are the shares of the devices, added up, in single precision as the engine has them.
func (p *placement) points(r *Request) []float32 {
	points := make([]float32, len(p.used))
	given := slices.ContainsFunc(r.TensorSplit, func(f float32) bool { return f != 0 })
	sum := float32(0)
	for k, i := range p.used {
		share := float32(p.devices[i].Free)
		if given {
			share = 0
			if k < len(r.TensorSplit) {
				share = r.TensorSplit[k]
			}
		}
		sum += share
		points[k] = sum
	}
	for k := range points {
		points[k] /= sum
	}
	return points
}

// output is the place of the last layer of all.
func (p *placement) output() int { return p.layers[len(p.layers)-1] }

// layer is the place of a layer.
func (p *placement) layer(i int) int {
	if i < 0 || i >= len(p.layers) {
		return host
	}
	return p.layers[i]
}

// size is what a tensor of so many bytes takes there; rows of quantized types are padded.
func (p *placement) size(where int, t gguf.TensorType, row, bytes uint64) uint64 {
	if where == host {
		return align(bytes, hostAlignment)
	}
	r := &p.rules[where]
	return align(bytes+rowPadding(r, t, row), r.Alignment)
}

// rowPadding is what a device adds behind a quantized tensor, so that its last row can be read
// in whole steps.
func rowPadding(r *Rules, t gguf.TensorType, row uint64) uint64 {
	if r.RowPadding == 0 || !t.Quantized() {
		return 0
	}
	over := row % uint64(r.RowPadding)
	if over == 0 {
		return 0
	}
	block, size := t.Block()
	return (uint64(r.RowPadding) - over) / uint64(block) * uint64(size)
}

// whole: all layers and the output are on devices.
func (p *placement) whole() bool { return p.layers[0] != host }
