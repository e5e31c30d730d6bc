package llama_test

import (
	"errors"
	"math"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var decodeGuards = map[string]guardCase{
	"empty batch": {llama.ErrInvalid, func(g *guarded) []error {
		g.b.Clear()
		return []error{g.c.Decode(g.b), g.c.Encode(g.b)}
	}},
	"closed batch": {llama.ErrInvalid, func(g *guarded) []error {
		g.add(300, 0, 0)
		g.b.Close()
		return []error{g.c.Decode(g.b), g.c.Encode(g.b)}
	}},
	"batch larger than n_batch": {llama.ErrInvalid, func(g *guarded) []error { return []error{g.decode(65, 0)} }},
	"more outputs than the context has room for": {llama.ErrInvalid, func(g *guarded) []error {
		c := newContext(g.T, g.m, func(p *llama.ContextParams) { p.Outputs = 2 })
		three := func(outputs int) error {
			g.b.Clear()
			for i := range 3 {
				g.must(g.b.Add(300, i, i < outputs, 0))
			}
			return c.Decode(g.b)
		}
		g.must(three(2), c.Memory().Clear())
		embeddings := newContext(g.T, g.m, func(p *llama.ContextParams) { p.Outputs, p.Embeddings = 2, true })
		err := three(3)
		return []error{err, embeddings.Decode(g.b)}
	}},
	"encode larger than n_ubatch":                     {llama.ErrInvalid, largeEncode(testgguf.Encoder(1, testgguf.PoolingMean))},
	"encode larger than n_ubatch, of encoder-decoder": {llama.ErrInvalid, largeEncode(testgguf.EncoderDecoder(1))},
	"non-causal decode larger than n_ubatch": {llama.ErrInvalid, func(g *guarded) []error {
		c := newContext(g.T, g.model(testgguf.Decoder(1).Set("llama.attention.causal", false)), func(p *llama.ContextParams) { p.Ubatch = 32 })
		fill(g.T, g.b, 32, 0)
		g.must(c.Decode(g.b), c.Memory().Clear())
		fill(g.T, g.b, 33, 0)
		return []error{c.Decode(g.b)}
	}},
	"encode on a decoder": {llama.ErrInvalid, func(g *guarded) []error {
		g.add(300, 0, 0)
		return []error{g.c.Encode(g.b)}
	}},
	"encode on a recurrent decoder": {llama.ErrInvalid, func(g *guarded) []error {
		g.add(300, 0, 0)
		return []error{newContext(g.T, g.model(testgguf.Recurrent(1)), nil).Encode(g.b)}
	}},
	"decode on an encoder": {llama.ErrInvalid, func(g *guarded) []error {
		g.add(30, 0, 0)
		return []error{newContext(g.T, g.model(testgguf.Encoder(1, testgguf.PoolingMean)), nil).Decode(g.b)}
	}},
	"decode before any encode": {llama.ErrInvalid, func(g *guarded) []error {
		c := newContext(g.T, g.model(testgguf.EncoderDecoder(1)), nil)
		g.add(0, 0, 0)
		early := c.Decode(g.b)
		g.must(c.Encode(g.b), c.Decode(g.b))
		return []error{early}
	}},
	"no sequence, or too many": {llama.ErrInvalid, func(g *guarded) []error {
		g.b.Clear()
		return []error{g.b.Add(300, 0, true), g.b.Add(300, 0, true, 0, 1, 0)}
	}},
	"bad tokens": {llama.ErrInvalid, func(g *guarded) []error {
		return g.bad([]llama.Token{-1, -2, math.MinInt32, math.MaxInt32, llama.Token(g.m.Info().Vocab)}, []int{0}, []int{0})
	}},
	"bad positions": {llama.ErrInvalid, func(g *guarded) []error {
		return g.bad([]llama.Token{300}, []int{-1, math.MinInt32, -1 << 40}, []int{0})
	}},
	"bad sequences": {llama.ErrInvalid, func(g *guarded) []error { return g.bad([]llama.Token{300}, []int{0}, badSequences) }},
	"one bad sequence of two": {llama.ErrInvalid, func(g *guarded) []error {
		g.add(300, 0, 0, 300)
		return []error{g.c.Decode(g.b)}
	}},
	"one sequence twice": {nil, func(g *guarded) []error {
		g.add(300, 0, 1, 1)
		return []error{g.c.Decode(g.b)}
	}},
	"gap in positions": {llama.ErrBatch, func(g *guarded) []error {
		g.must(g.decode(4, 0))
		errs := []error{g.decode(1, 9), g.decode(1, math.MaxInt32)}
		fill(g.T, g.b, 2, 4)
		g.must(g.b.Add(300, 7, true, 0))
		errs = append(errs, g.c.Decode(g.b))
		g.must(g.decode(4, 4))
		return errs
	}},
	"position used again": {llama.ErrBatch, func(g *guarded) []error {
		g.must(g.decode(4, 0))
		return []error{g.decode(1, 3), g.decode(1, 0)}
	}},
	"position twice in a batch": {nil, func(g *guarded) []error {
		g.add(300, 0, 0)
		g.must(g.b.Add(301, 0, true, 0))
		return []error{g.c.Decode(g.b), g.decode(1, 1)}
	}},
	"full cache": {llama.ErrNoSlot, func(g *guarded) []error {
		var err error
		for pos := 0; pos < 1024 && err == nil; pos += 64 {
			err = g.decode(64, pos)
		}
		if _, last, err := g.c.Memory().Range(0); err != nil || last != 255 {
			g.Errorf("the last position is %d, %v", last, err)
		}
		return []error{err, g.decode(1, 256)}
	}},
	"rows of logits": {llama.ErrNoRow, func(g *guarded) []error {
		_, before := g.c.Logits(0)
		_, last := g.c.Logits(-1)
		g.must(g.decode(8, 0))
		errs := []error{before, last}
		for _, row := range []int{0, 6, 8, 64, 1 << 20, 1 << 40, -2, -9, -1 << 40, math.MinInt32} {
			_, err := g.c.Logits(row)
			errs = append(errs, err)
		}
		return errs
	}},
	"rows after a failed decode": {llama.ErrNoRow, func(g *guarded) []error {
		g.must(g.decode(8, 0))
		if err := g.decode(1, 99); !errors.Is(err, llama.ErrBatch) {
			g.Fatal(err)
		}
		_, last := g.c.Logits(-1)
		_, row := g.c.Logits(7)
		return []error{last, row}
	}},
	"rows that nobody asked for": {llama.ErrNoRow, func(g *guarded) []error {
		g.b.Clear()
		g.must(g.b.Add(300, 0, false, 0), g.c.Decode(g.b))
		_, last := g.c.Logits(-1)
		_, row := g.c.Logits(0)
		return []error{last, row}
	}},
	"logits of an embedding context": {llama.ErrNoRow, func(g *guarded) []error {
		c := newContext(g.T, g.m, func(p *llama.ContextParams) { p.Embeddings, p.Pooling = true, llama.PoolingMean })
		_, beforeSequence := c.SequenceEmbedding(0)
		g.add(300, 0, 0)
		g.must(c.Decode(g.b))
		_, logits := c.Logits(-1)
		errs := []error{beforeSequence, logits}
		for _, sequence := range badSequences {
			_, err := c.SequenceEmbedding(sequence)
			errs = append(errs, err)
		}
		return errs
	}},
	"embedding rows": {llama.ErrNoRow, func(g *guarded) []error {
		c := newContext(g.T, g.m, func(p *llama.ContextParams) { p.Embeddings, p.Pooling = true, llama.PoolingNone })
		_, before := c.TokenEmbedding(-1)
		g.add(300, 0, 0)
		g.must(c.Decode(g.b))
		_, sequence := c.SequenceEmbedding(0)
		errs := []error{before, sequence}
		for _, row := range []int{1, 64, 1 << 40, -2, math.MinInt32} {
			_, err := c.TokenEmbedding(row)
			errs = append(errs, err)
		}
		return errs
	}},
	"embeddings of a context of logits": {llama.ErrNoRow, func(g *guarded) []error {
		g.must(g.decode(1, 0))
		_, sequence := g.c.SequenceEmbedding(0)
		_, token := g.c.TokenEmbedding(0)
		return []error{sequence, token}
	}},
	"batch sizes": {llama.ErrInvalid, func(g *guarded) []error {
		var errs []error
		for _, size := range [][2]int{{0, 1}, {-1, 1}, {1 << 31, 1}, {1 << 40, 1}, {math.MinInt64, 1}, {1, 0}, {1, -1}, {1, 257}, {1, 100000}, {1 << 24, 256}} {
			b, err := llama.NewBatch(size[0], size[1])
			if err == nil {
				b.Close()
			}
			errs = append(errs, err)
		}
		return errs
	}},
}

// largeEncode gives a model one token more than it computes at once.
func largeEncode(f *testgguf.File) func(g *guarded) []error {
	return func(g *guarded) []error {
		c := newContext(g.T, g.model(f), func(p *llama.ContextParams) { p.Ubatch = 16 })
		g.b.Clear()
		for i := range 16 {
			g.must(g.b.Add(20, i, true, 0))
		}
		g.must(c.Encode(g.b))
		g.must(g.b.Add(20, 16, true, 0))
		return []error{c.Encode(g.b)}
	}
}

// bad decodes all combinations, one token each.
func (g *guarded) bad(tokens []llama.Token, positions, sequences []int) (errs []error) {
	for _, token := range tokens {
		for _, pos := range positions {
			for _, sequence := range sequences {
				g.add(token, pos, sequence)
				errs = append(errs, g.c.Decode(g.b))
			}
		}
	}
	return errs
}
