package score

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/llama"
)

// DefaultWindow is the window of which most published perplexities are: n_ctx 512.
const DefaultWindow = 512

// Options are the choices of Open.
type Options struct {
	// Engine has those of the load and of the context: placement, threads, KV cache types,
	// flash attention, Ubatch. Its Context, Batch, Fit and adapters do not count.
	Engine engine.Options
	Window int // tokens; 0: DefaultWindow
	// Rows is how many rows of logits are computed at once; 0: as many as fit 64 MiB,
	// from 64 to half a window. From 64 on the engine's flash attention on the CPU computes
	// as with larger batches (ggml-cpu/ops.cpp@v0.5.0, GGML_FA_TILE_Q); with fewer the
	// figures are a little different ones.
	Rows int
}

// Model is a model that reads windows. One goroutine at a time, except Tokenize.
type Model struct {
	path       string
	options    Options
	model      *llama.Model
	ctx        *llama.Context
	batch      *llama.Batch
	vocabulary eval.Vocabulary
	info       llama.ModelInfo
	window     int
	rows       int
	read       int // tokens in memory
}

// Open loads a model for windows of a size. Cancelling ctx stops the load. A file that the
// engine would not survive, that makes no text, or that has no vocabulary is refused.
func Open(ctx context.Context, path string, o Options) (m *Model, err error) {
	m = &Model{path: path, options: o, window: o.Window, rows: o.Rows}
	if m.window == 0 {
		m.window = DefaultWindow
	}
	if m.window < 4 || m.rows < 0 {
		return nil, fmt.Errorf("open model %s: windows of %d tokens, %d rows at once; a window has at least 4, and no number is negative", path, m.window, m.rows)
	}
	var unread error
	if m.model, err = engine.Load(ctx, path, o.Engine, func(f *gguf.File) { m.vocabulary, unread = eval.VocabularyOf(f) }); err != nil {
		return nil, err
	}
	m.info = m.model.Info()
	if err = unread; err != nil {
		err = fmt.Errorf("open model %s: %w", path, err)
	} else {
		err = m.setUp()
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Rows of logits that are computed at once take so many bytes, but for the least number of
// rows.
const (
	rowMemory = 64 << 20
	leastRows = 64
)

func (m *Model) setUp() (err error) {
	half := m.window - m.window/2
	if m.rows == 0 {
		m.rows = max(leastRows, rowMemory/(4*m.info.Vocab))
	}
	m.rows = min(m.rows, half)
	if m.ctx, err = engine.NewContext(m.model, m.path, m.options.Engine, m.window, func(p *llama.ContextParams) {
		p.Batch = min(m.window, max(half, m.rows))
		p.Ubatch = min(p.Ubatch, p.Batch)
		p.Outputs = m.rows
	}); err != nil {
		return err
	}
	m.batch, err = llama.NewBatch(max(half, m.rows), 1)
	return err
}

// Close frees the model.
func (m *Model) Close() error {
	var errs []error
	if m.batch != nil {
		errs = append(errs, m.batch.Close())
	}
	if m.ctx != nil {
		errs = append(errs, m.ctx.Close())
	}
	return errors.Join(append(errs, m.model.Close())...)
}

// Info is what the engine says of the model, Vocabulary what its file has, Use the memory
// that it takes.
func (m *Model) Info() llama.ModelInfo { return m.info }

// Vocabulary: see Info.
func (m *Model) Vocabulary() eval.Vocabulary { return m.vocabulary }

// Use: see Info.
func (m *Model) Use() []llama.MemoryUse { return m.ctx.MemoryUse() }

// Vocab is how many logits a row has.
func (m *Model) Vocab() int { return m.info.Vocab }

// Rows is how many rows Extend can compute at once.
func (m *Model) Rows() int { return m.rows }

// Start forgets what was read and reads tokens.
func (m *Model) Start(ctx context.Context, tokens []int32) error {
	if err := m.ctx.Memory().Clear(); err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	m.read = 0
	for len(tokens) > 0 {
		n := min(len(tokens), m.batch.Cap())
		if err := m.decode(ctx, tokens[:n], false); err != nil {
			return err
		}
		tokens = tokens[n:]
	}
	return nil
}

// Extend reads on, and computes a row for each token.
func (m *Model) Extend(ctx context.Context, tokens []int32) error {
	if len(tokens) > m.rows {
		return fmt.Errorf("%s: %d rows of logits at once; there is room for %d", m.path, len(tokens), m.rows)
	}
	return m.decode(ctx, tokens, true)
}

// Row is row i of the last Extend, borrowed from the engine.
func (m *Model) Row(i int) ([]float32, error) { return m.ctx.Logits(i) }

// decode reads tokens. When ctx is done it stops within a ubatch, with the cause.
func (m *Model) decode(ctx context.Context, tokens []int32, rows bool) error {
	if m.read+len(tokens) > m.window {
		return fmt.Errorf("%s: %d tokens in a window of %d", m.path, m.read+len(tokens), m.window)
	}
	m.batch.Clear()
	for i, t := range tokens {
		if err := m.batch.Add(llama.Token(t), m.read+i, rows, 0); err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
	}
	if err := canceled(ctx, m.ctx, func() error { return m.ctx.Decode(m.batch) }); err != nil {
		return fmt.Errorf("%s: %w", m.path, err)
	}
	m.read += len(tokens)
	return nil
}

// canceled runs a decode that the end of ctx stops.
func canceled(ctx context.Context, c *llama.Context, decode func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var stopping sync.WaitGroup
	stopping.Add(1)
	stop := context.AfterFunc(ctx, func() {
		defer stopping.Done()
		c.Cancel(true)
	})
	err := decode()
	if !stop() { // it runs, or ran
		stopping.Wait()
		c.Cancel(false)
	}
	if errors.Is(err, llama.ErrCanceled) {
		return context.Cause(ctx)
	}
	return err
}
