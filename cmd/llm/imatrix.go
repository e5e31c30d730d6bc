package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/imatrix"
)

// imatrixFlags are the flags of llm imatrix as they were typed.
type imatrixFlags struct {
	loadFlags
	file, output, format                    string
	chunks, skip, every, snapshots          int64
	seed                                    uint32
	processOutput, parseSpecial, ppl, noPPL bool
	resume, force, statistics, json         bool
	merge                                   []string
}

func (a *app) imatrixCommand() *cobra.Command {
	var f imatrixFlags
	c := &cobra.Command{
		Use:   "imatrix MODEL [-f TEXT] [-o FILE]",
		Short: "Collect the importance matrix of a model, for quantizing it",
		Long: `Collect the importance matrix of a model, for quantizing it.

The model reads a text in chunks, and the squares of what its matrices are multiplied
with are summed up: the quantizer then keeps the columns that matter more exact. The
file is the one that llama-imatrix makes. Without a text the model generates one, drawn
with --seed; a text of the kind that the model will meet is better.

What was collected is saved from time to time in FILE.partial; --resume goes on from
there, with the same result. Without MODEL, the matrices of --in-file are added up.`,
		Example: `  llm imatrix model-f16.gguf -f text.txt -o imatrix.gguf
  llm imatrix model-f16.gguf --chunks 64
  llm imatrix --in-file a.gguf --in-file b.gguf -o both.gguf
  llm imatrix --show-statistics imatrix.gguf`,
		RunE:              func(_ *cobra.Command, args []string) error { return a.imatrix(&f, args) },
		ValidArgsFunction: completeModel,
	}
	f.loadFlags.register(c)
	s := c.Flags()
	s.StringVarP(&f.file, "file", "f", "", "text for the model to read; -: standard input")
	s.StringVarP(&f.output, "output", "o", "imatrix.gguf", "file to write")
	s.StringVar(&f.format, "output-format", "gguf", "form of the file: gguf, or dat, which older programs read")
	s.Int64Var(&f.chunks, "chunks", 0, fmt.Sprintf("read at most so many chunks (default: the whole text; %d without one)", llm.GeneratedChunks))
	s.Int64Var(&f.skip, "chunk", 0, "leave out so many chunks at the start of the text")
	s.BoolVar(&f.processOutput, "process-output", false, "collect for the output matrix too")
	s.BoolVar(&f.parseSpecial, "parse-special", false, "read control tokens in the text as such")
	s.BoolVar(&f.ppl, "ppl", true, "measure the perplexity, too")
	s.BoolVar(&f.noPPL, "no-ppl", false, "do not")
	s.StringArrayVar(&f.merge, "in-file", nil, "add to the importance matrix in this file (can be given again)")
	s.Int64Var(&f.every, "output-frequency", 10, "save partial results after so many chunks, and after a minute (-ofreq)")
	s.Int64Var(&f.snapshots, "save-frequency", 0, "keep a copy FILE.at_N after every so many chunks; 0: none")
	s.BoolVar(&f.resume, "resume", false, "go on from FILE.partial, where it is there")
	s.Uint32Var(&f.seed, "seed", 0, "seed of the text that the model generates")
	s.BoolVar(&f.statistics, "show-statistics", false, "describe the importance matrix in a file, and collect nothing")
	s.BoolVar(&f.force, "force", false, "replace a file that exists")
	s.BoolVar(&f.json, "json", false, "print a JSON object")
	f.registerEngine(c)
	if size := s.Lookup("ctx-size"); size != nil {
		size.Usage = fmt.Sprintf("tokens of a chunk (default: %d)", imatrix.DefaultChunk)
	}
	completeFlags(c)
	return c
}

func (a *app) imatrix(f *imatrixFlags, args []string) error {
	if err := errors.Join(
		inRange("chunks", f.chunks, 0, math.MaxInt32), inRange("chunk", f.skip, 0, math.MaxInt32),
		inRange("output-frequency", f.every, 1, math.MaxInt32), inRange("save-frequency", f.snapshots, 0, math.MaxInt32),
		oneOf("output-format", f.format, imatrixForms...),
	); err != nil {
		return err
	}
	switch {
	case f.statistics:
		return a.imatrixStatistics(f, args)
	case len(args) == 0 && f.model == "" && len(f.merge) > 0 && f.file == "":
		return a.mergeImatrices(f)
	}
	path, rest, err := a.modelArg(f.model, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("llm imatrix takes one MODEL; it got %q; a text goes after -f", args)
	}
	return a.collectImatrix(f, path)
}

