package main

import (
	"errors"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-f87006eb/llm"
)

// runFlags are the flags of llm run as they were typed.
type runFlags struct {
	set *pflag.FlagSet

	model, prompt, file, system string
	raw, json, verbose          bool

	context, batch, ubatch, threads, threadsBatch int64
	gpuLayers, flashAttention, keyType, valueType string
	noMmap, mlock, fullSWA                        bool
	templateFile                                  string

	predict, seed, keep                                   int64
	temperature, topP, minP, typical, repeat, pres, freqs float64
	topK, repeatLast                                      int
	stops                                                 []string
	ignoreEOG, noThink                                    bool
	overflow                                              string
}

func (f *runFlags) register(c *cobra.Command) {
	s := c.Flags()
	f.set = s
	s.SetNormalizeFunc(canonical)
	s.SortFlags = false

	s.StringVarP(&f.model, "model", "m", "", "model file (instead of the first argument)")
	s.StringVarP(&f.prompt, "prompt", "p", "", "the prompt")
	s.StringVarP(&f.file, "file", "f", "", "read the prompt from a file")
	s.StringVar(&f.system, "system-prompt", "", "system message (-sys)")
	s.BoolVar(&f.raw, "no-chat", false, "complete the prompt as it is, without the model's chat template")
	s.StringVar(&f.templateFile, "chat-template-file", "", "use the jinja chat template in this file")
	s.BoolVar(&f.noThink, "no-think", false, "ask a reasoning model not to reason")
	s.BoolVar(&f.json, "json", false, "print one JSON object an event")
	s.BoolVarP(&f.verbose, "verbose", "v", false, "print times, speed and memory at the end")

	s.Int64VarP(&f.predict, "predict", "n", -1, "tokens to generate; -1: until the model ends or the context is full")
	s.StringArrayVarP(&f.stops, "stop", "r", nil, "end the reply before this text (can be given again)")
	s.BoolVar(&f.ignoreEOG, "ignore-eos", false, "go on after the model ended its reply")
	s.Int64VarP(&f.seed, "seed", "s", -1, "seed of the sampler; -1: another one each time")
	d := llm.DefaultSampling()
	s.Float64Var(&f.temperature, "temp", d.Temperature, "temperature; 0: always the likeliest token")
	s.IntVar(&f.topK, "top-k", d.TopK, "keep the k likeliest tokens; 0: all")
	s.Float64Var(&f.topP, "top-p", d.TopP, "keep the likeliest tokens with this probability together; 1: all")
	s.Float64Var(&f.minP, "min-p", d.MinP, "keep tokens at least this many times as likely as the likeliest; 0: all")
	s.Float64Var(&f.typical, "typical", d.TypicalP, "locally typical sampling; 1: off")
	s.Float64Var(&f.repeat, "repeat-penalty", d.RepeatPenalty, "weaken repeated tokens by this factor; 1: off")
	s.IntVar(&f.repeatLast, "repeat-last-n", d.RepeatLast, "tokens the penalties look back; -1: the context")
	s.Float64Var(&f.pres, "presence-penalty", 0, "weaken tokens that occurred; 0: off")
	s.Float64Var(&f.freqs, "frequency-penalty", 0, "weaken tokens by how often they occurred; 0: off")

	s.Int64VarP(&f.context, "ctx-size", "c", 0, "context in tokens; 0: as trained (default: as trained, at most 4096)")
	s.StringVar(&f.overflow, "context-policy", "error", "when the context is too small: error, shift or truncate-middle")
	s.Int64Var(&f.keep, "keep", -1, "tokens at the start that survive; -1: BOS and the system message")
	s.Int64VarP(&f.batch, "batch-size", "b", 2048, "tokens of a prompt submitted together")
	s.Int64Var(&f.ubatch, "ubatch-size", 512, "tokens computed together (-ub)")
	s.Int64VarP(&f.threads, "threads", "t", 0, "threads; 0: the physical cores")
	s.Int64Var(&f.threadsBatch, "threads-batch", 0, "threads for prompts; 0: as --threads (-tb)")
	s.StringVar(&f.gpuLayers, "n-gpu-layers", "auto", "layers on the GPU: a number, auto or all (-ngl)")
	s.StringVar(&f.flashAttention, "flash-attn", "auto", "flash attention: on, off or auto (-fa)")
	s.StringVar(&f.keyType, "cache-type-k", "f16", "KV cache type of keys (-ctk): f32 f16 bf16 q8_0 q4_0 q4_1 iq4_nl q5_0 q5_1")
	s.StringVar(&f.valueType, "cache-type-v", "f16", "KV cache type of values (-ctv)")
	s.BoolVar(&f.noMmap, "no-mmap", false, "read the weights instead of mapping the file")
	s.BoolVar(&f.fullSWA, "swa-full", false, "keep the whole context of sliding-window layers")
	s.BoolVar(&f.mlock, "mlock", false, "keep the weights from being paged out")
}

