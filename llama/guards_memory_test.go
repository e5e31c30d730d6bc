package llama_test

import (
	"math"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// badSequences are ids that a context of two sequences does not have. The engine takes
// some of them silently and asserts on others.
var badSequences = []int{-1, -2, 2, 255, 256, 1 << 30, 1 << 40, math.MinInt64}

var memoryGuards = map[string]guardCase{
	"memory of sequences that do not exist": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		g.must(g.decode(8, 0))
		mem := g.c.Memory()
		for _, s := range badSequences {
			_, remove := mem.Remove(s, 0, -1)
			_, _, span := mem.Range(s)
			_, state := mem.State(s)
			errs = append(errs, remove, span, state, mem.Copy(0, s, 0, -1), mem.Copy(s, 0, 0, -1), mem.Copy(s, s, 0, -1), mem.Keep(s),
				mem.Shift(s, 0, -1, 1), mem.Divide(s, 0, -1, 2), mem.SetState(s, make([]byte, 64)))
		}
		if first, last, err := mem.Range(0); first != 0 || last != 7 || err != nil {
			g.Errorf("memory was changed: %d to %d, %v", first, last, err)
		}
		return errs
	}},
	"division by nothing": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		g.must(g.decode(8, 0))
		for _, d := range []int{0, -1, math.MinInt64} {
			errs = append(errs, g.c.Memory().Divide(0, 0, -1, d))
		}
		return errs
	}},
	"partial copy between caches": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		c := newContext(g.T, g.m, func(p *llama.ContextParams) { p.Sequences = 2 })
		fill(g.T, g.b, 16, 0)
		g.must(c.Decode(g.b))
		for _, part := range [][2]int{{2, 8}, {0, 8}, {-1, 8}, {8, -1}, {0, 0}, {8, 2}} {
			errs = append(errs, c.Memory().Copy(0, 1, part[0], part[1]))
		}
		g.must(c.Memory().Copy(0, 1, -1, -1))
		return errs
	}},
	"ranges that make no sense": {nil, func(g *guarded) (errs []error) {
		mem := g.c.Memory()
		for _, part := range [][2]int{{8, 2}, {0, 0}, {1 << 40, 1 << 40}, {-1 << 40, -1 << 40}, {7, 1 << 30}} {
			g.must(mem.Clear(), g.decode(8, 0))
			_, remove := mem.Remove(0, part[0], part[1])
			errs = append(errs, mem.Copy(0, 1, part[0], part[1]), mem.Divide(0, part[0], part[1], math.MaxInt32), remove)
		}
		return errs
	}},
	"shift out of all positions": {nil, func(g *guarded) (errs []error) {
		mem := g.c.Memory()
		for _, delta := range []int{-8, -100, math.MinInt64, 1 << 20} {
			g.must(mem.Clear(), g.decode(8, 0))
			errs = append(errs, mem.Shift(0, 0, -1, delta))
			_, last, err := mem.Range(0)
			errs = append(errs, err, g.decode(1, last+1))
		}
		return errs
	}},
	"positions beyond 32 bits": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		g.must(g.decode(8, 0))
		return []error{g.c.Memory().Shift(0, 0, -1, math.MaxInt64)}
	}},
	"shift of a state": {llama.ErrInvalid, func(g *guarded) []error {
		c := newContext(g.T, g.model(testgguf.Recurrent(1)), nil)
		fill(g.T, g.b, 8, 0)
		g.must(c.Decode(g.b))
		if ok, err := c.Memory().Remove(0, 4, -1); ok || err != nil {
			g.Errorf("half of a recurrent state was removed: %v", err)
		}
		return []error{c.Memory().Divide(0, 0, -1, 0)}
	}},
	"memory of an encoder": {llama.ErrInvalid, func(g *guarded) []error {
		mem := newContext(g.T, g.model(testgguf.Encoder(1, testgguf.PoolingMean)), nil).Memory()
		_, remove := mem.Remove(0, 0, -1)
		_, _, span := mem.Range(0)
		_, state := mem.State(0)
		return []error{mem.Clear(), remove, span, state, mem.Copy(0, 0, 0, -1), mem.Keep(0), mem.Shift(0, 0, -1, 1), mem.Divide(0, 0, -1, 2),
			mem.SetState(0, make([]byte, 64))}
	}},
}
