package plan

import "github.com/seed-f87006eb/llm/gguf"

// delta is a gated delta net, whose output is followed by the new states: ggml_gated_delta_net
// and build_recurrent_attn of src/models/delta-net-base.cpp@v0.5.0.
func (l *layer) delta(q, k, v, decay, beta, state, all *tensor) *tensor {
	g := l.graph
	d, heads, tokens, n := v.ne[0], v.ne[1], v.ne[2], v.ne[3]
	out := g.fresh(opNew, gguf.F32, d*heads, tokens*n+d*n, 1, 1, q, k, v, decay, beta, state)
	out.exact = exactDelta
	seen := g.part(out, d, heads, tokens, n, d*4, d*heads*4, d*heads*tokens*4)
	next := g.part(out, d, d, heads, n, d*4, d*d*4, d*d*heads*4)
	g.expand(g.into(g.part(all, all.elements(), 1, 1, 1, 0, 0, 0), next))
	return seen
}

// unit is build_gdn_l2_norm.
func (g *graph) unit(x *tensor) *tensor { return g.like(opInPlace, x, x) }

// deltaNet is the linear attention of Qwen 3 Next and Qwen 3.5.
func deltaNet(l *layer, x *tensor) *tensor {
	g, r := l.graph, l.h.Recurrent
	tokens, n := g.sequenceTokens()
	kd, kh, vh := int64(r.SSMState), max(1, int64(r.SSMGroups)), max(1, int64(r.SSMTimeStepRank))
	vd, kernel := int64(r.SSMInner)/vh, int64(r.SSMConv)
	mixed, z := l.mixedQueries(x, kd, kh, vd, vh)
	beta, decay := l.rates(x, kh, vh)
	rolling, states := l.stateOf(0), l.stateOf(1)
	channels := int64(r.SSMInner) + 2*kh*kd
	conv := g.reshape(l.recall(rolling, nil), kernel-1, channels, n, 1)
	in := g.concat(conv, g.transpose(mixed), 0)
	l.keepLast(in, rolling, kernel)
	state := g.reshape(l.recall(states, nil), vd, vd, vh, n)
	y := l.convolve(in, l.weightOr("ssm_conv1d.weight"))
	row := 4 * (2*kd*kh + vd*vh)
	q := g.unit(g.part(y, kd, kh, tokens, n, kd*4, row, row*tokens))
	k := g.unit(g.part(y, kd, kh, tokens, n, kd*4, row, row*tokens))
	v := g.part(y, vd, vh, tokens, n, kd*4, row, row*tokens)
	if kh != vh && l.h.Architecture == "qwen3next" {
		q, k = l.repeatHeads(q, vh/kh), l.repeatHeads(k, vh/kh)
	}
	seen := l.delta(q, k, v, decay, beta, state, states)
	seen = g.mul(l.norm(seen, "ssm_norm", false), g.in(g.reshape(z, vd, vh, tokens, n)))
	seen = g.mulMat(l.w("ssm_out.weight"), g.reshape(seen, vd*vh, tokens, n, 1))
	return g.reshape(seen, seen.ne[0], tokens*n, 1, 1)
}

func (l *layer) repeatHeads(x *tensor, times int64) *tensor {
	g := l.graph
	flat := g.reshape(x, x.ne[0], 1, x.ne[1], x.ne[2]*x.ne[3])
	y := g.repeat(flat, x.ne[0], times, x.ne[1], x.ne[2]*x.ne[3])
	return g.reshape(y, x.ne[0], x.ne[1]*times, x.ne[2], x.ne[3])
}

// mixedQueries are queries, keys and values of all heads side by side, and the gate.
func (l *layer) mixedQueries(x *tensor, kd, kh, vd, vh int64) (mixed, z *tensor) {
	g := l.graph
	tokens, n := g.sequenceTokens()
	if w := l.w("attn_qkv.weight"); w != nil {
		y := g.mulMat(w, x)
		return g.reshape(y, y.ne[0], tokens, n, 1), g.mulMat(l.w("attn_gate.weight"), x)
	}
	y := g.mulMat(l.w("ssm_in.weight"), x)
	y = g.reshape(y, 2*kd+2*vd*(vh/kh), kh, tokens, n)
	cut := func(width int64) *tensor { return g.part(y, width, kh, tokens, n, y.nb[1], y.nb[2], y.nb[3]) }
	q, k, v := cut(kd), cut(kd), cut(vd*vh/kh)
	z = g.cont(cut(vd * vh / kh))
	q, k, v = g.contAs(q, kd*kh, tokens, n, 1), g.contAs(k, kd*kh, tokens, n, 1), g.contAs(v, vd*vh, tokens, n, 1)
	return g.concat(g.concat(q, k, 0), v, 0), z
}