// openOptions reads the flags that say how a model is loaded.
func (f *runFlags) openOptions() ([]llm.Option, error) {
	err := errors.Join(
		inRange("ctx-size", f.context, 0, math.MaxInt32),
		inRange("batch-size", f.batch, 1, math.MaxInt32),
		inRange("ubatch-size", f.ubatch, 1, math.MaxInt32),
		inRange("threads", f.threads, 0, 512),
		inRange("threads-batch", f.threadsBatch, 0, 512),
		oneOf("flash-attn", f.flashAttention, "auto", "on", "off"),
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
	return f.loadOptions(options)
}

// loadOptions adds what needs a closer look.
func (f *runFlags) loadOptions(options []llm.Option) ([]llm.Option, error) {
	switch f.gpuLayers {
	case "auto":
	case "all":
		options = append(options, llm.GPULayers(-1))
	default:
		n, err := strconv.ParseInt(f.gpuLayers, 10, 32)
		if err != nil {
			return nil, usagef("--n-gpu-layers %s: it must be a number, auto or all", f.gpuLayers)
		}
		options = append(options, llm.GPULayers(int(n)))
	}
	if f.templateFile != "" {
		source, err := os.ReadFile(f.templateFile)
		if err != nil {
			return nil, usagef("--chat-template-file: %w", err)
		}
		options = append(options, llm.ChatTemplate(string(source)))
	}
	return options, nil
}

// requestOptions reads the flags that say how a reply is made.
func (f *runFlags) requestOptions() ([]llm.RequestOption, error) {
	err := errors.Join(
		inRange("seed", f.seed, -1, math.MaxUint32),
		inRange("predict", f.predict, -1, math.MaxInt32),
		inRange("keep", f.keep, -1, math.MaxInt32),
		oneOf("context-policy", f.overflow, string(llm.OverflowError), string(llm.OverflowShift), string(llm.OverflowTruncateMiddle)),
	)
	switch {
	case err != nil:
		return nil, err
	case f.predict == 0:
		return nil, usagef("--predict 0 generates nothing; use -1 for no limit")
	case slices.Contains(f.stops, ""):
		return nil, usagef("--stop: it is empty")
	}
	options := []llm.RequestOption{
		llm.MaxTokens(int(max(f.predict, 0))),
		llm.StopAt(f.stops...),
		llm.OnOverflow(llm.Overflow(f.overflow), int(f.keep)),
		llm.Sample(f.sampling),
	}
	if f.ignoreEOG {
		options = append(options, llm.IgnoreEOG())
	}
	if f.noThink {
		options = append(options, llm.NoThinking())
	}
	probe := llm.Request{Sampling: llm.DefaultSampling()}
	for _, option := range options {
		option(&probe)
	}
	if err := probe.Validate(); err != nil {
		return nil, usageError{err}
	}
	return options, nil
}

func (f *runFlags) sampling(s *llm.Sampling) {
	if f.seed >= 0 {
		s.Seed = uint32(f.seed)
	}
	s.Temperature, s.TopK, s.TopP, s.MinP, s.TypicalP = f.temperature, f.topK, f.topP, f.minP, f.typical
	s.RepeatLast, s.RepeatPenalty, s.PresencePenalty, s.FrequencyPenalty = f.repeatLast, f.repeat, f.pres, f.freqs
}

// inRange checks the value of a flag.
func inRange(flag string, v, low, high int64) error {
	if v < low || v > high {
		return usagef("--%s %d: it must be from %d to %d", flag, v, low, high)
	}
	return nil
}

func oneOf(flag, v string, values ...string) error {
	if !slices.Contains(values, v) {
		return usagef("--%s %s: it must be one of %v", flag, v, values)
	}
	return nil
}
