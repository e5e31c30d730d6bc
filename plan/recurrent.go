package plan

import "github.com/seed-f87006eb/llm/gguf"

// sequenceTokens is how many tokens of each sequence a graph has.
func (g *graph) sequenceTokens() (tokens, sequences int64) {
	n := int64(g.s.sequences)
	return g.tokens() / n, n
}

// stateOf is the layer's rolling state (0) or the state itself (1).
func (l *layer) stateOf(which int) *tensor {
	for _, i := range l.e.parts.caches[l.il] {
		if l.e.cache[i].Type != gguf.CacheState {
			continue
		}
		if which == 0 {
			return l.cache(i)
		}
		which--
	}
	return l.fresh(opNone, gguf.F32, 0, 1, 1, 1)
}

// wanted are the numbers of the states that are meant, and of the others.
func (g *graph) wanted(n int64) (ids, rest *tensor) {
	if g.states[0] == nil {
		_, sequences := g.sequenceTokens()
		all := g.input(gguf.I32, n, 1, 1, 1)
		g.states[0] = g.part(all, sequences, 1, 1, 1, 4*sequences, 4*sequences, 4*sequences)
		g.states[1] = g.part(all, n-sequences, 1, 1, 1, 0, 0, 0)
	}
	return g.states[0], g.states[1]
}

// recall is build_rs of src/llama-graph.cpp@v0.5.0: the states of the sequences, or what pick
// makes of all states and the numbers of those that are meant.
func (l *layer) recall(all *tensor, pick func(states, ids *tensor) *tensor) *tensor {
	g := l.graph
	width, n := all.ne[0], all.ne[1]*all.ne[2]
	ids, rest := g.wanted(n)
	states := g.reshape(all, width, n, 1, 1)
	zero := g.part(states, width, 1, 1, 1, states.nb[1], states.nb[1], states.nb[1])
	g.expand(g.into(zero, zero))
	var out *tensor
	if pick != nil {
		out = pick(states, ids)
	} else {
		out = g.rows(states, ids)
	}
	g.expand(out)
	others := g.rows(states, rest)
	g.expand(g.into(g.part(all, width, rest.ne[0], 1, 1, all.nb[1], all.nb[2], all.nb[3]), others))
	return out
}

// keepLast stores the last columns of a convolution's input.
func (l *layer) keepLast(x, all *tensor, kernel int64) {
	g := l.graph
	last := g.part(x, kernel-1, x.ne[1], x.ne[2], 1, x.nb[1], x.nb[2], x.nb[3])
	n := (kernel - 1) * x.ne[1]
	g.expand(g.into(g.part(all, n*x.ne[2], 1, 1, 1, n*4, n*4, n*4), last))
}

// convolve is a convolution over time; biases and activations work in place.
func (l *layer) convolve(x, w *tensor) *tensor {
	t := l.fresh(opNew, gguf.F32, x.ne[1], max(0, x.ne[0]-w.ne[0]+1), x.ne[2], 1, x, w)
	t.exact = exactConv
	return t
}

func (l *layer) scan(states, x, dt, a, b, c, ids *tensor) *tensor {
	t := l.fresh(opNew, gguf.F32, x.elements()+states.ne[0]*states.ne[1]*states.ne[2]*ids.ne[0], 1, 1, 1, states, x, dt, a, b, c, ids)
	t.exact = exactScan
	return t
}

func (l *layer) keepState(y, all *tensor) {
	g, n := l.graph, all.elements()
	last := g.part(y, n, 1, 1, 1, n*4, n*4, n*4)
	g.expand(g.into(g.part(all, n, 1, 1, 1, n*4, n*4, n*4), last))
}

// weightOr is a weight that is there in every model that the engine loads.
func (l *layer) weightOr(name string) *tensor {
	if w := l.w(name); w != nil {
		return w
	}
	return l.fresh(opNone, gguf.F32, 1, 1, 1, 1)
}

