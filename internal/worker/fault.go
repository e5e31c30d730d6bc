package worker

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// sentinels are the errors that stay themselves on the way to the parent.
var sentinels = map[string]error{
	"request":     chat.ErrRequest,
	"template":    chat.ErrNoTemplate,
	"closed":      chat.ErrClosed,
	"unsupported": chat.ErrUnsupported,
	"state":       chat.ErrState,
	"model":       engine.ErrNotModel,
	"exist":       fs.ErrNotExist,
	"permission":  fs.ErrPermission,
	"canceled":    context.Canceled,
	"deadline":    context.DeadlineExceeded,

	"llama invalid":   llama.ErrInvalid,
	"llama engine":    llama.ErrEngine,
	"llama assertion": llama.ErrAssertion,
	"llama slot":      llama.ErrNoSlot,
	"llama canceled":  llama.ErrCanceled,
	"llama batch":     llama.ErrBatch,
	"llama decode":    llama.ErrDecode,
	"llama closed":    llama.ErrClosed,
	"llama busy":      llama.ErrBusy,
	"llama limit":     llama.ErrLimit,
}

// fault is an error on the wire: its words, and what errors.Is and errors.As find.
type fault struct {
	Text     []byte
	Is       []string             `json:",omitzero"` // keys of sentinels
	Canceled bool                 `json:",omitzero"` // it is the cause the parent cancelled with
	Full     *chat.ErrContextFull `json:",omitzero"`
	Memory   *chat.ErrOutOfMemory `json:",omitzero"`
	BadText  *chat.TextError      `json:",omitzero"`
	No       *plan.Impossible     `json:",omitzero"`
}

func newFault(err error) *fault {
	if err == nil {
		return nil
	}
	f := &fault{Text: []byte(err.Error())}
	for key, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			f.Is = append(f.Is, key)
		}
	}
	var cause *parentCause
	f.Canceled = errors.As(err, &cause)
	errors.As(err, &f.Full)
	errors.As(err, &f.Memory)
	errors.As(err, &f.BadText)
	errors.As(err, &f.No)
	return f
}

// assertion tells whether the engine's state is not to be trusted any more.
func (f *fault) assertion() bool { return f != nil && slices.Contains(f.Is, "llama assertion") }

// parentCause is why the parent cancelled, in the child.
type parentCause struct{ text string }

func (c *parentCause) Error() string { return c.text }

// remoteError is an error of the child in the parent.
type remoteError struct {
	text  string
	chain []error
}

func (e *remoteError) Error() string   { return e.text }
func (e *remoteError) Unwrap() []error { return e.chain }

// error is the error again; cause is what the parent cancelled the call with.
func (f *fault) error(cause error) error {
	if f == nil {
		return nil
	}
	e := &remoteError{text: string(f.Text)}
	for _, key := range f.Is {
		if sentinel := sentinels[key]; sentinel != nil {
			e.chain = append(e.chain, sentinel)
		}
	}
	if f.Canceled && cause != nil {
		e.chain = append(e.chain, cause)
	}
	if f.Full != nil {
		e.chain = append(e.chain, f.Full)
	}
	if f.Memory != nil {
		e.chain = append(e.chain, f.Memory)
	}
	if f.BadText != nil {
		e.chain = append(e.chain, f.BadText)
	}
	if f.No != nil {
		e.chain = append(e.chain, f.No)
	}
	// An error that was nothing but one of these is that again.
	for _, known := range e.chain {
		if known.Error() == e.text {
			return known
		}
	}
	return e
}
