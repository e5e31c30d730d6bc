package llama

// #include "llm.h"
import "C"

import (
	"errors"
	"fmt"
)

// What went wrong, for errors.Is. An *Error carries the engine's words.
var (
	// ErrInvalid: an argument is out of its range; nothing was changed.
	ErrInvalid = errors.New("invalid argument")
	// ErrEngine: the engine refused.
	ErrEngine = errors.New("engine error")
	// ErrAssertion: an assertion of the engine failed. The handle is poisoned:
	// close nothing, start over in a new process if that matters.
	ErrAssertion = errors.New("engine assertion failed")
	// ErrNoSlot: a decode found no room in the KV cache; memory is as before.
	ErrNoSlot = errors.New("no room in the KV cache")
	// ErrCanceled: a load or a decode was cancelled; ubatches that were finished
	// stay in memory.
	ErrCanceled = errors.New("cancelled")
	// ErrBatch: the engine found the batch inconsistent; memory is as before.
	ErrBatch = errors.New("inconsistent batch")
	// ErrDecode: the computation failed; ubatches that were finished stay in memory.
	ErrDecode = errors.New("decode failed")
	// ErrClosed: the handle was closed before.
	ErrClosed = errors.New("already closed")
	// ErrBusy: the handle has live children.
	ErrBusy = errors.New("still in use")
	// ErrBatchFull: the batch has no room for another token.
	ErrBatchFull = errors.New("batch is full")
	// ErrNoRow: the last batch has no logits, or no embedding, at that place.
	ErrNoRow = errors.New("nothing was computed for this row")
	// ErrLimit: a chat template, a grammar or a text to tokenize took more time, memory or
	// stack than such a thing may, and was stopped.
	ErrLimit = errors.New("limit exceeded")
)

// Error is what a call on the engine returns.
type Error struct {
	Op      string // the operation and its object, "load model.gguf"
	Kind    error  // one of the values above
	Message string // the engine's or the guard's words; may be empty
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Op + ": " + e.Kind.Error()
	}
	return e.Op + ": " + e.Message
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// newError turns a code and C's message, which it frees, into an *Error.
func newError(op string, code C.int, message *C.char) error {
	return &Error{Op: op, Kind: kindOf(int(code)), Message: takeString(message)}
}

func kindOf(code int) error {
	switch code {
	case C.LLM_EINVAL:
		return ErrInvalid
	case C.LLM_EENGINE:
		return ErrEngine
	case C.LLM_EABORT:
		return ErrAssertion
	case C.LLM_ENOSLOT:
		return ErrNoSlot
	case C.LLM_ECANCELED:
		return ErrCanceled
	case C.LLM_EBATCH:
		return ErrBatch
	case C.LLM_EFATAL:
		return ErrDecode
	case C.LLM_ELIMIT:
		return ErrLimit
	}
	return fmt.Errorf("unknown code %d", code)
}
