package llm

import (
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
)

// Placement options say what of a model goes to which device. What became of them is in
// Info: Shares, Memory, and, where it is otherwise than they say, Notices.

// GPULayers is how many layers go to GPU devices, the output being one of them: the last
// ones; negative: all. Default: all.
func GPULayers(n int) Option { return func(o *openOptions) { o.engine.Placement.GPULayers = &n } }

// UseDevices are the devices that layers go to, by the names that Devices gives them;
// "none" alone stands for the CPU. Default: all GPUs; integrated ones where there are no
// others.
func UseDevices(names ...string) Option {
	return func(o *openOptions) { o.engine.Placement.Devices = names }
}

// SplitModes are the names that SplitMode knows.
var SplitModes = llama.SplitModes

// SplitMode is how a model is divided among several devices: layer (the default: each has
// some layers), none (one of them has all: MainGPU), row or tensor (each has a part of
// every weight; few backends can).
func SplitMode(mode string) Option {
	return func(o *openOptions) { o.engine.Placement.SplitMode = mode }
}

// MainGPU is the number of the device, of those in use, that works alone with SplitMode
// none. Default: 0.
func MainGPU(i int) Option { return func(o *openOptions) { o.engine.Placement.MainGPU = i } }

// TensorSplit are the shares of the devices, in any unit: 3, 1 gives the first three
// quarters of the layers. Default: by their free memory.
func TensorSplit(shares ...float32) Option {
	return func(o *openOptions) { o.engine.Placement.TensorSplit = shares }
}

// OverrideTensor puts the tensors whose name a regular expression (ECMAScript) finds
// something in into a buffer: "CPU", or one of a device, which has its name. Of a tensor
// the first option that matches counts.
func OverrideTensor(pattern, buffer string) Option {
	return override(llama.Override{Pattern: pattern, Buffer: buffer})
}

// CPUMoE keeps the weights of experts in host memory, those of the first layers; negative:
// of all. It is an OverrideTensor.
func CPUMoE(layers int) Option {
	if layers == 0 {
		return func(*openOptions) {}
	}
	return override(engine.ExpertsOnCPU(layers))
}

func override(v llama.Override) Option {
	return func(o *openOptions) { o.engine.Placement.Overrides = append(o.engine.Placement.Overrides, v) }
}

// NoKVOffload keeps the KV cache in host memory, and attention on the CPU.
func NoKVOffload() Option { return func(o *openOptions) { o.engine.Placement.NoKVOffload = true } }

// NoOpOffload has devices compute with their own weights only. By default they help with
// long prompts where weights are in host memory.
func NoOpOffload() Option { return func(o *openOptions) { o.engine.Placement.NoOpOffload = true } }

// NoHost leaves out the devices' own kind of host memory, so that weights there can be
// rearranged for the CPU.
func NoHost() Option { return func(o *openOptions) { o.engine.Placement.NoHost = true } }

// NoRepack leaves weights in host memory as they are in the file, instead of rearranging
// some for the CPU.
func NoRepack() Option { return func(o *openOptions) { o.engine.Placement.NoRepack = true } }
