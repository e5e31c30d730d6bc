package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/plan"
)

// planFlags are the flags of llm plan, as they were typed.
type planFlags struct {
	load                                          loadFlags
	gpu, kvType, ram, ramSpeed, headroom, outputs string
	mmproj, draft                                 string
	parallel                                      int64
	unified, levels, json                         bool
	minSpeed                                      float64
}

var outputKinds = []string{"default", "server"}

// assumedHostBandwidth is of two channels of DDR4-3200: 2 × 8 bytes × 3200 million a second.
const assumedHostBandwidth = 51200e6

func (f *planFlags) register(c *cobra.Command) {
	f.load.register(c)
	s := c.Flags()
	s.StringVar(&f.gpu, "gpu", "", "devices to plan for: rtx4090, 24GiB, 2x12GiB, 24GiB+12GiB, vulkan:16GiB, metal:64GiB, none (default: those of this machine)")
	s.StringVar(&f.kvType, "kv-type", "", "types of the KV cache, the most wanted first, divided by commas (default: f16)")
	s.Int64Var(&f.parallel, "parallel", 1, "sequences that are generated at once (-np)")
	s.BoolVar(&f.unified, "kv-unified", false, "one KV cache for all sequences (-kvu)")
	s.StringVar(&f.outputs, "outputs", "default", "rows of logits that are reserved: default, one for each token of a ubatch; server, one for each sequence")
	s.StringVar(&f.headroom, "headroom", "1GiB", "memory that stays free on each device; 0: none")
	s.StringVar(&f.ram, "ram", "", "host memory that may be used, such as 32GiB (default: what is free here; with --gpu, any)")
	s.StringVar(&f.ramSpeed, "ram-speed", "", "bandwidth of host memory, such as 80GB/s (default: 51.2GB/s, two channels of DDR4-3200)")
	s.Float64Var(&f.minSpeed, "min-speed", 0, "tokens a second that the estimate must reach with a full context")
	s.BoolVar(&f.levels, "levels", false, "list every quantization of the model: its size, and what of it fits")
	s.BoolVar(&f.json, "json", false, "print JSON")
	s.StringVar(&f.mmproj, "mmproj", "", "projector that is loaded too (a file or a URL)")
	s.StringVar(&f.draft, "model-draft", "", "draft model that is loaded too (a file or a URL; -md)")
	f.load.registerEngine(c)
	s.Lookup("ctx-size").Usage = "context in tokens over all sequences; 0: as trained (-c, --ctx; default: as much as fits)"
}

// adapters are the files of all of them.
func (f *planFlags) adapters() (paths []string) {
	paths = append(paths, f.load.lora...)
	paths = append(paths, f.load.control...)
	for _, scaled := range append(append([]string(nil), f.load.loraScaled...), f.load.controlScaled...) {
		paths = append(paths, scaled[:strings.LastIndexByte(scaled, ':')])
	}
	return paths
}

// wishes reads the flags.
func (f *planFlags) wishes() (w plan.Wishes, err error) {
	if err := errors.Join(inRange("parallel", f.parallel, 1, 256), oneOf("outputs", f.outputs, outputKinds...)); err != nil {
		return w, err
	}
	options, err := f.load.options()
	if err != nil {
		return w, err
	}
	var names []string
	if w.Request, names, err = llm.PlanRequest(options...); err != nil {
		return w, usageError{err}
	}
	given := f.load.set.Changed
	w.Context, w.Request.Context = w.Request.Context, 0
	w.Request.Sequences, w.Request.Unified = int(f.parallel), f.unified
	w.Request.Outputs = plan.OutputsDefault
	if f.outputs == "server" {
		w.Request.Outputs = plan.OutputsServer
	}
	w.FixedLayers = f.load.placement.gpuLayers != "auto"
	w.FixedExperts = f.load.placement.cpuMoE || given("n-cpu-moe") || given("override-tensor")
	if w.MinSpeed = f.minSpeed; w.MinSpeed < 0 || math.IsNaN(w.MinSpeed) || math.IsInf(w.MinSpeed, 0) {
		return w, usagef("--min-speed %g: it must be 0 or more", f.minSpeed)
	}
	if err := f.kvTypes(&w); err != nil {
		return w, err
	}
	if err := f.devices(&w, names); err != nil {
		return w, err
	}
	return w, f.memory(&w)
}

func (f *planFlags) kvTypes(w *plan.Wishes) error {
	if f.kvType == "" {
		return nil
	}
	if f.load.set.Changed("cache-type-k") || f.load.set.Changed("cache-type-v") {
		return usagef("--kv-type is both of --cache-type-k and --cache-type-v; give it or them")
	}
	for name := range strings.SplitSeq(f.kvType, ",") {
		t, err := llm.ParseKVType(strings.TrimSpace(name))
		if err != nil || name == "" {
			return usagef("--kv-type %s: %q is none of %s", f.kvType, name, strings.Join(llm.KVCacheTypes, ", "))
		}
		w.KVTypes = append(w.KVTypes, t)
	}
	return nil
}

func (f *planFlags) devices(w *plan.Wishes, names []string) (err error) {
	switch {
	case f.gpu != "" && names != nil:
		return usagef("--gpu describes devices and --device names those of this machine; give one of them")
	case strings.EqualFold(f.gpu, "none") || strings.EqualFold(f.gpu, "cpu"):
		return nil
	case f.load.set.Changed("gpu"):
		if w.Devices, err = plan.ParseDevices(f.gpu); err != nil {
			return usagef("--gpu: %w", err)
		}
		return nil
	}
	w.Devices, w.HostMemory, err = llm.PlanDevices(names)
	return err
}

func (f *planFlags) memory(w *plan.Wishes) (err error) {
	for _, flag := range []struct {
		name, value string
		to          *uint64
		read        func(string) (uint64, error)
	}{
		{"headroom", f.headroom, &w.Headroom, plan.ParseSize},
		{"ram", f.ram, &w.HostMemory, plan.ParseSize},
		{"ram-speed", f.ramSpeed, &w.HostBandwidth, plan.ParseBandwidth},
	} {
		switch {
		case flag.value == "" && !f.load.set.Changed(flag.name):
		case flag.value == "0" && flag.name == "headroom":
			w.Headroom = 0
		default:
			if *flag.to, err = flag.read(flag.value); err != nil {
				return usagef("--%s: %w", flag.name, err)
			}
		}
	}
	if w.HostBandwidth == 0 {
		w.HostBandwidth = assumedHostBandwidth
	}
	return nil
}

// completeCards completes the last of a list of cards.
func completeCards(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, '+')+1]
	if i := strings.IndexByte(typed[len(before):], 'x'); i > 0 && strings.Trim(typed[len(before):len(before)+i], "0123456789") == "" {
		before = typed[:len(before)+i+1]
	}
	var names []string
	for _, c := range plan.Cards() {
		names = append(names, before+c.Short)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (p *planning) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}
