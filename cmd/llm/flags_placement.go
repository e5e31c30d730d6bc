package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-f87006eb/llm"
)

// placementFlags are the flags that say what of a model goes to which device, as they
// were typed.
type placementFlags struct {
	gpuLayers, device, splitMode, tensorSplit string
	mainGPU, nCPUMoE                          int64
	cpuMoE, noKV, noOps, noHost, noRepack     bool
	overrides                                 []string
}

func (f *placementFlags) register(s *pflag.FlagSet) {
	s.StringVar(&f.gpuLayers, "n-gpu-layers", "auto", "layers on the GPU: a number, auto or all (-ngl)")
	s.StringVar(&f.device, "device", "", "devices for layers, divided by commas; none: the CPU alone (-dev; default: all GPUs)")
	s.StringVar(&f.splitMode, "split-mode", "layer", "how devices share a model: none, layer, row or tensor (-sm)")
	s.StringVar(&f.tensorSplit, "tensor-split", "", "shares of the devices, such as 3,1 (-ts; default: by their free memory)")
	s.Int64Var(&f.mainGPU, "main-gpu", 0, "which device works alone with --split-mode none (-mg)")
	s.BoolVar(&f.cpuMoE, "cpu-moe", false, "keep the weights of experts in host memory (-cmoe)")
	s.Int64Var(&f.nCPUMoE, "n-cpu-moe", 0, "keep the weights of experts of the first N layers there (-ncmoe)")
	s.StringArrayVar(&f.overrides, "override-tensor", nil, "put tensors into a buffer: REGEX=BUFFER, divided by commas (-ot; can be given again)")
	s.BoolVar(&f.noKV, "no-kv-offload", false, "keep the KV cache in host memory (-nkvo)")
	s.BoolVar(&f.noOps, "no-op-offload", false, "let devices compute with their own weights only")
	s.BoolVar(&f.noHost, "no-host", false, "leave out the devices' own kind of host memory")
	s.BoolVar(&f.noRepack, "no-repack", false, "do not rearrange weights for the CPU (-nr)")
}

// options reads the flags. given tells whether one was.
func (f *placementFlags) options(given func(flag string) bool) ([]llm.Option, error) {
	err := errors.Join(
		oneOf("split-mode", f.splitMode, llm.SplitModes...),
		inRange("main-gpu", f.mainGPU, 0, math.MaxInt32),
		inRange("n-cpu-moe", f.nCPUMoE, 0, math.MaxInt32),
	)
	if err != nil {
		return nil, err
	}
	options, err := f.layers()
	if err != nil {
		return nil, err
	}
	if given("device") {
		options = append(options, llm.UseDevices(strings.Split(f.device, ",")...))
	}
	if given("split-mode") {
		options = append(options, llm.SplitMode(f.splitMode))
	}
	options = append(options, llm.MainGPU(int(f.mainGPU)))
	if given("tensor-split") {
		shares, err := tensorSplit(f.tensorSplit)
		if err != nil {
			return nil, err
		}
		options = append(options, llm.TensorSplit(shares...))
	}
	for _, v := range f.overrides {
		more, err := overrideTensors(v)
		if err != nil {
			return nil, err
		}
		for _, o := range more {
			options = append(options, llm.OverrideTensor(o[0], o[1]))
		}
	}
	// Behind the overrides, which name tensors more closely: the first that matches counts.
	if f.cpuMoE {
		options = append(options, llm.CPUMoE(-1))
	} else {
		options = append(options, llm.CPUMoE(int(f.nCPUMoE)))
	}
	for option, on := range map[*bool]llm.Option{&f.noKV: llm.NoKVOffload(), &f.noOps: llm.NoOpOffload(), &f.noHost: llm.NoHost(), &f.noRepack: llm.NoRepack()} {
		if *option {
			options = append(options, on)
		}
	}
	return options, nil
}

func (f *placementFlags) layers() ([]llm.Option, error) {
	switch f.gpuLayers {
	case "auto":
		return nil, nil
	case "all":
		return []llm.Option{llm.GPULayers(-1)}, nil
	}
	n, err := strconv.ParseInt(f.gpuLayers, 10, 32)
	if err != nil {
		return nil, usagef("--n-gpu-layers %s: it must be a number, auto or all", f.gpuLayers)
	}
	return []llm.Option{llm.GPULayers(int(n))}, nil
}

// tensorSplit reads numbers with commas or slashes between them.
func tensorSplit(v string) (shares []float32, err error) {
	for _, word := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == '/' }) {
		share, err := strconv.ParseFloat(strings.TrimSpace(word), 32)
		if err != nil || !(share >= 0) || math.IsInf(share, 0) {
			return nil, usagef("--tensor-split %s: %q is not a proportion; it must be numbers such as 3,1", v, word)
		}
		shares = append(shares, float32(share))
	}
	if len(shares) == 0 {
		return nil, usagef("--tensor-split %q: it must be numbers such as 3,1", v)
	}
	return shares, nil
}

// overrideTensors reads REGEX=BUFFER,REGEX=BUFFER. A pattern may have commas and equal
// signs: what stands between two commas without an equal sign belongs to the pattern
// after it, and the last equal sign divides. They come back as pairs.
func overrideTensors(v string) (overrides [][2]string, err error) {
	pattern := ""
	for part := range strings.SplitSeq(v, ",") {
		part = pattern + part
		i := strings.LastIndexByte(part, '=')
		if i < 0 {
			pattern = part + ","
			continue
		}
		if i == 0 || i == len(part)-1 {
			return nil, usagef("--override-tensor %s: it must be REGEX=BUFFER", v)
		}
		overrides, pattern = append(overrides, [2]string{part[:i], part[i+1:]}), ""
	}
	if pattern != "" {
		return nil, usagef("--override-tensor %s: it must be REGEX=BUFFER", v)
	}
	return overrides, nil
}

// completeDevices completes the last of a list of devices.
func completeDevices(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	devices, err := llm.Devices()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var names []string
	if before == "" {
		names = append(names, "none")
	}
	for _, d := range devices {
		if d.Type.String() != "CPU" {
			names = append(names, before+d.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// explainOpen adds the flags that help where a device lacks memory.
func explainOpen(err error) error {
	var lack *llm.ErrOutOfMemory
	if errors.As(err, &lack) && lack.Device != "" {
		return fmt.Errorf("%w: see -ngl, -ot, -c, -ctk and -ctv", err)
	}
	return err
}
