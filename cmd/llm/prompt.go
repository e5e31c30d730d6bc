package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// maxText bounds what is read as a prompt: no model takes more, and a pipe may
// never end.
const maxText = 64 << 20

// readPrompt puts a prompt together: the flag, the file, the arguments, then what
// comes through a pipe. Empty when there is none of them.
func (a *app) readPrompt(flag, file string, words []string) (string, error) {
	var parts []string
	if flag != "" {
		parts = append(parts, flag)
	}
	if file != "" {
		text, err := readFile(file)
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	if len(words) > 0 {
		parts = append(parts, strings.Join(words, " "))
	}
	if !isTerminal(a.in) {
		text, err := readText("standard input", a.in)
		if err != nil {
			return "", err
		}
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n\n"), nil
}

func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the prompt: %w", err)
	}
	defer f.Close()
	return readText(path, f)
}

func readText(name string, r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return "", fmt.Errorf("read the prompt: %w", err)
	}
	if len(b) > maxText {
		return "", fmt.Errorf("read the prompt: %s is longer than %d MiB; give less", name, maxText>>20)
	}
	// The newline that ends a file is not part of the prompt.
	return strings.TrimSuffix(string(b), "\n"), nil
}