// imatrixForms are the forms of the file.
var imatrixForms = []string{"gguf", "dat"}

func (a *app) collectImatrix(f *imatrixFlags, path string) error {
	open, err := f.options()
	if err != nil {
		return err
	}
	o := llm.ImatrixOptions{
		Output: f.output, Dat: f.format == "dat", Replace: f.force, Seed: f.seed,
		ChunkSize: int(f.context), Chunks: int(f.chunks), Skip: int(f.skip),
		ParseSpecial: f.parseSpecial, ProcessOutput: f.processOutput, NoPerplexity: f.noPPL || !f.ppl,
		Merge: f.merge, SaveEvery: int(f.every), Snapshots: int(f.snapshots), Resume: f.resume,
	}
	if f.file != "" {
		if o.Text, o.Dataset, err = a.calibrationText(f.file); err != nil {
			return err
		}
	}
	if err := a.permit(append([]string{path}, f.adapterPaths()...)); err != nil {
		return err
	}
	ctx, release := interruptible()
	defer release()
	p := &imatrixProgress{app: a}
	o.Progress = p.update
	loading := a.newProgress("loading " + filepath.Base(path))
	p.loading = loading
	result, err := llm.CollectImatrix(ctx, path, o, append(open, llm.Fit(), llm.Progress(loading.update))...)
	p.done()
	if err != nil {
		return forceHint(explainOpen(err), os.ErrExist, "--force replaces it")
	}
	for _, notice := range result.Notices {
		fmt.Fprintf(a.err, "llm: %s\n", oneLine(notice))
	}
	report := newImatrixReport(f.output, result)
	return a.report(report, f.json, func(style) string { return report.screen() }, true)
}

// calibrationText reads the text, with the name that the file remembers it by.
func (a *app) calibrationText(file string) (text, name string, err error) {
	if file == "-" {
		text, err = readText("standard input", a.in)
		return text, "standard input", err
	}
	text, err = readFile(file)
	return text, file, err
}

func (a *app) mergeImatrices(f *imatrixFlags) error {
	if _, err := os.Stat(f.output); err == nil && !f.force {
		return fmt.Errorf("write %s: %w; --force replaces it", f.output, os.ErrExist)
	}
	if f.context < 0 || f.context > math.MaxInt32 {
		return inRange("ctx-size", f.context, 0, math.MaxInt32)
	}
	m := imatrix.New(int(f.context))
	if m.ChunkSize == 0 {
		m.ChunkSize = imatrix.DefaultChunk
	}
	for _, path := range f.merge {
		other, err := imatrix.Read(path)
		if err != nil {
			return err
		}
		if err := m.Merge(other); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	write := func() error { return m.Write(context.Background(), f.output) }
	if f.format == "dat" {
		write = func() error { return m.WriteDat(f.output) }
	}
	if err := write(); err != nil {
		return err
	}
	report := newImatrixReport(f.output, &llm.ImatrixResult{Matrix: m})
	return a.report(report, f.json, func(style) string { return report.screen() }, true)
}

// imatrixProgress shows how far a pass is, with the time that is left.
type imatrixProgress struct {
	app        *app
	loading    *progress
	bar        *progress
	generating bool
	start      time.Time
}

func (p *imatrixProgress) update(now llm.ImatrixProgress) {
	if p.bar == nil || p.generating != now.Generating {
		p.done()
		what := "reading the text"
		if now.Generating {
			what = "generating a text"
		}
		p.bar, p.generating, p.start = p.app.newProgress(what), now.Generating, time.Now()
	}
	var more strings.Builder
	if now.Perplexity > 0 {
		fmt.Fprintf(&more, ", PPL %.4f", now.Perplexity)
	}
	if fresh := now.Done - now.Resumed; fresh > 0 && now.Done < now.Total {
		left := time.Duration(float64(time.Since(p.start)) / float64(fresh) * float64(now.Total-now.Done))
		fmt.Fprintf(&more, ", %s left", left.Round(time.Second))
	}
	p.bar.show(float32(now.Done)/float32(max(now.Total, 1)), more.String())
}

func (p *imatrixProgress) done() {
	if p.loading != nil {
		p.loading.done()
		p.loading = nil
	}
	if p.bar != nil {
		p.bar.done()
		p.bar = nil
	}
}
