package score

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// Windows that are written at the same time: a batch of so many tokens takes little longer
// than one.
const together = 8

// Generated is text that the model writes by itself, as many windows of it as asked for:
// each begins with BOS and is sampled from the model's own distribution, at temperature 1
// with nothing cut off, from its own seed (seed and the number of the window). Where the
// model ends a text, another begins. Such text needs no data, and is likelier to the model
// than what people write: perplexities on it are lower, and say so with "generated".
//
// progress, which may be nil, is called with the tokens written so far and all of them.
func (m *Model) Generated(ctx context.Context, windows int, seed uint64, progress func(done, total int)) (*eval.Text, error) {
	begin := m.beginning()
	if begin == llama.NoToken {
		return nil, fmt.Errorf("%s has no token that begins a text, so that it cannot write one from nothing; give a text", m.path)
	}
	if windows < 1 || windows > 1<<16 {
		return nil, fmt.Errorf("generate %d windows: it must be 1 to %d", windows, 1<<16)
	}
	w := &writer{model: m, begin: begin, seed: seed, total: windows * m.window, progress: progress}
	tokens := make([]int32, 0, w.total)
	for len(tokens) < w.total {
		n := min(together, windows-len(tokens)/m.window)
		written, err := w.write(ctx, len(tokens)/m.window, n)
		if err != nil {
			return nil, fmt.Errorf("%s: generate text: %w", m.path, err)
		}
		tokens = append(tokens, written...)
	}
	return eval.NewText(tokens, m.window, m.bos())
}

// Generate is [Model.Generated] of a model that is loaded already, from path.
func Generate(ctx context.Context, model *llama.Model, path string, o Options, windows int, seed uint64, progress func(done, total int)) (*eval.Text, error) {
	m := &Model{path: path, options: o, model: model, info: model.Info(), window: o.Window}
	return m.Generated(ctx, windows, seed, progress)
}

// beginning is BOS, or else what ends a text, behind which models learned that another
// begins.
func (m *Model) beginning() llama.Token {
	for _, t := range []llama.Token{m.info.BOS, m.info.EOS, m.info.EOT} {
		if t != llama.NoToken {
			return t
		}
	}
	return llama.NoToken
}

// writer writes windows.
type writer struct {
	model    *Model
	begin    llama.Token
	seed     uint64
	done     int
	total    int
	progress func(done, total int)
}

// write writes n windows from number first on, in a context of its own.
func (w *writer) write(ctx context.Context, first, n int) (tokens []int32, err error) {
	m := w.model
	c, err := engine.NewContext(m.model, m.path, m.options.Engine, m.window*n, func(p *llama.ContextParams) {
		p.Sequences, p.Outputs, p.Batch, p.Ubatch = n, n, n, n
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	batch, err := llama.NewBatch(n, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, batch.Close()) }()
	chains := make([]*sampler.Chain, n)
	for i := range chains {
		if chains[i], err = sampler.New(m.info.Vocab, sampling(w.seed, first+i)); err != nil {
			return nil, err
		}
	}
	tokens = make([]int32, n*m.window)
	for pos := range m.window {
		if pos > 0 {
			if err := w.step(ctx, c, batch, tokens, pos, chains); err != nil {
				return nil, err
			}
		} else {
			for i := range n {
				tokens[i*m.window] = int32(w.begin)
			}
		}
		w.done += n
		if w.progress != nil {
			w.progress(w.done, w.total)
		}
	}
	return tokens, nil
}

// step reads the tokens before a position, of all windows, and writes those at it.
func (w *writer) step(ctx context.Context, c *llama.Context, batch *llama.Batch, tokens []int32, pos int, chains []*sampler.Chain) error {
	m := w.model
	batch.Clear()
	for i := range chains {
		if err := batch.Add(llama.Token(tokens[i*m.window+pos-1]), pos-1, true, i); err != nil {
			return err
		}
	}
	if err := canceled(ctx, c, func() error { return c.Decode(batch) }); err != nil {
		return err
	}
	for i, chain := range chains {
		at := i*m.window + pos
		if m.model.IsEOG(llama.Token(tokens[at-1])) && tokens[at-1] != int32(w.begin) {
			tokens[at] = int32(w.begin) // another text
			continue
		}
		logits, err := c.Logits(i)
		if err != nil {
			return err
		}
		if tokens[at], err = chain.Sample(logits); err != nil {
			return err
		}
	}
	return nil
}

// sampling is from the distribution as it is.
func sampling(seed uint64, window int) sampler.Params {
	p := sampler.Defaults()
	p.Seed = uint32(seed) ^ uint32(seed>>32) + uint32(window)*0x9E3779B1
	if p.Seed == sampler.RandomSeed {
		p.Seed = 0
	}
	p.Order, p.Temperature = []sampler.Step{sampler.Temperature}, 1
	return p
}
