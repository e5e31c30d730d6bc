package main

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/bench/lab"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/plan"
)

// levelsFlags are the flags of llm bench levels, as they were typed.
type levelsFlags struct {
	set *pflag.FlagSet

	levels, vram, kv, headroom, confidence, precision, time string
	text, prompts, suite, imatrix, out, device, flash, ngl  string
	context, chunks, rounds, tasks, longest, window         int64
	prompt, generate, threads, batch, ubatch                int64
	seed                                                    uint64
	loss, minSpeed                                          float64
	noText, all, fresh, json                                bool
}

func (f *levelsFlags) register(c *cobra.Command) {
	s := c.Flags()
	f.set = s
	s.SetNormalizeFunc(canonical)
	s.SortFlags = false
	s.StringVar(&f.levels, "levels", levels.Auto, "types and files to compare, divided by commas; auto: the usual ones that fit")
	s.StringVar(&f.vram, "vram", "", "card that they are to fit, by its name or memory: rtx4090, 24GiB, 2x12GiB")
	s.Int64VarP(&f.context, "ctx-size", "c", 0, "context in tokens that they are to fit with (-c, --ctx; default: as trained, at most 4096)")
	s.StringVar(&f.kv, "kv", "f16", "types of the KV cache, divided by commas; the first is the reference's")
	s.StringVar(&f.headroom, "headroom", "1GiB", "memory that stays free on the card; 0: none")
	s.StringVar(&f.text, "text", "", "file with text to score (default: text that MODEL generates)")
	s.StringVar(&f.prompts, "prompts", "", "file with prompts to score instead, one a line, in JSON")
	s.BoolVar(&f.noText, "no-text", false, "score no text")
	s.Int64Var(&f.window, "window", 512, "tokens of a window of the text; its second half is scored")
	s.Int64Var(&f.chunks, "chunks", 0, "windows that are read at most, or generated; 0: all, or 32")
	s.BoolVar(&f.all, "all-chunks", false, "read them all, also where the order is certain before")
	s.Int64Var(&f.tasks, "tasks", 2, "cases on each rung of the generated tasks; 0: none")
	s.Int64Var(&f.longest, "needle", 0, "tokens of the longest text that needles are to be found in; 0: no such tasks")
	s.StringVar(&f.suite, "suite", "", "file with cases of your own, in JSONL (docs/tasks.md)")
	s.StringVar(&f.imatrix, "imatrix", "", "importance matrix for the types that need one (default: one is made)")
	s.StringVar(&f.confidence, "confidence", "95%", "of intervals, of the order and of verdicts")
	s.StringVar(&f.time, "time", "", "end after so long, such as 30m; what is missing then is said")
	s.Float64Var(&f.loss, "loss", levels.DefaultLoss, "mean divergence, in nats, that is not worth memory: the smallest level below is recommended; 0: the closest")
	s.Float64Var(&f.minSpeed, "min-speed", 0, "tokens a second that the recommended level must generate")
	s.Int64VarP(&f.prompt, "n-prompt", "p", 512, "tokens of the prompt of the speed test")
	s.Int64VarP(&f.generate, "n-gen", "n", 64, "tokens that it generates")
	s.Int64VarP(&f.rounds, "repetitions", "r", 10, "rounds of it at most; 0: no speed")
	s.StringVar(&f.precision, "precision", "2%", "end the rounds, from the sixth on, when half of each interval is within so much of its median")
	s.Int64VarP(&f.threads, "threads", "t", 0, "threads; 0: the physical cores")
	s.Int64VarP(&f.batch, "batch-size", "b", 2048, "tokens of a prompt submitted together")
	s.Int64Var(&f.ubatch, "ubatch-size", 512, "tokens computed together (-ub)")
	s.StringVar(&f.ngl, "n-gpu-layers", "all", "layers on the GPU: a number, or all (-ngl)")
	s.StringVar(&f.device, "device", "", "devices for layers, divided by commas; none: the CPU alone (-dev; default: all GPUs)")
	s.StringVar(&f.flash, "flash-attn", "auto", "flash attention: on, off, auto (-fa)")
	s.Uint64Var(&f.seed, "seed", 1, "of everything that is drawn")
	s.StringVar(&f.out, "out", "", "folder for record.json, report.md, report.html and the charts")
	s.BoolVar(&f.fresh, "fresh", false, "begin anew where a run was ended")
	s.BoolVar(&f.json, "json", false, "print the record")
}

// typed are the flags that were given, for the record: of files their names, whose folders concern
// nobody else.
func (f *levelsFlags) typed() (list []string) {
	f.set.Visit(func(flag *pflag.Flag) {
		value := flag.Value.String()
		switch flag.Name {
		case "out":
			return
		case "text", "prompts", "suite", "imatrix":
			value = filepath.Base(value)
		case "levels":
			names := strings.Split(value, ",")
			for i := range names {
				names[i] = filepath.Base(strings.TrimSpace(names[i]))
			}
			value = strings.Join(names, ",")
		}
		list = append(list, "--"+flag.Name+"="+value)
	})
	return list
}

