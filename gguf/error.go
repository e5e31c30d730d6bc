package gguf

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrNotGGUF is for files of another kind.
var ErrNotGGUF = errors.New("not a GGUF file")

// ErrVersion is for versions of the format that are not read: only 2 and 3 are.
var ErrVersion = errors.New("a version of GGUF that is not read")

// ErrSyntax is for files that are GGUF but damaged or cut short; a [*SyntaxError] has
// the place.
var ErrSyntax = errors.New("damaged GGUF file")

// ErrBusy is for a file that another program is changing.
var ErrBusy = errors.New("another program is changing it: try again when that is done")

// SyntaxError is a place where a file stops making sense.
type SyntaxError struct {
	Offset int64  // of the first byte that is wrong, from the start of the file
	Name   string // of the key or tensor; empty outside of them
	What   string
}

func (e *SyntaxError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("%v: at byte %d: %s", ErrSyntax, e.Offset, e.What)
	}
	return fmt.Sprintf("%v: at byte %d, in %s: %s", ErrSyntax, e.Offset, Quote(e.Name), e.What)
}

func (e *SyntaxError) Unwrap() error { return ErrSyntax }

// Quote is text of a file made fit for a terminal: quoted, control characters and
// invalid UTF-8 escaped, cut at 80 bytes.
func Quote(text string) string {
	const limit = 80
	if len(text) > limit {
		return strconv.Quote(text[:limit]) + "…"
	}
	return strconv.Quote(text)
}
