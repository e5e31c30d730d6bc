package chat

import (
	"errors"
	"fmt"
)

// Errors that a caller can act on.
var (
	// ErrClosed: the model was closed.
	ErrClosed = errors.New("the model is closed")
	// ErrNoTemplate: the model has no chat template; complete a raw prompt
	// instead, or give a template.
	ErrNoTemplate = errors.New("the model has no chat template")
	// ErrRequest: the request itself is wrong.
	ErrRequest = errors.New("invalid request")
)

// ContextError: a prompt does not fit the context.
type ContextError struct {
	Need int // tokens: the prompt and one to generate
	Size int // tokens the context holds
}

func (e *ContextError) Error() string {
	return fmt.Sprintf("the prompt needs %d tokens of context, the context holds %d", e.Need, e.Size)
}

// TextError: a text is not what can be given to a model.
type TextError struct {
	What   string // which text: "prompt", "message 2"
	Reason string
	Offset int // byte
}

func (e *TextError) Error() string {
	return fmt.Sprintf("%s: %s at byte %d", e.What, e.Reason, e.Offset)
}

// Unwrap makes it an ErrRequest.
func (e *TextError) Unwrap() error { return ErrRequest }
