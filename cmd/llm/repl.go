package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seed-f87006eb/llm"
)

// repl is a chat: lines are answered, or are commands.
type repl struct {
	*session
	editor  editor
	desk    *signalDesk
	draft   draft
	pending []string // texts of files, which go before what is typed next
	leaving bool     // Ctrl-C was pressed on an empty line
}

// errLeave ends a chat.
var errLeave = errors.New("leave")

// converse answers line after line until the user leaves.
func (s *session) converse() (err error) {
	ed, err := s.openEditor(completeLine)
	if err != nil {
		return err
	}
	defer ed.Close() // also when something panics
	desk := openSignalDesk(ed.signal)
	defer desk.close()
	r := &repl{session: s, editor: ed, desk: desk}
	r.greet()
	return r.loop()
}

func (r *repl) greet() {
	fmt.Fprintf(r.err, "%s. /help shows what can be done, Ctrl-D ends the chat.\n", r.model.Info().Model.Description)
	if n := len(r.chat.messages); n > 0 {
		fmt.Fprintf(r.err, "It goes on after %d messages.\n", n)
	}
}

func (r *repl) loop() error {
	for {
		line, err := r.editor.readLine(r.prompt())
		if err == nil {
			err = r.take(line)
		}
		switch {
		case err == nil:
			r.leaving = false
		case errors.Is(err, errDropped):
			r.drop()
		case errors.Is(err, errCtrlC):
			err = r.ctrlC()
		}
		if errors.Is(err, errLeave) || errors.Is(err, io.EOF) {
			return nil
		}
		if r.fatal(err) {
			return err
		}
	}
}

// fatal tells whether an error ends the chat, and prints one that does not.
func (r *repl) fatal(err error) bool {
	var interrupted errInterrupted
	var write writeError
	switch {
	case err == nil, errors.Is(err, errDropped):
		return false
	case errors.As(err, &interrupted), errors.As(err, &write), errors.Is(err, llm.ErrClosed), errors.Is(err, os.ErrClosed):
		return true
	}
	fmt.Fprintf(r.err, "llm: %s\n", oneLine(err.Error()))
	return false
}

func (r *repl) prompt() string {
	switch {
	case r.draft.open:
		return "... "
	case len(r.pending) > 0:
		return "+>> "
	}
	return ">>> "
}

// drop gives up what was begun.
func (r *repl) drop() {
	r.draft = draft{}
	r.leaving = false
}

// ctrlC on an empty line gives up what was begun, else leaves the second time.
func (r *repl) ctrlC() error {
	switch {
	case r.draft.open:
		r.drop()
	case len(r.pending) > 0:
		r.pending = nil
		fmt.Fprintln(r.err, "llm: the text of the file is dropped")
	case r.leaving:
		return errLeave
	default:
		r.leaving = true
		fmt.Fprintln(r.err, "Ctrl-C again leaves, and so does Ctrl-D.")
	}
	return nil
}

// take does what a line says.
func (r *repl) take(line string) error {
	multi := r.draft.open || strings.HasPrefix(strings.TrimLeft(line, " "), fence)
	text, done := r.draft.add(line)
	if !done {
		return nil
	}
	in := input{text: text}
	if !multi {
		in = parseInput(text)
	}
	if strings.TrimSpace(text) != "" {
		r.editor.remember(fenced(text))
	}
	if in.command != "" {
		return r.do(in)
	}
	question := in.text
	if strings.TrimSpace(question) == "" {
		question = ""
	}
	if question == "" && len(r.pending) == 0 {
		return nil
	}
	return r.question(question)
}

// question answers a text, after those of the files that were read.
func (r *repl) question(text string) error {
	parts := r.pending
	if text != "" {
		parts = append(parts, text)
	}
	r.pending = nil
	return r.reply(strings.Join(parts, "\n\n"))
}

// reply answers a prompt. Ctrl-C stops it, and what came stays in the conversation.
func (r *repl) reply(prompt string, more ...llm.RequestOption) error {
	before := len(r.chat.messages)
	err := r.busy(func(ctx context.Context) error { return r.ask(ctx, prompt, more...) })
	var interrupted errInterrupted
	if errors.As(err, &interrupted) && interrupted.isCtrlC() {
		note := "(stopped)"
		if !r.raw && len(r.chat.messages) == before {
			note = "(stopped before an answer came; the question is taken back)"
		}
		fmt.Fprintln(r.err, styleOf(r.err).dim(note))
		return nil
	}
	return err
}

// busy runs what Ctrl-C stops.
func (r *repl) busy(work func(context.Context) error) error {
	return r.desk.during(work, func() {
		r.editor.Close()
		os.Exit(exitFailure)
	}, r.editor.resume)
}
