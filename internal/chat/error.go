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
	// ErrUnsupported: the model, the backend or the system cannot do this; the
	// message says which, and what can be done instead.
	ErrUnsupported = errors.New("not supported")
	// ErrState: a saved state is damaged, or belongs to another model, KV cache
	// type or engine. Evaluate the conversation again.
	ErrState = errors.New("the saved state cannot be used")
)

// ErrOutOfMemory: there is not enough memory. Ask for a smaller context, a smaller KV
// cache type, or another quantization; where a device lacks it, put less on the device.
type ErrOutOfMemory struct {
	What       string // what needs it
	Device     string // whose memory it is, "CUDA0"; empty: the host's, or not known
	Need, Free uint64 // bytes; 0 and 0 where it is not known
}

func (e *ErrOutOfMemory) Error() string {
	on, remedy := "", "ask for a smaller context, or for a smaller KV cache type (q8_0)"
	if e.Device != "" {
		on = " on " + e.Device
		remedy = "put fewer layers there, or fewer tensors, or " + remedy
	}
	if e.Need == 0 {
		return fmt.Sprintf("%s: out of memory%s; %s", e.What, on, remedy)
	}
	return fmt.Sprintf("%s needs %s%s, and %s are free; %s", e.What, size(e.Need), on, size(e.Free), remedy)
}

func size(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// ErrContextFull: a text does not fit the context. Open the model with a larger one,
// give less, or choose a policy (Request.Overflow).
type ErrContextFull struct {
	Need int // tokens: the text, and one to generate
	Size int // tokens the context holds
}

func (e *ErrContextFull) Error() string {
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

// CrashReason says how a model's child process ended.
type CrashReason string

// The reasons.
const (
	CrashAssertion CrashReason = "assertion" // the engine gave up on itself
	CrashSignal    CrashReason = "signal"    // a fault, or a signal from outside
	CrashMemory    CrashReason = "memory"    // there was no memory for it, the host's or a device's
	CrashStalled   CrashReason = "stalled"   // it made no progress, and was killed
	CrashExit      CrashReason = "exit"      // it ended for another reason
)

// ErrEngineCrash: the child process of an isolated model ended. The request is lost;
// the next one starts a new child.
type ErrEngineCrash struct {
	Reason  CrashReason
	Signal  string // "aborted", "segmentation fault", …; empty when there was none
	Message string // the last words of the engine; may be empty
}

func (e *ErrEngineCrash) Error() string {
	text := "the engine's process ended (" + string(e.Reason)
	if e.Signal != "" {
		text += ", " + e.Signal
	}
	text += ")"
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}
