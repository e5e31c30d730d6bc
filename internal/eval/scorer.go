package eval

import (
	"context"
	"fmt"
)

// Scorer is a model that reads a window of text. One goroutine at a time.
type Scorer interface {
	// Vocab is how many logits a row has.
	Vocab() int
	// Rows is how many rows Extend can compute at once, 1 or more.
	Rows() int
	// Start forgets what it read before and reads tokens, for no rows.
	Start(ctx context.Context, tokens []int32) error
	// Extend reads on, and computes a row for each token: the logits of what follows it.
	Extend(ctx context.Context, tokens []int32) error
	// Row is row i of the last Extend. It is borrowed until the next Start or Extend, and
	// not written to.
	Row(i int) ([]float32, error)
}

// RowError says at which place of which window something was no distribution.
type RowError struct {
	Level    int // index of the level; -1: the reference
	Window   int
	Position int // in the window, from 0
	Err      error
}

func (e *RowError) Error() string {
	who := "the reference"
	if e.Level >= 0 {
		who = fmt.Sprintf("level %d", e.Level)
	}
	return fmt.Sprintf("%s, window %d, position %d: %v; the file may be damaged, or a number overflows on this device: check the tensors, or compute on another device or without flash attention", who, e.Window, e.Position, e.Err)
}

// Unwrap is sampler.ErrNaN, sampler.ErrNoDistribution or ErrInfinite.
func (e *RowError) Unwrap() error { return e.Err }