// mamba is build_mamba_layer of src/models/mamba-base.cpp@v0.5.0.
func mamba(l *layer, x *tensor) *tensor {
	g, r := l.graph, l.h.Recurrent
	tokens, n := g.sequenceTokens()
	inner, state, rank, kernel := int64(r.SSMInner), int64(r.SSMState), int64(r.SSMTimeStepRank), int64(r.SSMConv)
	rolling, states := l.stateOf(0), l.stateOf(1)
	conv := g.reshape(l.recall(rolling, nil), kernel-1, inner, n, 1)
	x = g.reshape(x, x.ne[0], tokens, n, 1)
	xz := g.mulMat(l.w("ssm_in.weight"), x)
	half := func() *tensor { return g.part(xz, inner, tokens, n, 1, xz.nb[1], xz.nb[2], xz.nb[3]) }
	y, z := half(), half()
	cx := g.concat(conv, g.transpose(y), 0)
	l.keepLast(cx, rolling, kernel)
	y = l.convolve(cx, l.weightOr("ssm_conv1d.weight"))
	db := g.mulMat(l.w("ssm_x.weight"), y)
	dt := g.part(db, rank, tokens, n, 1, db.nb[1], db.nb[2], db.nb[3])
	b := g.part(db, state, 1, tokens, n, state*4, db.nb[1], db.nb[2])
	c := g.part(db, state, 1, tokens, n, state*4, db.nb[1], db.nb[2])
	if l.has("ssm_dt_norm.weight") {
		dt, b, c = l.norm(dt, "ssm_dt_norm", false), l.norm(b, "ssm_b_norm", false), l.norm(c, "ssm_c_norm", false)
	} else {
		dt = g.cont(dt)
	}
	dt = g.mulMat(l.w("ssm_dt.weight"), dt)
	heads := g.reshape(y, 1, inner, tokens, n)
	out := l.recall(states, func(all, ids *tensor) *tensor {
		return l.scan(g.reshape(all, state, 1, inner, n), heads, dt, l.weightOr("ssm_a"), b, c, ids)
	})
	l.keepState(out, states)
	seen := g.part(out, inner, tokens, n, 1, inner*4, inner*4*tokens, inner*4*tokens*n)
	seen = g.add(seen, g.mul(y, l.weightOr("ssm_d")))
	seen = g.glu(g.cont(z), seen)
	seen = g.mulMat(l.w("ssm_out.weight"), seen)
	return g.reshape(seen, seen.ne[0], tokens*n, 1, 1)
}

// mamba2 is build_mamba2_layer of the same file.
func mamba2(l *layer, x *tensor) *tensor {
	g, r := l.graph, l.h.Recurrent
	tokens, n := g.sequenceTokens()
	inner, state, heads, groups, kernel := int64(r.SSMInner), int64(r.SSMState), max(1, int64(r.SSMTimeStepRank)), max(1, int64(r.SSMGroups)), int64(r.SSMConv)
	each, wide := inner/heads, inner+2*groups*state
	rolling, states := l.stateOf(0), l.stateOf(1)
	conv := g.reshape(l.recall(rolling, nil), kernel-1, wide, n, 1)
	in := g.mulMat(l.w("ssm_in.weight"), x)
	in = g.reshape(in, in.ne[0], tokens, n, 1)
	z := g.part(in, each, heads, tokens, n, each*4, in.nb[1], in.nb[2])
	xbc := g.part(in, wide, tokens, n, 1, in.nb[1], in.nb[2], in.nb[3])
	dt := g.part(in, heads, tokens, n, 1, in.nb[1], in.nb[2], in.nb[3])
	cx := g.concat(conv, g.transpose(xbc), 0)
	l.keepLast(cx, rolling, kernel)
	xbc = l.convolve(cx, l.weightOr("ssm_conv1d.weight"))
	y := g.part(xbc, each, heads, tokens, n, each*4, xbc.nb[1], xbc.nb[2])
	b := g.part(xbc, state, groups, tokens, n, state*4, xbc.nb[1], xbc.nb[2])
	c := g.part(xbc, state, groups, tokens, n, state*4, xbc.nb[1], xbc.nb[2])
	dt = g.cont(dt)
	out := l.recall(states, func(all, ids *tensor) *tensor {
		return l.scan(g.reshape(all, state, each, heads, n), y, dt, l.weightOr("ssm_a"), b, c, ids)
	})
	l.keepState(out, states)
	seen := g.part(out, each, heads, tokens, n, each*4, each*heads*4, each*heads*tokens*4)
	seen = g.add(seen, g.mul(y, l.weightOr("ssm_d")))
	seen = g.glu(g.cont(z), seen)
	if w := l.w("ssm_norm.weight"); w != nil {
		seen = g.normed(g.reshape(seen, inner/groups, groups, tokens, n), w, false, false, l.il)
	}
	return g.mulMat(l.w("ssm_out.weight"), g.reshape(seen, inner, tokens*n, 1, 1))
}

