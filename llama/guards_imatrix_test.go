package llama_test

import (
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// collecting gives the case a context that collects.
func (g *guarded) collecting(m *llama.Model) *llama.Collector {
	g.Helper()
	g.c = newContext(g.T, m, func(p *llama.ContextParams) { p.Collect = llama.CollectLayers })
	return g.c.Collector()
}

var imatrixGuards = map[string]guardCase{
	"collecting what there is not": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, what := range []llama.Collect{-1, 3, 1 << 30, -1 << 31} {
			errs = append(errs, g.context(func(p *llama.ContextParams) { p.Collect = what }))
		}
		return errs
	}},
	"entries that cannot be": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		c := g.collecting(g.m)
		for _, e := range []llama.Collected{
			{}, {Name: "t"}, {Name: "t", Sums: []float32{1}}, {Name: "t", Counts: []int64{1}},
			{Sums: []float32{1}, Counts: []int64{1}}, {Name: "t", Sums: []float32{1, 2, 3}, Counts: []int64{1, 2}},
		} {
			errs = append(errs, c.Restore([]llama.Collected{e}))
		}
		g.must(c.Restore(nil))
		return errs
	}},
	"entries of another model": {llama.ErrDecode, func(g *guarded) (errs []error) {
		m := g.model(testgguf.Mixture(1))
		c := g.collecting(m)
		for _, e := range []llama.Collected{
			{Name: "blk.0.attn_q.weight", Sums: make([]float32, 3), Counts: []int64{1}},
			{Name: "blk.0.attn_q.weight", Sums: make([]float32, 1<<16), Counts: []int64{1}},
			{Name: "blk.0.ffn_up_exps.weight", Sums: make([]float32, testgguf.Embedding), Counts: []int64{1}},
			{Name: "blk.0.ffn_up_exps.weight", Sums: make([]float32, 4*testgguf.Embedding), Counts: make([]int64, 2)},
			{Name: "blk.1.ffn_down_exps.weight", Sums: make([]float32, 8), Counts: make([]int64, 8)},
		} {
			g.must(g.c.Memory().Clear(), c.Restore([]llama.Collected{e}))
			errs = append(errs, g.decode(32, 0))
		}
		g.must(c.Restore(nil))
		return errs
	}},
}
