package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/bench/speed"
)

// benchFlags are the flags of llm bench, as they were typed.
type benchFlags struct {
	c *cobra.Command

	models                                             []string
	prompts, generations, pairs, depths                []string
	batches, ubatches, threads, layers, experts        []string
	keyTypes, valueTypes, flashAttention, noKV, modes  []string
	device, tensorSplit, precision, confidence, output string
	overrides                                          []string
	repetitions, delay, mainGPU                        int64
	seed                                               uint64
	json, noWarmup, noOps, noHost, noRepack            bool
}

// Without --precision, six rounds: the fewest with an interval of 95 %.
const (
	usualRounds   = speed.EnoughRounds
	preciseRounds = 50
)

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench [MODEL]...",
		Short: "Measure how fast models read prompts and generate",
		Long: `Measure how fast models (GGUF files) read prompts and generate on this machine, as llama-bench
does, with its flags: every combination of the values is a test. Lists have commas; ranges are
first-last, first-last+step or first-last*factor; flags can be given again.

All tests are measured in rounds, in a new order each, so that a machine that becomes slower
does so for all of them. The table has medians with intervals that assume nothing of how times
are distributed, the memory that each test takes, tokens per joule where the machine has meters,
and notes on what disturbed the measurement. What does not fit is a row with the reason.
Ctrl-C ends it, and prints what was measured. docs/bench-command.md describes all figures.`,
		Example: `  llm bench model.gguf
  llm bench a.gguf b.gguf -p 512,2048 -n 128 -d 0,4096
  llm bench model.gguf -t 1-8 -p 0 -n 64
  llm bench model.gguf -ctk f16,q8_0 -ctv f16,q8_0 -fa on --precision 1%
  llm bench model.gguf -ngl 0-32+8 -o md
  llm bench model.gguf --json | jq '.rows[] | {test, median_ts, low_ts, high_ts}'`,
		RunE: func(_ *cobra.Command, args []string) error { return a.bench(&f, args) },
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"gguf"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	f.register(c)
	c.AddCommand(a.benchLevelsCommand(), a.benchCompareCommand())
	completeFlags(c)
	delete(c.Flags().Lookup("output").Annotations, cobra.BashCompFilenameExt) // elsewhere it is a file
	c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(speed.Formats, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (f *benchFlags) register(c *cobra.Command) {
	f.c = c
	s := c.Flags()
	s.SetNormalizeFunc(canonical)
	s.SortFlags = false
	s.StringArrayVarP(&f.models, "model", "m", nil, "model file (beside the arguments; can be given again)")
	s.StringArrayVarP(&f.prompts, "n-prompt", "p", []string{"512"}, "tokens of prompts; 0: none")
	s.StringArrayVarP(&f.generations, "n-gen", "n", []string{"128"}, "tokens that are generated; 0: none")
	s.StringArrayVar(&f.pairs, "pg", nil, "PROMPT,GENERATION, measured together (-pg; can be given again)")
	s.StringArrayVarP(&f.depths, "n-depth", "d", []string{"0"}, "tokens that the context holds before, which are not timed")
	s.StringArrayVarP(&f.batches, "batch-size", "b", []string{"2048"}, "tokens of a prompt submitted together")
	s.StringArrayVar(&f.ubatches, "ubatch-size", []string{"512"}, "tokens computed together (-ub)")
	s.StringArrayVar(&f.keyTypes, "cache-type-k", []string{"f16"}, "KV cache types of keys (-ctk): "+strings.Join(llm.KVCacheTypes, " "))
	s.StringArrayVar(&f.valueTypes, "cache-type-v", []string{"f16"}, "KV cache types of values (-ctv)")
	s.StringArrayVarP(&f.threads, "threads", "t", []string{"0"}, "threads; 0: the physical cores")
	s.StringArrayVar(&f.layers, "n-gpu-layers", []string{"all"}, "layers on the GPU: numbers, or all (-ngl)")
	s.StringArrayVar(&f.experts, "n-cpu-moe", []string{"0"}, "layers whose experts stay in host memory (-ncmoe)")
	s.StringArrayVar(&f.modes, "split-mode", []string{"layer"}, "how devices share a model: none, layer, row, tensor (-sm)")
	s.StringArrayVar(&f.flashAttention, "flash-attn", []string{"auto"}, "flash attention: on, off, auto (-fa)")
	s.StringArrayVar(&f.noKV, "no-kv-offload", []string{"0"}, "keep the KV cache in host memory: 0, 1 or both (-nkvo)")
	s.StringVar(&f.device, "device", "", "devices for layers, divided by commas; none: the CPU alone (-dev; default: all GPUs)")
	s.StringVar(&f.tensorSplit, "tensor-split", "", "shares of the devices, such as 3,1 (-ts; default: by their free memory)")
	s.Int64Var(&f.mainGPU, "main-gpu", 0, "which device works alone with --split-mode none (-mg)")
	s.StringArrayVar(&f.overrides, "override-tensor", nil, "put tensors into a buffer: REGEX=BUFFER, divided by commas (-ot; can be given again)")
	s.BoolVar(&f.noOps, "no-op-offload", false, "let devices compute with their own weights only")
	s.BoolVar(&f.noHost, "no-host", false, "leave out the devices' own kind of host memory")
	s.BoolVar(&f.noRepack, "no-repack", false, "do not rearrange weights for the CPU (-nr)")
	s.Int64VarP(&f.repetitions, "repetitions", "r", usualRounds, "rounds; with --precision at most so many (default then: 50)")
	s.StringVar(&f.precision, "precision", "", "measure until half of each interval is within so much of its median, such as 2%")
	s.StringVar(&f.confidence, "confidence", "95%", "of the intervals")
	s.Uint64Var(&f.seed, "seed", 0, "of the order of the tests and of the random tokens")
	s.Int64Var(&f.delay, "delay", 0, "seconds to wait before each measurement")
	s.BoolVar(&f.noWarmup, "no-warmup", false, "measure the first run of each test too")
	s.StringVarP(&f.output, "output", "o", "table", "format: "+strings.Join(speed.Formats, ", "))
	s.BoolVar(&f.json, "json", false, "print JSON; as -o json")
}

func (a *app) bench(f *benchFlags, args []string) error {
	models := append(slices.Clone(args), f.models...)
	if len(models) == 0 {
		model, _, err := a.modelArg("", nil)
		if err != nil {
			return err
		}
		models = []string{model}
	}
	grid, err := f.grid(models)
	if err != nil {
		return err
	}
	options, err := f.options()
	if err != nil {
		return err
	}
	engine := &speed.Engine{NoWarmup: f.noWarmup, Seed: f.seed}
	if engine.Placement, err = f.placement(); err != nil {
		return err
	}
	tests, err := grid.Tests()
	if err != nil {
		return usageError{err}
	}
	for _, model := range models {
		if err := checkModelArg(model); err != nil {
			return err
		}
	}
	if err := a.permit(models); err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	result, err := a.measure(ctx, engine, tests, options)
	if result == nil {
		return err
	}
	if werr := result.Write(a.out, f.output); werr != nil {
		return werr
	}
	if err == nil && !slices.ContainsFunc(result.Rows, func(r speed.Row) bool { return r.Error == "" }) {
		err = errReported
	}
	return err
}

// measure runs the tests, with what watches the machine.
func (a *app) measure(ctx context.Context, engine *speed.Engine, tests []speed.Test, o speed.Options) (*speed.Result, error) {
	v, err := version()
	if err != nil {
		return nil, err
	}
	devices, err := llm.Devices()
	if err != nil {
		return nil, err
	}
	system := speed.System{CPUs: runtime.NumCPU()}
	var smi, notes []string
	for _, d := range devices {
		switch {
		case d.Type.String() == "CPU":
			system.CPU = d.Description
		default:
			system.Devices = append(system.Devices, d.Name+": "+d.Description)
			if strings.Contains(d.Description, "NVIDIA") {
				smi = speed.NVIDIASMI()
			}
		}
	}
	if smi != nil {
		if _, err := exec.LookPath(smi[0]); err != nil {
			smi, notes = nil, []string{"the GPUs' energy is not known: there is no nvidia-smi"}
		}
	} else if len(system.Devices) > 0 {
		notes = []string{"the devices' energy is not known: only NVIDIA's tell it"}
	}
	sensors, more := speed.OpenSensors(os.DirFS("/"), smi)
	defer sensors.Close()
	p := a.newProgress("")
	o.Progress = func(done, total, round int, t speed.Test) {
		p.what = fmt.Sprintf("round %d of %d, %s", round, o.Rounds, t.Name())
		p.update(float32(done) / float32(max(total, 1)))
	}
	result, err := speed.Run(ctx, engine, sensors, tests, o)
	p.done()
	result.Build = speed.Build{LLM: v.LLM, Engine: v.Engine, Tree: v.Tree, Backend: v.Backend, System: strings.TrimSpace(v.System)}
	result.System, result.PeakRSS = system, sensors.PeakRSS()
	result.Notes = append(result.Notes, append(notes, more...)...)
	return result, errors.Join(err, engine.Close())
}