// read reads the flags.
func (f *levelsFlags) read() (l lab.Options, o levels.Options, wanted []string, err error) {
	err = errors.Join(
		inRange("ctx-size", f.context, 0, math.MaxInt32), inRange("chunks", f.chunks, 0, math.MaxInt32), inRange("window", f.window, 32, 1<<20),
		inRange("repetitions", f.rounds, 0, 1000), inRange("tasks", f.tasks, 0, 1000), inRange("needle", f.longest, 0, math.MaxInt32),
		inRange("n-prompt", f.prompt, 1, math.MaxInt32), inRange("n-gen", f.generate, 1, math.MaxInt32), inRange("threads", f.threads, 0, 512),
		inRange("batch-size", f.batch, 1, math.MaxInt32), inRange("ubatch-size", f.ubatch, 1, math.MaxInt32), oneOf("flash-attn", f.flash, switchValues...),
	)
	if err != nil {
		return l, o, nil, err
	}
	if wanted, err = levels.Wanted(f.levels); err != nil {
		return l, o, nil, usagef("--levels: %w", err)
	}
	if l, err = f.lab(); err != nil {
		return l, o, nil, err
	}
	o = levels.Options{
		KVTypes: l.KVTypes, Rounds: int(f.rounds), Chunks: int(f.chunks), Everything: f.all, Wants: levels.Wants{Loss: f.loss, MinSpeed: f.minSpeed},
	}
	if o.Confidence, err = percentage("confidence", f.confidence, 50, 99.99); err != nil {
		return l, o, nil, err
	}
	if o.Precision, err = percentage("precision", f.precision, 0.01, 50); err != nil {
		return l, o, nil, err
	}
	if f.time != "" {
		if o.TimeLimit, err = time.ParseDuration(f.time); err != nil || o.TimeLimit <= 0 {
			return l, o, nil, usagef("--time %s: give a time such as 90s, 30m or 2h", f.time)
		}
	}
	for _, n := range []struct {
		flag  string
		value float64
	}{{"loss", f.loss}, {"min-speed", f.minSpeed}} {
		if !(n.value >= 0) || math.IsInf(n.value, 0) {
			return l, o, nil, usagef("--%s %g: it must be 0 or more", n.flag, n.value)
		}
	}
	return l, o, wanted, nil
}

func (f *levelsFlags) lab() (l lab.Options, err error) {
	l = lab.Options{
		Context: int(f.context), Imatrix: f.imatrix, Isolated: true, Window: int(f.window), Seed: f.seed, Prompt: int(f.prompt), Generate: int(f.generate),
		Tasks: int(f.tasks), Longest: int(f.longest), Suite: f.suite,
		Text: lab.Text{File: f.text, Prompts: f.prompts, None: f.noText, Windows: int(f.chunks)},
		Load: lab.Load{Threads: int(f.threads), Batch: int(f.batch), Ubatch: int(f.ubatch), GPULayers: -1},
	}
	if l.Load.Threads == 0 {
		l.Load.Threads = llm.DefaultThreads()
	}
	texts := 0
	for _, given := range []bool{f.text != "", f.prompts != "", f.noText} {
		if given {
			texts++
		}
	}
	if texts > 1 {
		return l, usagef("--text, --prompts and --no-text exclude each other")
	}
	for name := range strings.SplitSeq(f.kv, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		if err := oneOf("kv", name, llm.KVCacheTypes...); err != nil {
			return l, err
		}
		if slices.Contains(l.KVTypes, name) {
			return l, usagef("--kv %s: %s is there twice", f.kv, name)
		}
		l.KVTypes = append(l.KVTypes, name)
	}
	if f.ngl != "all" && f.ngl != "auto" {
		n, err := strconv.ParseInt(f.ngl, 10, 31)
		if err != nil {
			return l, usagef("--n-gpu-layers %s: it must be a number, auto or all", f.ngl)
		}
		l.Load.GPULayers = int(n)
	}
	if f.device != "" {
		l.Load.Devices = strings.Split(f.device, ",")
	}
	if f.flash != "auto" {
		on := f.flash == "on"
		l.Load.FlashAttention = &on
	}
	return l, f.card(&l)
}

// card reads what the levels are to fit.
func (f *levelsFlags) card(l *lab.Options) (err error) {
	if f.vram != "" {
		if l.Card, err = plan.ParseDevices(f.vram); err != nil {
			return usagef("--vram: %w", err)
		}
	}
	if f.headroom != "0" {
		if l.Headroom, err = plan.ParseSize(f.headroom); err != nil {
			return usagef("--headroom: %w", err)
		}
	}
	return nil
}