// plamoMamba is that of PLaMo 2: src/models/plamo2.cpp@v0.5.0.
func plamoMamba(l *layer, x *tensor) *tensor {
	g, r := l.graph, l.h.Recurrent
	tokens, n := g.sequenceTokens()
	inner, state, heads, kernel := int64(r.SSMInner), int64(r.SSMState), max(1, int64(r.SSMTimeStepRank)), int64(r.SSMConv)
	each, rank := inner/heads, max(64, int64(l.h.Embedding)/16)
	rolling, states := l.stateOf(0), l.stateOf(1)
	conv := g.reshape(l.recall(rolling, nil), kernel-1, inner, n, 1)
	zx := g.mulMat(l.w("ssm_in.weight"), g.reshape(x, x.ne[0], tokens, n, 1))
	zx = g.contAs(g.permute(zx, 0, 2, 1, 3), each*2, heads, tokens, n)
	half := func() *tensor { return g.part(zx, each, heads, tokens, n, zx.nb[1], zx.nb[2], zx.nb[3]) }
	y, z := g.contAs(half(), inner, tokens, n, 1), half()
	cx := g.concat(conv, g.transpose(y), 0)
	l.keepLast(cx, rolling, kernel)
	y = l.convolve(cx, l.weightOr("ssm_conv1d.weight"))
	bcdt := g.mulMat(l.w("ssm_x.weight"), y)
	cut := func(width int64) *tensor {
		return g.part(bcdt, width, tokens, n, 1, bcdt.nb[1], bcdt.nb[2], bcdt.nb[3])
	}
	b, c, dt := l.norm(cut(state), "ssm_b_norm", false), l.norm(cut(state), "ssm_c_norm", false), l.norm(cut(rank), "ssm_dt_norm", false)
	dt = g.mulMat(l.w("ssm_dt.weight"), dt)
	y = g.part(y, each, heads, tokens, n, each*4, inner*4, inner*tokens*4)
	b = g.part(b, state, 1, tokens, n, state*4, b.nb[1], b.nb[2])
	c = g.part(c, state, 1, tokens, n, state*4, c.nb[1], c.nb[2])
	out := l.recall(states, func(all, ids *tensor) *tensor {
		return l.scan(g.reshape(all, state, each, heads, n), y, dt, l.weightOr("ssm_a"), b, c, ids)
	})
	l.keepState(out, states)
	seen := g.part(out, each, heads, tokens, n, each*4, inner*4, inner*tokens*4)
	seen = g.add(seen, g.mul(y, l.weightOr("ssm_d")))
	seen = g.glu(g.cont(z), seen)
	seen = g.mulMat(l.w("ssm_out.weight"), g.part(seen, inner, tokens, n, 1, seen.nb[2], seen.nb[3], seen.nb[3]*n))
	return g.reshape(seen, seen.ne[0], tokens*n, 1, 1)
}

// shortConv is the convolution of LFM2: src/models/lfm2.cpp@v0.5.0.
func shortConv(l *layer, x *tensor) *tensor {
	g := l.graph
	tokens, n := g.sequenceTokens()
	kernel, width := int64(l.h.Recurrent.ShortConv), int64(l.h.Embedding)
	rolling := l.stateOf(0)
	bcx := g.mulMat(l.w("shortconv.in_proj.weight"), g.reshape(x, x.ne[0], tokens, n, 1))
	third := func() *tensor { return g.part(bcx, bcx.ne[0]/3, tokens, n, 1, bcx.nb[1], bcx.nb[2], bcx.nb[3]) }
	b, c, y := third(), third(), third()
	bx := g.transpose(g.mul(b, y))
	conv := g.reshape(l.recall(rolling, nil), kernel-1, width, n, 1)
	bx = g.concat(conv, bx, 0)
	l.keepLast(bx, rolling, kernel)
	out := g.mul(c, l.convolve(bx, l.weightOr("shortconv.conv.weight")))
	out = g.mulMat(l.w("shortconv.out_proj.weight"), out)
	return g.reshape(out, out.ne[0], tokens*n, 1, 1)
}
