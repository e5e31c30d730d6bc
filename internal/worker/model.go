package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
)

// Config says how a child is run. The zero value of each field is its default.
type Config struct {
	// Program is the program to start; empty: this one. It calls IsChild and Main.
	Program string
	// MemoryLimit is how many bytes the child may allocate; 0: no limit.
	MemoryLimit uint64
	// Stall is how long a child with something to do may make no progress; 0: a minute.
	Stall time.Duration
	// Grace is how long it may take to let go of what was cancelled; 0: two seconds.
	Grace time.Duration
}

// Model is a model in a child process. Its methods may be called from any goroutine.
//
// When the child ends, what it was doing fails with a *chat.ErrEngineCrash, and the
// next call starts another one, which loads the model again.
type Model struct {
	succession
	path    string
	options engine.Options
	info    engine.Info // under mu
}

// Open loads the model at path in a child. Cancelling ctx stops it. o.Progress is
// called for this first load only.
func Open(ctx context.Context, path string, o engine.Options, config Config) (*Model, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	if err := checkOptions(&o); err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	m := &Model{path: path, options: o}
	m.options.Progress = nil
	first := o.Progress
	m.succession.start = func(ctx context.Context) (*child, error) {
		progress := first
		first = nil
		return m.start(ctx, progress)
	}
	if err := m.begins(ctx, config); err != nil {
		return nil, err
	}
	return m, nil
}

// checkOptions refuses what JSON would change on its way.
func checkOptions(o *engine.Options) error {
	if !utf8.ValidString(o.ChatTemplate) {
		return errors.New("the chat template is not valid UTF-8")
	}
	return errors.Join(checkAdapters(o.LoRA), checkAdapters(o.ControlVectors), o.Placement.Check())
}

func checkAdapters(adapters []chat.Adapter) error {
	for _, a := range adapters {
		if !utf8.ValidString(a.Path) {
			return fmt.Errorf("%w: the path of adapter %q is not valid UTF-8", chat.ErrRequest, a.Path)
		}
	}
	return nil
}

// Info describes the model, as it was loaded last.
func (m *Model) Info() engine.Info {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.info
}

// Tokenize splits text, see engine.Tokenizer.
func (m *Model) Tokenize(text string, addSpecial, parseSpecial bool) ([]llama.Token, error) {
	r, err := m.do(context.Background(), &request{Tokenize: &tokenizeRequest{[]byte(text), addSpecial, parseSpecial}})
	return r.Tokens, err
}

// Detokenize is the text of tokens, control tokens included.
func (m *Model) Detokenize(tokens []llama.Token) (string, error) {
	if tokens == nil {
		tokens = []llama.Token{}
	}
	r, err := m.do(context.Background(), &request{Detokenize: tokens})
	return string(r.Bytes), err
}

// Piece is the bytes of one token, control tokens included.
func (m *Model) Piece(token llama.Token) ([]byte, error) {
	r, err := m.do(context.Background(), &request{Piece: &token})
	return r.Bytes, err
}

// Embed turns texts into vectors.
func (m *Model) Embed(ctx context.Context, e chat.EmbedRequest) (*chat.Embeddings, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	r, err := m.do(ctx, &request{Embed: &e})
	return r.Embeddings.embeddings(), err
}

// SaveState writes what memory holds to a file.
func (m *Model) SaveState(ctx context.Context, path string, note []byte) error {
	_, err := m.do(ctx, &request{Save: &stateRequest{Path: m.resolve(path), Note: note}})
	return err
}

// LoadState brings back what SaveState wrote.
func (m *Model) LoadState(ctx context.Context, path string) (note []byte, err error) {
	r, err := m.do(ctx, &request{Load: &stateRequest{Path: m.resolve(path)}})
	return r.Bytes, err
}

// resolve is path as the child must see it, which stays in the folder where the model
// was opened.
func (m *Model) resolve(path string) []byte {
	if dir, err := os.Getwd(); err == nil && dir != m.dir && path != "" && !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return []byte(path)
}
