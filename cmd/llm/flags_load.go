package main

import (
	"errors"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-f87006eb/llm"
)

// loadFlags are the flags that say how a model is loaded, as they were typed. Every
// command that loads one has them.
type loadFlags struct {
	set       *pflag.FlagSet
	placement placementFlags

	model                                         string
	context, batch, ubatch, threads, threadsBatch int64
	flashAttention, keyType, valueType            string
	noMmap, mlock, fullSWA                        bool
	lora, loraScaled, control, controlScaled      []string
}

var switchValues = []string{"auto", "on", "off"}

func (f *loadFlags) register(c *cobra.Command) {
	s := c.Flags()
	f.set = s
	s.SetNormalizeFunc(canonical)
	s.SortFlags = false
	s.StringVarP(&f.model, "model", "m", "", "model file (instead of the first argument)")
}

// registerEngine registers the rest, which helps to be read last.
func (f *loadFlags) registerEngine(c *cobra.Command) {
	s := c.Flags()
	s.Int64VarP(&f.context, "ctx-size", "c", 0, "context in tokens; 0: as trained (default: as trained, at most 4096)")
	s.Int64VarP(&f.batch, "batch-size", "b", 2048, "tokens of a prompt submitted together")
	s.Int64Var(&f.ubatch, "ubatch-size", 512, "tokens computed together (-ub)")
	s.Int64VarP(&f.threads, "threads", "t", 0, "threads; 0: the physical cores")
	s.Int64Var(&f.threadsBatch, "threads-batch", 0, "threads for prompts; 0: as --threads (-tb)")
	s.StringVar(&f.flashAttention, "flash-attn", "auto", "flash attention: on, off or auto (-fa)")
	s.StringVar(&f.keyType, "cache-type-k", "f16", "KV cache type of keys (-ctk): "+strings.Join(llm.KVCacheTypes, " "))
	s.StringVar(&f.valueType, "cache-type-v", "f16", "KV cache type of values (-ctv)")
	s.BoolVar(&f.noMmap, "no-mmap", false, "read the weights instead of mapping the file")
	s.BoolVar(&f.fullSWA, "swa-full", false, "keep the whole context of sliding-window layers")
	s.BoolVar(&f.mlock, "mlock", false, "keep the weights from being paged out")
	f.placement.register(s)
	s.StringArrayVar(&f.lora, "lora", nil, "apply the LoRA adapter in this file (can be given again)")
	s.StringArrayVar(&f.loraScaled, "lora-scaled", nil, "as --lora, scaled: FILE:SCALE")
	s.StringArrayVar(&f.control, "control-vector", nil, "apply the control vector in this file (can be given again)")
	s.StringArrayVar(&f.controlScaled, "control-vector-scaled", nil, "as --control-vector, scaled: FILE:SCALE")
}

// options reads the flags.
func (f *loadFlags) options() ([]llm.Option, error) {
	err := errors.Join(
		inRange("ctx-size", f.context, 0, math.MaxInt32),
		inRange("batch-size", f.batch, 1, math.MaxInt32),
		inRange("ubatch-size", f.ubatch, 1, math.MaxInt32),
		inRange("threads", f.threads, 0, 512),
		inRange("threads-batch", f.threadsBatch, 0, 512),
		oneOf("flash-attn", f.flashAttention, switchValues...),
		oneOf("cache-type-k", f.keyType, llm.KVCacheTypes...),
		oneOf("cache-type-v", f.valueType, llm.KVCacheTypes...),
	)
	if err != nil {
		return nil, err
	}
	options := []llm.Option{
		llm.BatchSize(int(f.batch), int(f.ubatch)),
		llm.Threads(int(f.threads), int(f.threadsBatch)),
		llm.KVCache(f.keyType, f.valueType),
	}
	if f.set.Changed("ctx-size") {
		size := int(f.context)
		if size == 0 {
			size = -1 // as trained
		}
		options = append(options, llm.ContextSize(size))
	}
	if f.flashAttention != "auto" {
		options = append(options, llm.FlashAttention(f.flashAttention == "on"))
	}
	if f.fullSWA {
		options = append(options, llm.FullSWA())
	}
	if f.mlock {
		options = append(options, llm.Mlock())
	} else if f.noMmap {
		options = append(options, llm.NoMmap())
	}
	placement, err := f.placement.options(f.set.Changed)
	if err != nil {
		return nil, err
	}
	return f.adapters(append(options, placement...))
}

func (f *loadFlags) adapters(options []llm.Option) ([]llm.Option, error) {
	lora, err := adapterFiles("lora", f.lora, f.loraScaled)
	if err != nil {
		return nil, err
	}
	control, err := adapterFiles("control-vector", f.control, f.controlScaled)
	if err != nil {
		return nil, err
	}
	if len(lora) > 0 {
		options = append(options, llm.LoRA(lora...))
	}
	if len(control) > 0 {
		options = append(options, llm.ControlVectors(control...))
	}
	return options, nil
}

// adapterPaths are the files of all adapters; they are of a form that options has checked.
func (f *loadFlags) adapterPaths() (paths []string) {
	paths = append(append(paths, f.lora...), f.control...)
	for _, v := range append(append([]string{}, f.loraScaled...), f.controlScaled...) {
		paths = append(paths, v[:max(strings.LastIndexByte(v, ':'), 0)])
	}
	return paths
}

// adapterFiles reads FILE and FILE:SCALE. The last colon divides, so that a name may
// have one.
func adapterFiles(flag string, plain, scaled []string) ([]llm.Adapter, error) {
	var adapters []llm.Adapter
	for _, path := range plain {
		adapters = append(adapters, llm.Adapter{Path: path, Scale: 1})
	}
	for _, v := range scaled {
		colon := strings.LastIndexByte(v, ':')
		if colon <= 0 {
			return nil, usagef("--%s-scaled %s: it must be FILE:SCALE", flag, v)
		}
		scale, err := strconv.ParseFloat(v[colon+1:], 64)
		if err != nil || math.IsNaN(scale) || math.IsInf(scale, 0) {
			return nil, usagef("--%s-scaled %s: the scale %q is not a number; it must be FILE:SCALE", flag, v, v[colon+1:])
		}
		adapters = append(adapters, llm.Adapter{Path: v[:colon], Scale: scale})
	}
	for _, a := range adapters {
		f, err := os.Open(a.Path)
		if err != nil {
			return nil, usagef("--%s: %w", flag, err)
		}
		f.Close()
	}
	return adapters, nil
}
