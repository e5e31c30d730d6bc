package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seed-f87006eb/llm/internal/bench/lab"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/bench/report"
)

func (a *app) benchLevelsCommand() *cobra.Command {
	var f levelsFlags
	c := &cobra.Command{
		Use:   "levels MODEL",
		Short: "Compare the quantizations of a model: size, speed, memory, quality",
		Long: `Compare the quantizations of a model (a GGUF file) on this machine, and recommend one.

Levels that are missing are made of MODEL and kept in the cache (LLM_CACHE). Each is measured
for its size, its memory at --ctx, load time, speed, perplexity, divergence from MODEL, and
tasks with known answers; files can stand among the names of types. Speed is measured in turns,
text is read until the order of the levels is certain. A run that was ended goes on where it was
when it is started again.

The text is a file, prompts, or what MODEL itself generates. --out writes record.json, report.md
and report.html, which opens anywhere. docs/bench-levels.md describes all figures.`,
		Example: `  llm bench levels model-F16.gguf --levels auto --vram 24GiB --ctx 32768
  llm bench levels model-F16.gguf --levels Q8_0,Q6_K,Q4_K_M,Q2_K --text notes.txt --out report
  llm bench levels model-F16.gguf --levels Q4_K_M,other-Q4_K_M.gguf --kv f16,q8_0
  llm bench levels model-F16.gguf --levels auto --vram rtx4090 --time 30m --suite cases.jsonl`,
		RunE:              func(_ *cobra.Command, args []string) error { return a.benchLevels(&f, args) },
		ValidArgsFunction: completeModel,
	}
	f.register(c)
	completeFlags(c)
	c.RegisterFlagCompletionFunc("vram", completeCards)
	c.MarkFlagFilename("text")
	c.MarkFlagFilename("prompts", "jsonl")
	c.MarkFlagFilename("suite", "jsonl")
	c.MarkFlagDirname("out")
	return c
}

func (a *app) benchLevels(f *levelsFlags, args []string) error {
	path, rest, err := a.modelArg("", args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usagef("llm bench levels takes one MODEL, not %d; its levels go after --levels", len(args))
	}
	setup, options, wanted, err := f.read()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	p := a.newPhases()
	defer p.done()
	setup.Progress, options.Progress = p.show, p.show
	if setup.Cache, err = cacheDir(); err != nil {
		return err
	}
	l, err := lab.Open(ctx, path, setup)
	if err != nil {
		return explainOpen(err)
	}
	r, err := a.levelsRun(ctx, f, l, options, wanted)
	if cerr := l.Close(); err == nil {
		err = cerr
	}
	p.done()
	if r == nil {
		return err
	}
	return errors.Join(a.levelsOutput(f, r), err)
}

// levelsRun compares the levels. The record is nil where nothing was begun.
func (a *app) levelsRun(ctx context.Context, f *levelsFlags, l *lab.Lab, o levels.Options, wanted []string) (*record.Record, error) {
	if err := l.Prepare(ctx); err != nil {
		return nil, err
	}
	if _, err := l.Cases(ctx); err != nil { // before anything is made
		return nil, err
	}
	var failed error
	list, notes, err := levels.Levels(&l.Model, wanted, func(level *levels.Level) bool {
		if len(l.Card) == 0 || failed != nil {
			return true
		}
		m, err := l.Plan(ctx, level, l.KVTypes[0], false)
		if failed = err; err != nil {
			return false
		}
		return m.Fits != nil && *m.Fits
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	head, err := l.Head(a.program(), &o, f.vram, append([]string{"llm", "bench", "levels"}, f.typed()...))
	if err != nil {
		return nil, err
	}
	head.Notes = notes
	key, err := l.Key(&head, list)
	if err != nil {
		return nil, err
	}
	path := l.JournalPath(key)
	if f.fresh {
		os.Remove(path)
	}
	j, err := levels.OpenJournal(path, key)
	if err != nil {
		return nil, err
	}
	if j.Resumed {
		fmt.Fprintln(a.err, "llm: the run goes on where it was ended; --fresh begins anew")
	}
	r, err := levels.Run(ctx, l, j, &l.Model, list, head, o)
	if err != nil {
		return r, errors.Join(err, j.Close())
	}
	return r, j.Remove()
}

// program is what measures.
func (a *app) program() record.Program {
	p := record.Program{Version: "unknown"}
	if v, err := version(); err == nil {
		p.Version, p.Go = v.LLM, v.Go
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				p.Commit = s.Value
			case "vcs.modified":
				p.Modified = s.Value == "true"
			}
		}
	}
	return p
}

// levelsOutput writes the files, and prints.
func (a *app) levelsOutput(f *levelsFlags, r *record.Record) error {
	if f.out != "" {
		if err := writeReport(f.out, r); err != nil {
			return err
		}
		fmt.Fprintf(a.err, "llm: %s\n", filepath.Join(f.out, "report.html"))
	}
	if f.json {
		text, err := r.JSON()
		if err == nil {
			_, err = a.out.Write(text)
		}
		return err
	}
	_, err := a.out.WriteString(report.Terminal(r, a.columns(), styleOf(a.out).dim))
	return err
}

// columns is how wide the terminal is; 80 where there is none.
func (a *app) columns() int {
	if w, _, err := term.GetSize(int(a.out.Fd())); err == nil && w > 0 {
		return w
	}
	return screenWidth
}

// writeReport writes a record, and how it is laid out, into a folder.
func writeReport(dir string, r *record.Record) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := r.Write(filepath.Join(dir, "record.json")); err != nil {
		return err
	}
	charts := report.Charts(r)
	files := report.Images(charts)
	page, err := report.HTML(r)
	if err != nil {
		return err
	}
	files["report.html"], files["report.md"] = page, report.Markdown(r, charts)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// phases shows how far the parts of a run are.
type phases struct {
	app  *app
	bar  *progress
	what string
}

func (a *app) newPhases() *phases { return &phases{app: a} }

var phaseWords = map[string]string{
	"hash": "hashing", "imatrix": "importance matrix:", "text": "", "plan": "planning", "make": "making", "load": "loading", "speed": "speed,", "quality": "", "tasks": "tasks of",
}

func (p *phases) show(phase, what string, done, total int64) {
	what = strings.TrimSpace(phaseWords[phase] + " " + what)
	if p.bar == nil || p.what != what {
		p.done()
		p.bar, p.what = p.app.newProgress(what), what
	}
	p.bar.update(float32(done) / float32(max(total, 1)))
}

func (p *phases) done() {
	if p.bar != nil {
		p.bar.done()
		p.bar = nil
	}
}
