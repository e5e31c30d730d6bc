package plan

// kimi is src/models/kimi-k3.cpp@v0.5.0: a bank of residuals, of which each layer takes what it
// wants.
func kimi(g *graph) {
	f := &usual
	x := g.embed(f)
	for _, il := range g.layers {
		x = g.layer(il).kimi(f, x)
	}
	x = g.mixed(x, g.global("output_res_score.weight"))
	x = g.chosen(x)
	x = g.normed(x, g.global("output_norm.weight"), false, false, -1)
	x.output = true
	if w := g.head(); w != nil {
		x = g.mulMat(w, x)
		x.output = true
	}
	g.expand(x)
}

func (l *layer) kimi(f *form, sum *tensor) *tensor {
	g, banked := l.graph, false
	x := g.mixed(sum, l.w("attn_res_score.weight"))
	if every := l.h.ResidualBlock; every > 0 && l.il%every == 0 {
		g.deposit(sum)
		banked = true
	}
	x = l.norm(x, "attn_norm", false)
	g.expand(x)
	if l.Recurrent {
		x = kda(l, x)
	} else {
		y := l.latent(x, false)
		if gate := l.w("attn_gate.weight"); gate != nil {
			y = g.mul(y, g.mulMat(gate, x))
		}
		x = g.mulMat(l.w("attn_output.weight"), y)
	}
	if banked {
		sum = x
	} else {
		sum = g.add(sum, x)
	}
	x = l.norm(g.mixed(sum, l.w("ffn_res_score.weight")), "ffn_norm", false)
	if l.has("ffn_gate_inp.weight") {
		x = l.kimiExperts(f, x)
	} else {
		x = l.situated(x, "")
	}
	return g.add(sum, x)
}

// deposit puts a residual into the bank.
func (g *graph) deposit(x *tensor) {
	one := g.reshape(x, x.ne[0], 1, x.ne[1], 1)
	if g.bank == nil {
		g.bank = one
		return
	}
	g.bank = g.concat(g.bank, one, 1)
}

// mixed adds what the bank has to a residual, by scores.
func (g *graph) mixed(x, score *tensor) *tensor {
	if g.bank == nil || score == nil {
		return x
	}
	held, n := g.bank.ne[1], x.ne[1]
	scores := func(t *tensor) *tensor { return g.sumRows(g.mul(g.in(t), score)) }
	all := g.concat(g.reshape(scores(g.bank), held, n, 1, 1), scores(x), 0)
	share := g.in(all)
	bank := g.cont(g.part(share, held, n, 1, 1, share.nb[1], share.nb[1]*n, share.nb[1]*n))
	own := g.cont(g.part(share, 1, n, 1, 1, share.nb[1], share.nb[1]*n, share.nb[1]*n))
	out := g.like(opNew, x, g.bank, bank)
	return g.add(out, g.mul(x, own))
}

// situ is an activation that reads the gate twice.
func (g *graph) situ(gate, up *tensor) *tensor {
	return g.mul(g.mul(g.in(gate), g.in(gate)), up)
}

// situated is a feed-forward part; which one the end of the names says.
func (l *layer) situated(x *tensor, end string) *tensor {
	gate, up := l.mulMat(l.w("ffn_gate"+end+".weight"), x), l.mulMat(l.w("ffn_up"+end+".weight"), x)
	return l.mulMat(l.w("ffn_down"+end+".weight"), l.situ(gate, up))
}

// kimiExperts work on a narrower copy.
func (l *layer) kimiExperts(f *form, x *tensor) *tensor {
	g := l.graph
	in := g.mulMat(l.w("ffn_routed_down.weight"), x)
	y := l.experts(in, g.mulMat(l.w("ffn_gate_inp.weight"), x), f)
	if l.has("ffn_routed_norm.weight") {
		y = l.norm(y, "ffn_routed_norm", false)
	}
	y = g.mulMat(l.w("ffn_routed_up.weight"), y)
	if l.has("ffn_gate_shexp.weight") {
		y = g.add(y, l.situated(x, "_shexp"))
	}
	return y
}
