package main

import (
	"fmt"
	"strings"
	"sync"
)

// folds are texts too long for a line that is edited: the line has a short sign in
// their place.
type folds struct {
	mu    sync.Mutex
	texts []string
}

// Longer texts than these are folded: a line must fit the screen.
const (
	foldLines = 8
	foldRunes = 600
)

// fold is what stands for a text in the line.
func (f *folds) fold(text string) string {
	lines := strings.Count(text, "\n") + 1
	if lines <= foldLines && len([]rune(text)) <= foldRunes {
		return oneLineSigns(text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts = append(f.texts, text)
	return foldSign(len(f.texts), text)
}

func foldSign(n int, text string) string {
	return fmt.Sprintf("[#%d:%d_lines,%d_characters]", n, strings.Count(text, "\n")+1, len([]rune(text)))
}

// unfold is the text of a line.
func (f *folds) unfold(line string) string {
	line = textOfSigns(line)
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, text := range f.texts {
		line = strings.ReplaceAll(line, foldSign(i+1, text), text)
	}
	return line
}
