package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/peterh/liner"
)

// editor reads the lines of a chat.
type editor interface {
	// readLine shows the prompt and returns the next line. Its errors: io.EOF,
	// errDropped, errCtrlC, or the signal that ends the program.
	readLine(prompt string) (string, error)
	// remember puts a text into the history.
	remember(text string)
	// signal is called, from any goroutine, with what arrives while a line is read.
	signal(os.Signal)
	// resume sets the terminal up again after the program was stopped.
	resume()
	Close() error
}

const bracketedPasteOn, bracketedPasteOff = "\x1b[?2004h", "\x1b[?2004l"

var (
	errCtrlC   = errors.New("Ctrl-C on an empty line")
	errDropped = errors.New("Ctrl-C on a line with text")
)

// openEditor chooses an editor: one with keys and history on a terminal.
func (a *app) openEditor(complete liner.WordCompleter) (editor, error) {
	if isTerminal(a.in) && styleOf(a.out).terminal {
		return openLineEditor(a, complete)
	}
	return newPlainEditor(a), nil
}

// lineEditor edits lines with liner, with bracketed paste in front of it.
type lineEditor struct {
	*app
	liner   *liner.State
	answers liner.ModeApplier // the terminal's mode between lines: no echo, but signals
	keys    *keyPump
	folds   folds
	history history
	closing sync.Once

	mu    sync.Mutex
	ended error // the signal that ends the program
}

func openLineEditor(a *app, complete liner.WordCompleter) (*lineEditor, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open the line editor: %w", err)
	}
	e := &lineEditor{app: a, history: a.openHistory()}
	e.keys = &keyPump{from: a.in, to: write, wanted: make(chan struct{}, 1)}
	e.keys.filter.paste = func(text string) string { return e.folds.fold(text) }

	// liner takes its keys from os.Stdin, and sets the mode of descriptor 0.
	stdin := os.Stdin
	os.Stdin = read
	e.liner = liner.NewLiner()
	os.Stdin = stdin
	e.answers, _ = liner.TerminalMode()
	e.liner.SetCtrlCAborts(true)
	e.liner.SetMultiLineMode(true)
	e.liner.SetBeep(false)
	e.liner.SetTabCompletionStyle(liner.TabPrints)
	e.liner.SetWordCompleter(complete)
	for _, entry := range e.history.entries {
		e.liner.AppendHistory(e.folds.fold(entry))
	}
	fmt.Fprint(a.out, bracketedPasteOn)
	go e.keys.run()
	return e, nil
}

// Close gives the terminal its own mode back. It may be called twice.
func (e *lineEditor) Close() error {
	e.closing.Do(func() {
		e.liner.Close()
		fmt.Fprint(e.out, bracketedPasteOff)
	})
	return nil
}

func (e *lineEditor) readLine(prompt string) (string, error) {
	e.keys.open()
	line, err := e.liner.Prompt(prompt)
	e.mu.Lock()
	ended := e.ended
	e.mu.Unlock()
	switch {
	case ended != nil:
		fmt.Fprintln(e.out)
		return "", ended
	case errors.Is(err, liner.ErrPromptAborted) && e.keys.pressed.Load():
		return "", errDropped
	case errors.Is(err, liner.ErrPromptAborted), strings.ContainsRune(line, ctrlC): // the latter on a screen too narrow to edit
		return "", errCtrlC
	case errors.Is(err, io.EOF):
		fmt.Fprintln(e.out)
	}
	return e.folds.unfold(line), err
}

func (e *lineEditor) remember(text string) {
	e.liner.AppendHistory(e.folds.fold(text))
	if err := e.history.append(text); err != nil {
		fmt.Fprintf(e.err, "llm: the history is not kept: %s\n", oneLine(err.Error()))
	}
}

// signal: Ctrl-C from outside is as good as the key. Others end the reading.
func (e *lineEditor) signal(s os.Signal) {
	switch s {
	case syscall.SIGCONT:
		e.resume()
	case os.Interrupt:
		e.keys.to.Write([]byte{ctrlC})
	default:
		e.mu.Lock()
		e.ended = errInterrupted{s}
		e.mu.Unlock()
		e.keys.to.Close()
	}
}

// resume sets up what the shell has changed while the program was stopped.
func (e *lineEditor) resume() {
	e.answers.ApplyMode()
	fmt.Fprint(e.out, bracketedPasteOn)
}
