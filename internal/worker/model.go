package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
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
	path    string
	dir     string // where relative paths begin
	options engine.Options
	config  Config

	ctx    context.Context // of restarts; done when the model is closed
	cancel context.CancelFunc

	mu     sync.Mutex
	child  *child
	coming *restart // nil: none
	info   engine.Info

	close    sync.Once
	closeErr error
}

// restart is a child on its way.
type restart struct {
	done  chan struct{}
	child *child
	err   error
}

// Open loads the model at path in a child. Cancelling ctx stops it. o.Progress is
// called for this first load only.
func Open(ctx context.Context, path string, o engine.Options, config Config) (*Model, error) {
	if config.MemoryLimit > 0 && !canLimitMemory {
		return nil, fmt.Errorf("open model %s: a memory limit is %w on this system", path, chat.ErrUnsupported)
	}
	if err := checkOptions(&o); err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	if config.Stall <= 0 {
		config.Stall = time.Minute
	}
	if config.Grace <= 0 {
		config.Grace = 2 * time.Second
	}
	m := &Model{path: path, options: o, config: config}
	m.dir, _ = os.Getwd() // where it is not known, a child inherits it
	var err error
	if config.Program != "" {
		if m.config.Program, err = exec.LookPath(config.Program); err == nil {
			m.config.Program, err = filepath.Abs(m.config.Program)
		}
		if err != nil {
			return nil, fmt.Errorf("the worker program: %w", err)
		}
	}
	m.options.Progress = nil
	if m.child, err = m.start(ctx, o.Progress); err != nil {
		return nil, err
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
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

// live is a child that takes calls: the one there is, or a new one. Callers wait for
// the same one; a failure is for those who waited, and the next caller tries again.
func (m *Model) live(ctx context.Context) (*child, error) {
	m.mu.Lock()
	if m.ctx.Err() != nil {
		m.mu.Unlock()
		return nil, chat.ErrClosed
	}
	if c := m.child; c != nil && !c.isGone() {
		m.mu.Unlock()
		return c, nil
	}
	if m.coming == nil {
		m.coming = &restart{done: make(chan struct{})}
		go m.restart(m.coming, m.child)
	}
	r := m.coming
	m.mu.Unlock()
	select {
	case <-r.done:
		return r.child, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// restart starts a child after old, which must be gone: memory is for one.
func (m *Model) restart(r *restart, old *child) {
	if old != nil {
		<-old.buried
	}
	c, err := m.start(m.ctx, nil)
	if err != nil && m.ctx.Err() != nil {
		err = chat.ErrClosed
	}
	m.mu.Lock()
	r.child, r.err = c, err
	m.child, m.coming = c, nil
	m.mu.Unlock()
	close(r.done)
}

func (c *child) isGone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// begin sends a request to a child that lives.
func (m *Model) begin(ctx context.Context, r *request) (*call, error) {
	for tries := 1; ; tries++ {
		c, err := m.live(ctx)
		if err != nil {
			return nil, err
		}
		k, err := c.begin(ctx, r)
		if !errors.Is(err, errNotSent) || tries == 3 {
			return k, err
		}
	}
}

// do sends a request and waits for its answer.
func (m *Model) do(ctx context.Context, r *request) (reply, error) {
	k, err := m.begin(ctx, r)
	if err != nil {
		return reply{}, err
	}
	return k.wait()
}

// Close stops the running request, refuses the others (chat.ErrClosed) and ends the
// child, which is killed when it does not within the grace period. A second Close
// returns the same.
func (m *Model) Close() error {
	m.close.Do(func() {
		m.cancel()
		m.mu.Lock()
		r := m.coming
		m.mu.Unlock()
		if r != nil {
			<-r.done
		}
		m.mu.Lock()
		c := m.child
		m.mu.Unlock()
		if c != nil {
			m.closeErr = c.close()
		}
	})
	return m.closeErr
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
