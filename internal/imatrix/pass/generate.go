package pass

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// together is how many chunks are generated at once.
const together = 8

// Generate is text of a model's own: chunks of size tokens each, drawn from all of its
// probabilities at temperature 1, each with a seed of its own. A chunk begins with BOS, or,
// where the model wants none, with a token drawn at random; behind the end of a text another
// begins. progress, which may be nil, is told of tokens.
func Generate(ctx context.Context, loaded *engine.Loaded, chunks, size int, seed uint32, progress func(done, total int)) (tokens []llama.Token, err error) {
	g := &generator{model: loaded.Model, size: size, seed: seed}
	g.bos, g.addBOS = bosOf(loaded.Model)
	n := min(together, chunks)
	g.context, err = loaded.NewContext(n*size, func(p *llama.ContextParams) { p.Sequences, p.Outputs = n, n })
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { g.context.Cancel(true) })
	defer func() {
		stop()
		if cause := context.Cause(ctx); err != nil && cause != nil {
			err = cause
		}
		err = errors.Join(err, g.context.Close())
	}()
	if g.batch, err = llama.NewBatch(n, 1); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, g.batch.Close()) }()
	for first := 0; first < chunks; first += n {
		rows, err := g.round(first, min(n, chunks-first), func(done int) {
			if progress != nil {
				progress(first*size+done, chunks*size)
			}
		})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			tokens = append(tokens, row...)
		}
	}
	return tokens, nil
}

// generator is one at work.
type generator struct {
	model   *llama.Model
	context *llama.Context
	batch   *llama.Batch
	size    int
	seed    uint32
	bos     llama.Token
	addBOS  bool
}

// round generates n chunks, of which the first has this number.
func (g *generator) round(first, n int, tell func(done int)) ([][]llama.Token, error) {
	rows, chains := make([][]llama.Token, n), make([]*sampler.Chain, n)
	for i := range rows {
		var err error
		if chains[i], err = g.chain(first + i); err != nil {
			return nil, err
		}
		rows[i] = append(make([]llama.Token, 0, g.size), g.begin(first+i))
	}
	if err := g.context.Memory().Clear(); err != nil {
		return nil, err
	}
	for pos := 0; pos < g.size-1; pos++ {
		g.batch.Clear()
		for i, row := range rows {
			if err := g.batch.Add(row[pos], pos, true, i); err != nil {
				return nil, err
			}
		}
		if err := g.context.Decode(g.batch); err != nil {
			return nil, err
		}
		for i := range rows {
			logits, err := g.context.Logits(i)
			if err != nil {
				return nil, err
			}
			next, err := chains[i].Sample(logits)
			if err != nil {
				return nil, err
			}
			if g.addBOS && g.model.IsEOG(rows[i][pos]) {
				next = int32(g.bos)
			}
			rows[i] = append(rows[i], llama.Token(next))
		}
		tell((pos + 2) * n)
	}
	return rows, nil
}

func (g *generator) chain(chunk int) (*sampler.Chain, error) {
	p := sampler.Defaults()
	p.Order, p.Temperature = []sampler.Step{sampler.Temperature}, 1
	if p.Seed = g.seed + uint32(chunk); p.Seed == sampler.RandomSeed {
		p.Seed = 0
	}
	return sampler.New(g.model.Info().Vocab, p)
}

// begin is the first token of a chunk.
func (g *generator) begin(chunk int) llama.Token {
	if g.addBOS {
		return g.bos
	}
	draw := rand.New(rand.NewPCG(uint64(g.seed), uint64(chunk)))
	token := llama.Token(0)
	for range 1000 { // a vocabulary of nothing but control tokens is none
		token = llama.Token(draw.IntN(g.model.Info().Vocab))
		if !g.model.IsControl(token) && !g.model.IsEOG(token) {
			break
		}
	}
	return token
}
