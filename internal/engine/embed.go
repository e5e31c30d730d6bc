package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// embedDefault bounds the context of embeddings that nobody asked for: a text is
// computed in one piece, whose buffers grow with it.
const embedDefault = 2048

// embedder computes embeddings, in a context of its own.
type embedder struct {
	ctx   *llama.Context
	batch *llama.Batch
}

// newEmbedder makes the context. A model that names no pooling gets the mean.
func (e *Engine) newEmbedder() (*embedder, error) {
	pooling := llama.PoolingDefault
	if name := e.options.Pooling; name != "" {
		var err error
		if pooling, err = llama.ParsePooling(name); err != nil {
			return nil, fmt.Errorf("%w: %w", chat.ErrRequest, err)
		}
	}
	if pooling == llama.PoolingRank && !e.ranks() {
		return nil, fmt.Errorf("%w: this model is no reranker; use pooling mean, cls or last", chat.ErrUnsupported)
	}
	c, err := e.newEmbedContext(pooling)
	if err == nil && pooling == llama.PoolingDefault && c.Info().Pooling == llama.PoolingNone {
		if err = c.Close(); err == nil {
			c, err = e.newEmbedContext(llama.PoolingMean)
		}
	}
	if err != nil {
		return nil, err
	}
	b, err := llama.NewBatch(c.Info().Batch, 1)
	if err == nil {
		act, _, _ := e.adapters.choose(nil)
		if err = c.Adapt(act...); err == nil {
			return &embedder{c, b}, nil
		}
		err = errors.Join(err, b.Close())
	}
	return nil, errors.Join(err, c.Close())
}

func (e *Engine) newEmbedContext(pooling llama.Pooling) (*llama.Context, error) {
	mi := e.model.Info()
	size, _ := e.embedContext()
	p, err := e.options.embedParams(size, pooling)
	if err != nil {
		return nil, err
	}
	if err := checkMemory(e.info.Path, e.options, p); err != nil {
		return nil, err
	}
	c, err := e.model.NewContext(p)
	if err != nil {
		return nil, e.explainContextMemory(explainContext(err, size, mi), p)
	}
	return c, nil
}

// embedContext is chooseContext for embeddings.
func (e *Engine) embedContext() (size int, reason string) {
	size, reason = chooseContext(e.options.Context, e.model.Info().ContextTrain)
	if e.options.Context == 0 && size > embedDefault {
		return embedDefault, "default for embeddings"
	}
	return size, reason
}

// ranks tells whether the model has the classification head of a reranker.
func (e *Engine) ranks() bool {
	arch, _ := e.model.Meta("general.architecture")
	kind, _ := e.model.Meta(arch + ".pooling_type")
	return kind == fmt.Sprint(int(llama.PoolingRank))
}

func (m *embedder) close() error { return errors.Join(m.batch.Close(), m.ctx.Close()) }

// Embed turns texts into vectors. A text that is longer than the context is a
// *chat.ErrContextFull. Requests are served in turn with those of Generate.
func (e *Engine) Embed(ctx context.Context, r chat.EmbedRequest) (*chat.Embeddings, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	texts := make([][]llama.Token, len(r.Texts))
	for i, text := range r.Texts {
		var err error
		if texts[i], err = e.Tokenize(text, true, true); err != nil {
			return nil, err
		}
		if len(texts[i]) == 0 {
			return nil, fmt.Errorf("%w: text %d is empty", chat.ErrRequest, i+1)
		}
	}
	var all *chat.Embeddings
	err := e.do(ctx, func(o *owner) (err error) {
		if o.embedder == nil {
			if o.embedder, err = e.newEmbedder(); err != nil {
				return err
			}
			e.embedProgress.Store(o.embedder.ctx)
		}
		defer o.cancelWith(ctx, o.embedder.ctx)()
		all, err = o.embedder.embed(texts, r.Raw)
		return err
	})
	return all, err
}

// embed computes the texts one after the other: together, each would round a little
// differently in other company.
func (m *embedder) embed(texts [][]llama.Token, raw bool) (*chat.Embeddings, error) {
	info := m.ctx.Info()
	all := &chat.Embeddings{Pooling: info.Pooling.String()}
	for _, t := range texts {
		if n := len(t); n > m.batch.Cap() {
			return nil, &chat.ErrContextFull{Need: n, Size: m.batch.Cap()}
		}
		all.Tokens = append(all.Tokens, len(t))
	}
	for _, text := range texts {
		m.batch.Clear()
		for pos, t := range text {
			if err := m.batch.Add(t, pos, true, 0); err != nil {
				return nil, err
			}
		}
		if err := m.compute(); err != nil {
			return nil, err
		}
		vectors, err := m.vectors()
		if err != nil {
			return nil, err
		}
		for _, v := range vectors {
			if !raw && info.Pooling != llama.PoolingRank {
				normalize(v)
			}
		}
		all.Vectors = append(all.Vectors, vectors...)
	}
	return all, nil
}

func (m *embedder) compute() error {
	if !m.ctx.Info().Memory {
		return m.ctx.Encode(m.batch)
	}
	if err := m.ctx.Memory().Clear(); err != nil {
		return err
	}
	return m.ctx.Decode(m.batch)
}

// vectors copies what was computed: one vector, or one a token.
func (m *embedder) vectors() ([][]float32, error) {
	n, get := 1, m.ctx.SequenceEmbedding
	if m.ctx.Info().Pooling == llama.PoolingNone {
		n, get = m.batch.Len(), m.ctx.TokenEmbedding
	}
	vectors := make([][]float32, n)
	for i := range vectors {
		v, err := get(i)
		if err != nil {
			return nil, err
		}
		vectors[i] = slices.Clone(v)
	}
	return vectors, nil
}

// normalize scales a vector to length 1.
func normalize(v []float32) {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return
	}
	scale := float32(1 / math.Sqrt(sum))
	for i := range v {
		v[i] *= scale
	}
}