// rates are how much is written and how much forgotten.
func (l *layer) rates(x *tensor, kh, vh int64) (beta, decay *tensor) {
	g := l.graph
	tokens, n := g.sequenceTokens()
	if w := l.w("ssm_ba.weight"); w != nil {
		y := g.mulMat(w, x)
		y = g.reshape(y, 2*vh/kh, kh, tokens, n)
		b := g.part(y, vh/kh, kh, tokens, n, y.nb[1], y.nb[2], y.nb[3])
		a := g.part(y, vh/kh, kh, tokens, n, y.nb[1], y.nb[2], y.nb[3])
		return g.reshape(g.cont(b), 1, vh, tokens, n), g.reshape(g.contAs(a, vh, tokens, n, 1), 1, vh, tokens, n)
	}
	beta = g.in(g.reshape(g.mulMat(l.w("ssm_beta.weight"), x), 1, vh, tokens, n))
	decay = g.add(g.reshape(g.mulMat(l.w("ssm_alpha.weight"), x), vh, tokens, n, 1), l.weightOr("ssm_dt.bias"))
	return beta, g.reshape(decay, 1, vh, tokens, n)
}

// gatedAttention is attention whose queries come with a gate: src/models/qwen3next.cpp@v0.5.0.
func gatedAttention(l *layer, x *tensor) *tensor {
	g, n := l.graph, x.ne[1]
	d, heads, kv := int64(l.KeyLength), int64(l.Heads), int64(l.KVHeads)
	both := g.mulMat(l.w("attn_q.weight"), x)
	half := func() *tensor { return g.part(both, d, heads, n, 1, 4*d*2, 4*d*2*heads, 4*d*2*heads*n) }
	k, v := g.split(g.mulMat(l.w("attn_k.weight"), x), d, kv), g.split(g.mulMat(l.values(), x), int64(l.ValueLength), kv)
	q := g.rope(l.norm(half(), "attn_q_norm", false))
	k = g.rope(l.norm(k, "attn_k_norm", false))
	y := l.attend(q, k, v, nil)
	y = g.mul(y, g.contAs(half(), d*heads, n, 1, 1))
	return g.mulMat(l.w("attn_output.weight"), y)
}

// kda is Kimi's delta attention: src/models/kimi-linear.cpp and bailingmoe3.cpp@v0.5.0.
func kda(l *layer, x *tensor) *tensor {
	g := l.graph
	tokens, n := g.sequenceTokens()
	heads, d := int64(max(1, l.h.First().Heads)), int64(l.h.Recurrent.KDAHead)
	rolling, states := l.stateOf(0), l.stateOf(1)
	old := l.recall(rolling, nil)
	q, k, v := l.kdaConv(x, old, rolling, "q", d, heads), l.kdaConv(x, old, rolling, "k", d, heads), l.kdaConv(x, old, rolling, "v", d, heads)
	decay := g.mulMat(l.w("ssm_f_a.weight"), x)
	if w := l.w("ssm_f_b.weight"); w != nil {
		decay = g.mulMat(w, decay)
	}
	decay = g.reshape(decay, d, heads, tokens*n, 1)
	decay = g.reshape(g.mul(decay, l.weightOr("ssm_a")), d, heads, tokens, n)
	beta := g.in(g.reshape(g.mulMat(l.w("ssm_beta.weight"), x), 1, heads, tokens, n))
	state := g.reshape(l.recall(states, nil), d, d, heads, n)
	seen := g.cont(l.delta(g.unit(q), g.unit(k), v, decay, beta, state, states))
	first := l.w("ssm_g_a.weight")
	if first == nil {
		first = l.w("ssm_g.weight")
	}
	gate := g.mulMat(first, x)
	if w := l.w("ssm_g_b.weight"); w != nil {
		gate = g.mulMat(w, gate)
	}
	gate = g.in(g.reshape(gate, d, heads, tokens*n, 1))
	seen = l.norm(g.reshape(seen, d, heads, tokens*n, 1), "ssm_norm", false)
	seen = g.contAs(g.mul(seen, gate), d*heads, tokens*n, 1, 1)
	return g.mulMat(l.w("attn_output.weight"), seen)
}

func (l *layer) kdaConv(x, old, rolling *tensor, which string, d, heads int64) *tensor {
	g := l.graph
	tokens, n := g.sequenceTokens()
	w := l.weightOr("ssm_conv1d_" + which + ".weight")
	kernel, inner := int64(l.h.Recurrent.SSMConv), d*heads
	part := g.part(old, kernel-1, inner, n, 1, (kernel-1)*4, old.nb[1], old.nb[2])
	y := g.mulMat(l.w("attn_"+which+".weight"), x)
	y = g.reshape(y, inner, tokens, n, 1)
	in := g.concat(part, g.transpose(y), 0)
	l.keepLast(in, rolling, kernel)
	kernels := g.reshape(w, kernel, inner, 1, 1)
	out := l.fresh(opNew, gguf.F32, inner, tokens, n, 1, in, kernels)
	out.exact = exactConv
	flat := g.reshape(out, inner, tokens*n, 1, 1)
	return g.reshape(g.in(flat), d, heads, tokens, n)
}
