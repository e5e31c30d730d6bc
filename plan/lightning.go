package plan

import "github.com/seed-f87006eb/llm/gguf"

// lightningInputs say how much what was seen counts: of queries, of keys, and of tokens to one
// another.
type lightningInputs struct{ slopes, q, k, diagonal *tensor }

func (g *graph) lightning(heads int64) lightningInputs {
	in := &g.inputs.lightning
	if in.slopes == nil {
		tokens, n := g.sequenceTokens()
		in.slopes = g.input(gguf.F32, heads, 1, 1, 1)
		in.q = g.input(gguf.F32, 1, heads, tokens, n)
		in.k = g.input(gguf.F32, 1, heads, tokens, n)
		in.diagonal = g.input(gguf.F32, tokens, tokens, heads, n)
	}
	return *in
}

// lightningAttention is that of MiniMax Text 01: src/models/minimax-01.cpp@v0.5.0.
func lightningAttention(l *layer, x *tensor) *tensor {
	g, d, heads := l.graph, int64(l.h.Recurrent.LinearHead), int64(l.Heads)
	tokens, n := g.sequenceTokens()
	in, all := g.lightning(heads), l.stateOf(1)
	g.expand(l.recall(l.stateOf(0), nil))
	x = g.reshape(x, x.ne[0], tokens, 1, n)
	qkv := g.reshape(g.mulMat(l.w("attn_qkv.weight"), x), d*3, heads, tokens, n)
	third := func() *tensor { return g.part(qkv, d, heads, tokens, n, qkv.nb[1], qkv.nb[2], qkv.nb[3]) }
	q, k, v := third(), third(), third()
	old := g.reshape(l.recall(all, nil), d, d, heads, n)
	before := g.mulMat(old, g.permute(g.mul(q, g.in(in.q)), 0, 2, 1, 3))
	qk := g.mulMat(g.permute(k, 0, 2, 1, 3), g.permute(q, 0, 2, 1, 3))
	qk = g.mul(qk, g.in(in.diagonal))
	across := g.cont(g.permute(v, 1, 2, 0, 3))
	out := g.add(before, g.mulMat(across, qk))
	g.expand(out)
	faded := g.mul(old, g.reshape(g.in(in.slopes), 1, 1, heads, 1))
	keys := g.cont(g.permute(g.mul(k, g.in(in.k)), 1, 2, 0, 3))
	state := g.add(faded, g.mulMat(keys, across))
	size := all.elements()
	g.expand(g.into(g.part(all, size, 1, 1, 1, size*4, size*4, size*4), state))
	out = g.cont(g.permute(out, 0, 2, 1, 3))
	out = l.norm(g.reshape(out, d*heads, tokens, 1, n), "attn_norm_2", false)
	out = g.mul(g.mulMat(l.w("attn_gate.weight"), x), out)
	out = g.mulMat(l.w("attn_output.weight"), out)
	return g.reshape(out, out.ne[0], tokens*n, 1, 1)
}
