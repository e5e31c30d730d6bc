package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// plainEditor reads lines as the terminal makes them: where it cannot be drawn on.
type plainEditor struct {
	*app
	lines   chan plainLine
	wanted  chan struct{}
	signals chan os.Signal
}

type plainLine struct {
	text string
	err  error
}

func newPlainEditor(a *app) *plainEditor {
	e := &plainEditor{app: a, lines: make(chan plainLine, 1), wanted: make(chan struct{}, 1), signals: make(chan os.Signal, 1)}
	go e.read()
	return e
}

// read reads a line whenever one is wanted; an unfinished read stays for the next.
func (e *plainEditor) read() {
	in := bufio.NewReader(e.in)
	for range e.wanted {
		text, err := in.ReadString('\n')
		if text != "" && errors.Is(err, io.EOF) {
			err = nil
		}
		e.lines <- plainLine{strings.TrimRight(text, "\r\n"), err}
	}
}

func (e *plainEditor) readLine(prompt string) (string, error) {
	fmt.Fprint(e.err, prompt)
	select {
	case e.wanted <- struct{}{}:
	default: // it is reading already
	}
	select {
	case line := <-e.lines:
		if line.err != nil {
			fmt.Fprintln(e.err)
		}
		return line.text, line.err
	case s := <-e.signals:
		fmt.Fprintln(e.err)
		if s == os.Interrupt {
			return "", errCtrlC
		}
		return "", errInterrupted{s}
	}
}

func (e *plainEditor) signal(s os.Signal) {
	if s == syscall.SIGCONT {
		return
	}
	select {
	case e.signals <- s:
	default:
	}
}

func (e *plainEditor) remember(string) {}
func (e *plainEditor) resume()         {}
func (e *plainEditor) Close() error    { return nil }
