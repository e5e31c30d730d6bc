package llama_test

import (
	"math"
	"slices"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var contextGuards = map[string]guardCase{
	"KV cache types that are none": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		var good []llama.KVType
		for _, name := range llama.KVTypes {
			kv, err := llama.ParseKVType(name)
			g.must(err)
			good = append(good, kv)
		}
		for _, kv := range append(upTo(64), -1, -1<<31, 1<<30, 1<<31-1) {
			if !slices.Contains(good, llama.KVType(kv)) {
				errs = append(errs, g.context(func(p *llama.ContextParams) { p.KeyType = llama.KVType(kv) }),
					g.context(func(p *llama.ContextParams) { p.ValueType = llama.KVType(kv) }))
			}
		}
		return errs
	}},
	"KV cache types whose blocks do not fit": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, name := range []string{"q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"} {
			kv, err := llama.ParseKVType(name)
			g.must(err)
			errs = append(errs, g.context(func(p *llama.ContextParams) { p.KeyType = kv }),
				g.context(func(p *llama.ContextParams) { p.ValueType, p.FlashAttention = kv, llama.FlashAttentionOn }))
		}
		return errs
	}},
	"quantized V without flash attention": {llama.ErrInvalid, func(g *guarded) []error {
		return []error{g.context(func(p *llama.ContextParams) {
			p.FlashAttention = llama.FlashAttentionOff
			p.ValueType, _ = llama.ParseKVType("q8_0")
		})}
	}},
	"thread counts": {llama.ErrInvalid, func(g *guarded) []error {
		return g.contexts([]int{0, -1, 513, 100000, 1 << 40, math.MinInt64}, func(p *llama.ContextParams, v int) { p.Threads = v },
			func(p *llama.ContextParams, v int) { p.ThreadsBatch = v })
	}},
	"sequence counts": {llama.ErrInvalid, func(g *guarded) []error {
		return g.contexts([]int{0, -1, 257, 100000, 1 << 31, 1 << 32, math.MaxInt64}, func(p *llama.ContextParams, v int) { p.Sequences = v })
	}},
	"context sizes": {llama.ErrInvalid, func(g *guarded) []error {
		return g.contexts([]int{-1, 1 << 30, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1 << 40}, func(p *llama.ContextParams, v int) { p.Context = v })
	}},
	"batch sizes of a context": {llama.ErrInvalid, func(g *guarded) []error {
		return g.contexts([]int{-1, 0, 1 << 30, 1<<31 - 1, 1 << 31, 1 << 32}, func(p *llama.ContextParams, v int) { p.Batch = v },
			func(p *llama.ContextParams, v int) { p.Ubatch = v })
	}},
	"choices that are none": {llama.ErrInvalid, func(g *guarded) []error {
		return append(g.contexts([]int{-2, 2, 7, math.MaxInt32}, func(p *llama.ContextParams, v int) { p.FlashAttention = llama.FlashAttention(v) }),
			g.contexts([]int{-2, 5, math.MaxInt32}, func(p *llama.ContextParams, v int) { p.Pooling = llama.Pooling(v) })...)
	}},
	"context of a vocabulary": {llama.ErrInvalid, func(g *guarded) []error {
		p := llama.DefaultModelParams()
		p.VocabOnly = true
		m, err := llama.LoadModel(testgguf.Decoder(1).Write(g, "vocabulary.gguf"), p)
		g.must(err)
		defer m.Close()
		_, contextErr := m.NewContext(smallParams())
		return []error{contextErr}
	}},
	"more sequences than a batch has tokens": {llama.ErrInvalid, func(g *guarded) []error {
		return []error{g.context(func(p *llama.ContextParams) { p.Sequences = 65 }), g.context(func(p *llama.ContextParams) { p.Sequences, p.Batch = 2, 1 }),
			g.context(func(p *llama.ContextParams) { p.Sequences, p.Context = 64, 1 }), g.context(func(p *llama.ContextParams) { p.Sequences, p.Context, p.Batch = 200, 0, 2048 })}
	}},
	"sizes that do not fit each other": {nil, func(g *guarded) []error {
		return []error{g.context(func(p *llama.ContextParams) { p.Sequences, p.Context = 64, 64 }),
			g.context(func(p *llama.ContextParams) { p.Batch, p.Ubatch = 1, 512 }),
			g.context(func(p *llama.ContextParams) { p.Batch, p.Ubatch, p.Context = 4096, 8192, 1 })}
	}},
	"scores of a model without a head": {nil, func(g *guarded) []error {
		c := newContext(g.T, g.m, func(p *llama.ContextParams) { p.Embeddings, p.Pooling = true, llama.PoolingRank })
		g.add(300, 0, 0)
		err := c.Decode(g.b)
		_, rowErr := c.SequenceEmbedding(0)
		return []error{err, rowErr}
	}},
	"computing with a model that was not loaded": {llama.ErrInvalid, func(g *guarded) []error {
		p := llama.DefaultModelParams()
		p.NoAlloc = true
		m, err := llama.LoadModel(testgguf.Decoder(1).Write(g, "simulated.gguf"), p)
		g.must(err)
		defer m.Close()
		c, err := m.NewContext(smallParams())
		g.must(err)
		defer c.Close()
		g.add(300, 0, 0)
		_, stateErr := c.Memory().State(0)
		g.must(c.Memory().Clear())
		return []error{c.Decode(g.b), stateErr, c.Memory().SetState(0, make([]byte, 64))}
	}},
}

// context is why a context with these parameters is refused; nil: it is made and takes
// a token.
func (g *guarded) context(change func(*llama.ContextParams)) error {
	p := smallParams()
	change(&p)
	c, err := g.m.NewContext(p)
	if err != nil {
		return err
	}
	defer c.Close()
	g.add(300, 0, 0)
	return c.Decode(g.b)
}

func (g *guarded) contexts(values []int, changes ...func(*llama.ContextParams, int)) (errs []error) {
	for _, v := range values {
		for _, change := range changes {
			errs = append(errs, g.context(func(p *llama.ContextParams) { change(p, v) }))
		}
	}
	return errs
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}
