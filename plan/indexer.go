package plan

import "github.com/seed-f87006eb/llm/gguf"

// indexerInputs are what an indexer reads beside the model.
type indexerInputs struct{ rows, mask, rot *tensor }

// sparseAttention is that of DeepSeek 3.2 and GLM 5: an indexer chooses the tokens that latent
// attention sees. src/models/deepseek32.cpp@v0.5.0.
func sparseAttention(l *layer, x *tensor) *tensor {
	g := l.graph
	l.compressed = l.norm(g.mulMat(l.w("attn_q_a.weight"), x), "attn_q_a_norm", false)
	if l.Indexer && l.h.Indexer.TopK > 0 {
		l.choose(x)
	}
	return latentAttention(l, x)
}

// indexKeys is the cache of the layer's indexer.
func (l *layer) indexKeys() *tensor {
	seen := false
	for _, i := range l.e.parts.caches[l.il] {
		if l.e.cache[i].Type == gguf.CacheKey {
			if seen {
				return l.cache(i)
			}
			seen = true
		}
	}
	return nil
}

// choose sets the graph's chosen tokens.
func (l *layer) choose(x *tensor) {
	g, n, in := l.graph, x.ne[1], &l.graph.inputs.index
	d, heads := int64(l.h.Indexer.KeyLength), int64(l.h.Indexer.Heads)
	keys := l.indexKeys()
	if keys == nil {
		return
	}
	cells, streams := keys.ne[1], keys.ne[2]
	if in.rows == nil {
		in.rows = g.input(gguf.I64, n, 1, 1, 1)
		kind := gguf.F32
		if g.s.indexed {
			kind = gguf.F16
		}
		in.mask = g.input(kind, cells, n/streams, 1, streams)
		if l.h.Architecture != "hy_v4" {
			in.rot = g.input(gguf.F32, d, d, 1, 1)
		}
	}
	k := l.norm(g.mulMat(l.w("indexer.attn_k.weight"), x), "indexer.k_norm", true)
	k = g.mulMat(in.rot, g.rope(g.reshape(k, d, 1, n, 1)))
	to := g.reshape(keys, keys.ne[0], cells*streams, 1, 1)
	if streams == 1 {
		to = keys
	}
	g.expand(g.into(to, g.part(k, d, n, 1, 1, k.nb[2], k.nb[2]*n, k.nb[2]*n), in.rows, to))
	q := g.mulMat(l.w("indexer.attn_q_b.weight"), l.compressed)
	q = g.mulMat(in.rot, g.rope(g.reshape(q, d, heads, n, 1)))
	w := g.mulMat(l.w("indexer.proj.weight"), x)
	q = g.view(q, [4]int64{d, heads, n / streams, streams}, [4]int64{q.nb[0], q.nb[1], q.nb[2], q.nb[3] / streams})
	w = g.view(w, [4]int64{w.ne[0], w.ne[1] / streams, w.ne[2], streams}, [4]int64{w.nb[0], w.nb[1], w.nb[2] / streams, w.nb[3] / streams})
	w = g.in(w)
	row := rowSize(keys.kind, keys.ne[0])
	kk := g.view(keys, [4]int64{d, 1, cells, streams}, [4]int64{elementSize(keys.kind), rowSize(keys.kind, d), row, row * cells})
	score := g.score(q, kk, w, in.mask)
	top := min(score.ne[0], int64(l.h.Indexer.TopK))
	g.top = g.cont(g.fresh(opTopK, gguf.I32, top, score.ne[1], score.ne[2], score.ne[3], score))
}

// score is how much tokens matter to one another: one operation where the devices have it.
func (g *graph) score(q, k, w, mask *tensor) *tensor {
	if g.s.indexed {
		t := g.fresh(opNew, gguf.F32, k.ne[2], q.ne[2], 1, q.ne[3], q, k, w, mask)
		t.exact = exactIndexer
		return t
	}
	q, k = g.permute(q, 0, 2, 1, 3), g.permute(k, 0, 2, 1, 3)
	s := g.cont(g.permute(g.mulMat(k, q), 2, 1, 0, 3))
	s = g.sumRows(g.mul(g.in(s), w))
	s = g.cont(g.permute(s, 2, 1, 0, 3))
	return g.add(s, mask)
}

// chosenMask hides all but the chosen tokens.
func (g *graph) chosenMask(cells int64) *tensor {
	mask, top := g.mask(0, cells), g.top
	all := g.in(mask)
	all = g.view(all, [4]int64{1, all.ne[0], all.ne[1], all.ne[3]}, [4]int64{all.nb[0], all.nb[0], all.nb[1], all.nb[2]})
	ids := g.view(top, [4]int64{top.ne[0], top.ne[1], top.ne[3], 1}, [4]int64{top.nb[0], top.nb[1], top.nb[2], top.ne[3] * top.nb[3]})
	zeros := g.in(g.fresh(opNone, gguf.F32, 1, ids.ne[0], ids.ne[1], ids.ne[2]))
	seen := g.into(all, zeros, ids, all)
	seen = g.view(seen, [4]int64{seen.ne[1], seen.ne[2], 1, seen.ne[3]}, [4]int64{seen.nb[0], seen.nb[2], seen.nb[3], seen.nb[3]})
	return g.add(seen, mask)
}
