package main

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/bench/speed"
)

// grid reads the lists.
func (f *benchFlags) grid(models []string) (*speed.Grid, error) {
	g := &speed.Grid{Models: models}
	var noKV []string
	err := errors.Join(
		ranges("n-prompt", f.prompts, 0, math.MaxInt32, &g.Prompts),
		ranges("n-gen", f.generations, 0, math.MaxInt32, &g.Generations),
		ranges("n-depth", f.depths, 0, math.MaxInt32, &g.Depths),
		ranges("batch-size", f.batches, 1, math.MaxInt32, &g.Batches),
		ranges("ubatch-size", f.ubatches, 1, math.MaxInt32, &g.Ubatches),
		ranges("threads", f.threads, 0, 512, &g.Threads),
		ranges("n-gpu-layers", f.layerNumbers(), -1, math.MaxInt32, &g.GPULayers),
		ranges("n-cpu-moe", f.experts, 0, math.MaxInt32, &g.CPUMoE),
		words("cache-type-k", f.keyTypes, nil, llm.KVCacheTypes, &g.KeyTypes),
		words("cache-type-v", f.valueTypes, nil, llm.KVCacheTypes, &g.ValueTypes),
		words("split-mode", f.modes, nil, llm.SplitModes, &g.SplitModes),
		words("flash-attn", f.flashAttention, map[string]string{"1": "on", "0": "off", "-1": "auto"}, switchValues, &g.FlashAttention),
		words("no-kv-offload", f.noKV, map[string]string{"true": "1", "false": "0"}, []string{"0", "1"}, &noKV),
	)
	if err != nil {
		return nil, err
	}
	for _, value := range noKV {
		g.NoKVOffload = append(g.NoKVOffload, value == "1")
	}
	for i, n := range g.Threads {
		if n == 0 {
			g.Threads[i] = llm.DefaultThreads()
		}
	}
	for _, text := range f.pairs {
		pair, err := speed.ParsePair(text)
		if err != nil {
			return nil, usagef("--pg: %w", err)
		}
		g.PromptsAndTexts = append(g.PromptsAndTexts, pair)
	}
	return g, nil
}

// layerNumbers has numbers for words.
func (f *benchFlags) layerNumbers() (texts []string) {
	for _, text := range f.layers {
		parts := strings.Split(text, ",")
		for i, part := range parts {
			if part == "all" || part == "auto" {
				parts[i] = "-1"
			}
		}
		texts = append(texts, strings.Join(parts, ","))
	}
	return texts
}

// ranges appends the numbers of all texts.
func ranges(flag string, texts []string, low, high int, to *[]int) error {
	for _, text := range texts {
		values, err := speed.ParseRange(text, low)
		if err != nil {
			return usagef("--%s: %w", flag, err)
		}
		if most := slices.Max(values); most > high {
			return usagef("--%s %s: %d is above %d", flag, text, most, high)
		}
		*to = append(*to, values...)
	}
	return nil
}

// words appends the words of all texts, which are of known. Others are other names of them.
func words(flag string, texts []string, others map[string]string, known []string, to *[]string) error {
	for _, text := range texts {
		for word := range strings.SplitSeq(text, ",") {
			if other, ok := others[word]; ok {
				word = other
			}
			if err := oneOf(flag, word, known...); err != nil {
				return err
			}
			*to = append(*to, word)
		}
	}
	return nil
}

func (f *benchFlags) options() (o speed.Options, err error) {
	if f.json {
		if f.c.Flags().Changed("output") && f.output != "json" {
			return o, usagef("--json is -o json, and excludes -o %s", f.output)
		}
		f.output = "json"
	}
	err = errors.Join(
		inRange("repetitions", f.repetitions, 1, 10000),
		inRange("delay", f.delay, 0, 3600),
		inRange("main-gpu", f.mainGPU, 0, math.MaxInt32),
		oneOf("output", f.output, speed.Formats...),
	)
	if err != nil {
		return o, err
	}
	o = speed.Options{Rounds: int(f.repetitions), Seed: f.seed, Delay: time.Duration(f.delay) * time.Second}
	if o.Confidence, err = percentage("confidence", f.confidence, 50, 99.99); err != nil {
		return o, err
	}
	if f.precision != "" {
		if o.Precision, err = percentage("precision", f.precision, 0.01, 50); err != nil {
			return o, err
		}
		if !f.c.Flags().Changed("repetitions") {
			o.Rounds = preciseRounds
		}
	}
	return o, nil
}

// percentage reads 2% or 2 as 0.02.
func percentage(flag, text string, low, high float64) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(text, "%")), 64)
	if err != nil || !(v >= low && v <= high) {
		return 0, usagef("--%s %s: it must be from %g%% to %g%%", flag, text, low, high)
	}
	return v / 100, nil
}

// placement reads where the model goes, in all tests.
func (f *benchFlags) placement() (p speed.Placement, err error) {
	p = speed.Placement{MainGPU: int(f.mainGPU), NoOpOffload: f.noOps, NoHost: f.noHost, NoRepack: f.noRepack}
	if f.c.Flags().Changed("device") {
		p.Devices = strings.Split(f.device, ",")
	}
	if f.c.Flags().Changed("tensor-split") {
		if p.TensorSplit, err = tensorSplit(f.tensorSplit); err != nil {
			return p, err
		}
	}
	for _, v := range f.overrides {
		more, err := overrideTensors(v)
		if err != nil {
			return p, err
		}
		p.Overrides = append(p.Overrides, more...)
	}
	return p, nil
}
