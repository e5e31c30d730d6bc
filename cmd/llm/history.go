package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// history is what was typed, oldest first, in a file with a line a text.
type history struct {
	path    string
	entries []string
	failed  bool // it was said that it is not kept
}

// historySize is how many texts are kept; the file is cut when it has twice as many.
const historySize = 1000

// historyText bounds a text that is kept, in bytes.
const historyText = 64 << 10

// openHistory reads the file. A file that is not there, or cannot be read, is an
// empty history; writing says what is wrong.
func (a *app) openHistory() history {
	h := history{path: historyPath()}
	b, err := os.ReadFile(h.path)
	if err != nil {
		return h
	}
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && utf8.ValidString(line) {
			h.entries = append(h.entries, textOfSigns(line))
		}
	}
	if n := len(h.entries); n > historySize {
		h.entries = h.entries[n-historySize:]
		if n > 2*historySize {
			h.cut()
		}
	}
	return h
}

// historyPath is a file in the user's state folder; "" where there is none.
func historyPath() string {
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "llm", "history")
}

// append keeps a text. Only the first failure is an error; after it nothing is tried.
func (h *history) append(text string) error {
	if h.failed || len(text) > historyText || len(h.entries) > 0 && h.entries[len(h.entries)-1] == text {
		return nil
	}
	h.entries = append(h.entries, text)
	err := h.write(text)
	h.failed = err != nil
	return err
}

func (h *history) write(text string) error {
	if h.path == "" {
		return errors.New("there is no home folder; set XDG_STATE_HOME")
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, oneLineSigns(text))
	return errors.Join(err, f.Close())
}

// cut writes the file anew with what is kept. A failure leaves it as it is.
func (h *history) cut() {
	f, err := os.CreateTemp(filepath.Dir(h.path), "history-*")
	if err != nil {
		return
	}
	var b strings.Builder
	for _, text := range h.entries {
		b.WriteString(oneLineSigns(text) + "\n")
	}
	_, err = f.WriteString(b.String())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		os.Remove(f.Name())
	}
}
