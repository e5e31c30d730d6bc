// Package llm runs language models in this process: open a GGUF file, chat with it
// or complete a prompt, and read the reply as a stream of events. (In a child of this
// process: see Isolated.)
//
//	m, err := llm.Open("model.gguf")
//	if err != nil {
//		log.Fatal(err)
//	}
//	defer m.Close()
//	for ev, err := range m.Chat(ctx, []llm.Message{llm.User("Why is the sky blue?")}) {
//		if err != nil {
//			log.Fatal(err)
//		}
//		fmt.Print(ev.Text)
//	}
//
// A Model may be used by any number of goroutines: requests are served in the
// order in which they came. Leaving a loop, or cancelling its context, stops the
// request at once, also in the middle of a long prompt. Nothing is silent: a
// prompt that does not fit the context is an error, unless a policy was chosen,
// and then what was dropped is an event.
//
// The package is the door for Go programs; it contains no logic of its own.
package llm

import (
	"context"
	"fmt"
	"iter"
	"log/slog"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/state"
	"github.com/seed-f87006eb/llm/llama"
)

// Model is a loaded model with one context. Its methods may be called from any
// goroutine.
type Model struct {
	Tokenizer
	engine backend
}

// backend is a model in this process, or in a child.
type backend interface {
	tokenizer
	Info() engine.Info
	Generate(context.Context, chat.Request) iter.Seq2[chat.Event, error]
	Embed(context.Context, chat.EmbedRequest) (*chat.Embeddings, error)
	SaveState(ctx context.Context, path string, note []byte) error
	LoadState(ctx context.Context, path string) (note []byte, err error)
}

// Open loads the GGUF file at path (of a split model, the first part). The caller
// must Close the model.
func Open(path string, options ...Option) (*Model, error) {
	o := openOptions{ctx: context.Background()}
	for _, option := range options {
		option(&o)
	}
	open := openHere
	if o.isolation.on {
		open = openIsolated
	}
	m, err := open(path, &o)
	if err != nil {
		return nil, err
	}
	return &Model{Tokenizer{m}, m}, nil
}

// openHere opens a model in this process.
func openHere(path string, o *openOptions) (backend, error) {
	e, err := engine.Open(o.ctx, path, o.engine)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Close stops the running request, refuses the queued ones (ErrClosed) and frees
// the model.
func (m *Model) Close() error { return m.engine.Close() }

// WeightsID is a number for SharedWeights; 0 for an isolated model, and after Close.
func (m *Model) WeightsID() uint64 {
	here, ok := m.engine.(interface{ WeightsID() uint64 })
	if !ok {
		return 0
	}
	return here.WeightsID()
}

// Info describes the model, its context and what they hold in memory.
func (m *Model) Info() Info { return m.engine.Info() }

// Chat answers a conversation, rendered by the model's own chat template. The
// sequence ends with a usage and a stop event, or with an error; a cancelled
// context gives both.
func (m *Model) Chat(ctx context.Context, messages []Message, options ...RequestOption) iter.Seq2[Event, error] {
	if len(messages) == 0 {
		return func(yield func(Event, error) bool) {
			yield(Event{}, fmt.Errorf("%w: a chat without messages", ErrRequest))
		}
	}
	return m.engine.Generate(ctx, newRequest(Request{Messages: messages}, options))
}

// Generate continues a raw prompt, without a template. It ends as Chat does.
func (m *Model) Generate(ctx context.Context, prompt string, options ...RequestOption) iter.Seq2[Event, error] {
	return m.engine.Generate(ctx, newRequest(Request{Prompt: prompt}, options))
}

// Embed turns texts into vectors of length 1. A text that is longer than the context
// is an error (*ErrContextFull). Cancelling ctx stops it.
func (m *Model) Embed(ctx context.Context, texts []string, options ...EmbedOption) (*Embeddings, error) {
	r := chat.EmbedRequest{Texts: texts}
	for _, option := range options {
		option(&r)
	}
	return m.engine.Embed(ctx, r)
}

// SaveState writes what the model remembers of the last conversation to a file,
// which takes the place of an existing one only when it is complete: its tokens and
// their KV cache, so that LoadState goes on without evaluating them again. note is
// the caller's own, and comes back from LoadState and ReadStateNote.
func (m *Model) SaveState(ctx context.Context, path string, note []byte) error {
	return m.engine.SaveState(ctx, path, note)
}

// LoadState brings back what SaveState wrote. ErrState when the file is damaged or
// belongs to another model, KV cache type or engine; the note comes back even then,
// where it can be read.
func (m *Model) LoadState(ctx context.Context, path string) (note []byte, err error) {
	return m.engine.LoadState(ctx, path)
}

// ReadStateNote reads the note of a file that SaveState wrote, without a model.
func ReadStateNote(path string) ([]byte, error) { return state.ReadNote(path) }

// SetLogger sends the engine's own messages at or above level to l, for all
// models; nil, the state at start, silences them.
func SetLogger(l *slog.Logger, level slog.Level) { llama.SetLogger(l, level) }

// Devices lists what the engine can compute on.
func Devices() ([]Device, error) { return llama.Devices() }

// Backends lists the engine's backends, also those that found no device or did not
// load, with what they said.
func Backends() ([]Backend, error) { return llama.Backends() }

// BuildInfo says what the engine in this program was built from.
func BuildInfo() Build { return llama.BuildInfo() }

// System, User and Assistant are messages of that role.
func System(content string) Message { return Message{Role: chat.System, Content: content} }

// User is a message of the user.
func User(content string) Message { return Message{Role: chat.User, Content: content} }

// Assistant is a message of the assistant.
func Assistant(content string) Message { return Message{Role: chat.Assistant, Content: content} }

// DefaultThreads is how many threads a model computes with unless told otherwise:
// the physical cores that this process may use.
func DefaultThreads() int { return engine.DefaultThreads() }
