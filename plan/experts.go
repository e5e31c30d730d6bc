package plan

// mixture is what build_moe_ffn of src/llama-graph.cpp@v0.5.0 is given.
type mixture struct {
	logits           *tensor // of the router; nil: it is asked
	up, gate, down   *tensor
	fused            *tensor // gate and up in one
	count, used      int64
	bias             bool // experts are selected by other numbers than they are weighed with
	softmaxOfChosen  bool
	weighBefore      bool
	sumToOne, groups bool
}

func (g *graph) mix(x *tensor, m mixture) *tensor {
	n := x.ne[1]
	probs := m.logits
	selection := probs
	if !m.softmaxOfChosen {
		probs = g.in(m.logits)
		if !m.weighBefore {
			selection = probs
		}
	}
	if m.bias {
		selection = g.in(probs)
	}
	if m.groups && g.h.Experts.Groups > 1 {
		selection = g.groups(selection, n, m.count)
	}
	chosen := g.topK(selection, m.used)
	weights := g.rows(g.reshape(probs, 1, m.count, n, 1), chosen)
	if m.softmaxOfChosen {
		weights = g.reshape(g.in(g.reshape(weights, m.used, n, 1, 1)), 1, m.used, n, 1)
	}
	if m.sumToOne {
		flat := g.reshape(weights, m.used, n, 1, 1)
		weights = g.reshape(g.in(flat, g.sumRows(flat)), 1, m.used, n, 1)
	}
	g.expand(weights)
	g.chose(m, probs, chosen, weights)
	x = g.reshape(x, x.ne[0], 1, n, 1)
	if m.weighBefore {
		x = g.mul(g.repeat(x, x.ne[0], m.used, n, 1), weights)
	}
	y := g.mulMatID(m.down, g.gated(x, chosen, m), chosen)
	if m.weighBefore {
		g.expand(y)
		return g.gather(y, m.used, n)
	}
	weighed := g.mul(y, weights)
	g.expand(weighed)
	sum := g.gather(weighed, m.used, n)
	g.summed(m, sum, y, weights)
	return sum
}

func (g *graph) gated(x, chosen *tensor, m mixture) *tensor {
	switch {
	case m.fused != nil:
		both := g.mulMatID(m.fused, x, chosen)
		half := both.ne[0] / 2
		gate := g.part(both, half, both.ne[1], both.ne[2], 1, both.nb[1], both.nb[2], both.nb[3])
		up := g.part(both, half, both.ne[1], both.ne[2], 1, both.nb[1], both.nb[2], both.nb[3])
		return g.glu(gate, up)
	case m.gate != nil:
		up := g.mulMatID(m.up, x, chosen)
		if g.h.Architecture == "kimi-k3" {
			return g.situ(g.mulMatID(m.gate, x, chosen), up)
		}
		return g.glu(g.mulMatID(m.gate, x, chosen), up)
	}
	return g.mulMatID(m.up, x, chosen)
}

// gather adds up what the experts say.
func (g *graph) gather(y *tensor, used, n int64) *tensor {
	views := make([]*tensor, used)
	for i := range views {
		views[i] = g.part(y, y.ne[0], n, 1, 1, y.nb[2], y.nb[2]*n, y.nb[2]*n)
		g.expand(views[i])
	}
	sum := views[0]
	for _, v := range views[1:] {
		sum = g.add(sum, v)
		sum.exact = exactAddRows
		g.expand(sum)
	}
	if used == 1 {
		sum = g.cont(sum)
	}
	return sum
}

// groups masks all but the best groups of experts.
func (g *graph) groups(selection *tensor, n, count int64) *tensor {
	groups := int64(g.h.Experts.Groups)
	each := count / groups
	s := g.reshape(selection, each, groups, n, 1)
	best := g.topK(s, 2)
	score := g.rows(g.reshape(s, 1, each, groups, n), best)
	score = g.sumRows(g.reshape(score, score.ne[1], score.ne[2], score.ne[3], 1))
	score = g.reshape(score, score.ne[1], score.ne[2], 1, 1)
	chosen := g.topK(score, int64(g.h.Experts.GroupsUsed))
	kept := g.rows(s, chosen)
	filled := g.in(s)
	return g.reshape(g.into(filled, kept, chosen, filled), count, n, 1, 1)
}

// experts is the mixture of a layer by the names of its weights.
func (l *layer) experts(x, logits *tensor, f *form) *tensor {
	if logits == nil {
		logits = l.mulMat(l.w("ffn_gate_inp.weight"), x)
	}
	m := mixture{
		logits: logits, up: l.w("ffn_up_exps.weight"), gate: l.w("ffn_gate_exps.weight"), down: l.w("ffn_down_exps.weight"),
		fused: l.w("ffn_gate_up_exps.weight"), count: int64(l.h.Experts.Count), used: int64(l.ExpertsUsed), bias: l.has("exp_probs_b.bias"),
		softmaxOfChosen: f.softmaxOfChosen, weighBefore: f.weighBefore, sumToOne: !f.looseExperts && !l.h.Experts.Loose, groups: true,
	}
	return l.mix(x, m)
}

// shared is the expert that all tokens have.
func (l *layer) shared(x *tensor) *tensor {
	if !l.has("ffn_up_shexp.weight") {
		return nil
	}
	y := l.feedForward(x, l.w("ffn_up_shexp.weight"), l.w("ffn_gate_shexp.weight"), l.w("ffn_down_shexp.weight"), false)
	if gate := l.w("ffn_gate_inp_shexp.weight"); gate != nil {
		y = l.mul(y, l.mulMat(gate, x))
	}
	return y
}
