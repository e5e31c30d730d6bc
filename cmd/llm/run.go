package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [MODEL] [PROMPT]",
		Short: "Answer a prompt, or chat, with a model",
		Long: `Answer a prompt, or chat, with a model (a GGUF file).

The prompt comes from the arguments, from --prompt or --file, or from a pipe; what
comes through a pipe follows the rest. Without any prompt, on a terminal, it is a
conversation. Without MODEL the default model is used, if it is there.

On GPUs, what -ngl and -c leave open is chosen so that the model fits their memory: all
layers with as long a context as fits, else as many layers as fit.

In a conversation, /help shows its commands. What was typed is kept in
$XDG_STATE_HOME/llm/history (~/.local/state/llm/history).

Flags have the names they have in llama.cpp, with one dash or two. The answer goes to
standard output, all else (notices, thoughts, statistics) to standard error.`,
		Example: `  llm run model.gguf "Why is the sky blue?"
  cat notes.txt | llm run model.gguf "Summarise this"
  llm run model.gguf --resume chat.state
  llm run model.gguf --no-chat -p "Once upon a time" -n 64 --temp 0
  llm run model.gguf -c 8192 -ngl 99 --json -p Hello`,
		RunE:              func(_ *cobra.Command, args []string) error { return a.run(&f, args) },
		ValidArgsFunction: completeModel,
	}
	f.register(c)
	completeFlags(c)
	return c
}

// run answers one prompt, or holds a conversation.
func (a *app) run(f *runFlags, args []string) error {
	open, err := f.openOptions()
	if err != nil {
		return err
	}
	fixed, err := f.fixedOptions()
	if err != nil {
		return err
	}
	settings, err := f.settings()
	if err != nil {
		return err
	}
	path, words, err := a.modelArg(f.model, args)
	if err != nil {
		return err
	}
	prompt, err := a.readPrompt(f.prompt, f.file, words)
	if err != nil {
		return err
	}
	if prompt == "" && !isTerminal(a.in) {
		return usagef("there is no prompt: give one as an argument, with -p or -f, or through a pipe")
	}
	if f.raw && f.system != "" {
		return usagef("a system prompt needs the chat template; leave out --no-chat or -sys")
	}
	if f.raw && f.resume != "" {
		return usagef("a chat to resume needs the chat template; leave out --no-chat or --resume")
	}
	if f.verbose {
		llm.SetLogger(slog.New(slog.NewTextHandler(a.err, nil)), slog.LevelWarn)
		open = append(open, llm.ComparePlan())
	}
	m, err := a.open(path, append(open, llm.Fit()), f.adapterPaths()...)
	if err != nil {
		return err
	}
	defer m.Close()
	s := &session{app: a, model: m, fixed: fixed, settings: settings, raw: f.raw, printer: newPrinter(a, f.json, f.verbose), noteOf: llm.ReadStateNote}
	s.chat.system = f.system
	if err := s.checkTemplate(); err != nil {
		return err
	}
	if err := s.printer.opened(m.Info()); err != nil {
		return err
	}
	return s.resumed(f, func() error {
		if prompt != "" {
			return s.answerOne(prompt)
		}
		return s.converse()
	})
}

// patience is how long a load that was interrupted may take to end.
const patience = 300 * time.Millisecond

// open loads a model that the use policy allows, with its adapters, and says what became of the flags otherwise than they
// say.
func (a *app) open(path string, options []llm.Option, adapters ...string) (*llm.Model, error) {
	if err := a.permit(append([]string{path}, adapters...)); err != nil {
		return nil, err
	}
	m, err := a.load(path, options)
	if err != nil {
		return nil, explainOpen(err)
	}
	for _, notice := range m.Info().Notices {
		fmt.Fprintf(a.err, "llm: %s\n", oneLine(notice))
	}
	return m, nil
}

func (a *app) load(path string, options []llm.Option) (*llm.Model, error) {
	ctx, release := interruptible()
	defer release()
	progress := a.newProgress("loading " + filepath.Base(path))
	defer progress.done()
	// The system may be reading a cold file for the engine, which then asks nobody.
	defer context.AfterFunc(ctx, func() {
		time.Sleep(patience)
		progress.done()
		fmt.Fprintf(a.err, "llm: open model %s: loading was stopped: %s\n", oneLine(path), context.Cause(ctx))
		os.Exit(exitFailure)
	})()
	m, err := llm.Open(path, append(options, llm.LoadContext(ctx), llm.Progress(progress.update))...)
	if err != nil {
		return nil, err
	}
	progress.done()
	backends, err := llm.Backends()
	for _, line := range backendLines(backends) {
		fmt.Fprintf(a.err, "llm: %s; it runs without\n", oneLine(line))
	}
	return m, err
}
