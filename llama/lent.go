package llama

// #include "llm.h"
import "C"

import "runtime"

// lent is what C reads during one call: Go's memory, which is pinned, and copies of texts.
type lent struct {
	pinner runtime.Pinner
	texts  []func()
}

// text is a copy of s, until free.
func (l *lent) text(s string) *C.char {
	c, free := cString(s)
	l.texts = append(l.texts, free)
	return c
}

func (l *lent) free() {
	l.pinner.Unpin()
	for _, free := range l.texts {
		free()
	}
}
