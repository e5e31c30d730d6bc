package plan

import "github.com/seed-f87006eb/llm/gguf"

// latentAttention is that of DeepSeek 2 and its kin: keys and values are decompressed from one
// row of each token, or attention works on the rows themselves. src/models/deepseek2.cpp@v0.5.0.
func latentAttention(l *layer, x *tensor) *tensor {
	y := l.latent(x, true)
	if gate := l.w("attn_gate.weight"); gate != nil {
		y = l.gate(y, l.mulMat(gate, x))
		if l.h.Architecture == "bailingmoe3" {
			y = l.contAs(y, y.ne[0], y.ne[1], 1, 1)
		}
	}
	return l.mulMat(l.w("attn_output.weight"), y)
}

// latentPlain has no positions.
func latentPlain(l *layer, x *tensor) *tensor {
	return l.mulMat(l.w("attn_output.weight"), l.latent(x, false))
}

// latentQueries are the queries of all heads in one row.
func (l *layer) latentQueries(x *tensor) *tensor {
	g := l.graph
	if w := l.w("attn_q.weight"); w != nil {
		return g.mulMat(w, x)
	}
	q := l.compressed
	if q == nil {
		q = l.norm(g.mulMat(l.w("attn_q_a.weight"), x), "attn_q_a_norm", false)
	}
	return g.mulMat(l.w("attn_q_b.weight"), q)
}

// latentSizes are the widths of a head without and with position, and of values.
func (l *layer) latentSizes() (nope, turned, values, rank int64) {
	key, value := int64(l.h.MLA.Key), int64(l.h.MLA.Value)
	if key == 0 {
		key, value = int64(l.KeyLength), int64(l.ValueLength)
	}
	turned, rank = int64(l.RoPE), int64(l.h.MLA.KVRank)
	if w := l.h.MLA; l.Window && w.KVRankWindow > 0 {
		key, value, rank = int64(w.KeyWindow), int64(w.ValueWindow), int64(w.KVRankWindow)
	}
	return key - turned, turned, value, rank
}

// latent is what attention says of all heads.
func (l *layer) latent(x *tensor, rope bool) *tensor {
	g, n, heads := l.graph, x.ne[1], int64(l.Heads)
	nope, turned, dv, rank := l.latentSizes()
	key := nope + turned
	turn := func(t *tensor) *tensor {
		if rope {
			return g.rope(t)
		}
		return t
	}
	q := g.reshape(l.latentQueries(x), key, heads, n, 1)
	both := g.mulMat(l.w("attn_kv_a_mqa.weight"), x)
	kv := g.part(both, rank, n, 1, 1, both.nb[1], both.nb[1]*n, both.nb[1]*n)
	pe := g.part(both, turned, 1, n, 1, both.nb[1], both.nb[1], both.nb[1]*n)
	if l.has("attn_k_norm.weight") {
		pe = l.norm(pe, "attn_k_norm", false)
	}
	pe = turn(pe)
	kv = l.norm(kv, "attn_kv_a_norm", false)
	if l.has("attn_k_b.weight") && l.h.MLA.Key != 0 {
		qn := g.permute(g.part(q, nope, heads, n, 1, q.nb[1], q.nb[2], q.nb[3]), 0, 2, 1, 3)
		qp := turn(g.part(q, turned, heads, n, 1, q.nb[1], q.nb[2], q.nb[3]))
		qn = g.permute(g.mulMat(l.w("attn_k_b.weight"), qn), 0, 2, 1, 3)
		q = g.concat(qn, qp, 0)
		kv = g.reshape(kv, rank, 1, n, 1)
		k := g.concat(kv, pe, 0)
		if l.scaled() {
			q = g.mul(q, g.temperature())
		}
		return l.attendLatent(q, k, kv, l.w("attn_v_b.weight"))
	}
	full := g.mulMat(l.w("attn_kv_b.weight"), kv)
	each := 4 * (nope + dv)
	kn := g.part(full, nope, heads, n, 1, each, each*heads, each*heads*n)
	v := g.cont(g.part(full, dv, heads, n, 1, each, each*heads, each*heads*n))
	q = turn(q)
	k := g.concat(kn, g.repeat(pe, turned, heads, n, 1), 0)
	if l.scaled() {
		q = g.mul(q, g.temperature())
	}
	return l.attend(q, k, v, nil)
}

// attendLatent attends to the compressed rows.
func (l *layer) attendLatent(q, k, v, decompress *tensor) *tensor {
	g := l.graph
	g.expand(q)
	g.expand(v)
	g.expand(k)
	keys, _ := l.cached()
	if keys == nil {
		return q
	}
	window, cells := 0, keys.ne[1]
	if l.Window && g.h.Window.Kind != gguf.WindowNone {
		window = 1
	}
	g.store(keys, k, true, window)
	row := rowSize(keys.kind, keys.ne[0])
	kv := g.view(keys, [4]int64{keys.ne[0], 1, cells, keys.ne[2]}, [4]int64{elementSize(keys.kind), row, row, row * cells})
	values := g.view(kv, [4]int64{v.ne[0], kv.ne[1], kv.ne[2], kv.ne[3]}, kv.nb)
	values.latent = true
	mask := g.mask(window, cells)
	if g.top != nil && window == 0 {
		mask = g.chosenMask(cells)
	}
	return l.heads(q, kv, values, nil, decompress, mask, l.w("attn_sinks.weight"), false)
}
