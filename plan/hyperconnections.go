package plan

import "github.com/seed-f87006eb/llm/gguf"

// hunyuan4 is src/models/hy-v4.cpp@v0.5.0: the residual is several streams, which each part
// reads a mixture of and adds to.
func hunyuan4(g *graph) {
	f, hc := &usual, int64(max(1, g.h.MLA.HyperConnections))
	x := g.embed(f)
	x = g.reshape(x, x.ne[0], 1, x.ne[1], 1)
	x = g.repeat(x, x.ne[0], hc, x.ne[2], 1)
	for _, il := range g.layers {
		l := g.layer(il)
		in, post := l.gathered(x, "hc_attn")
		x = l.scattered(sparseAttention(l, l.norm(in, "attn_norm", false)), x, post)
		in, post = l.gathered(x, "hc_ffn")
		x = l.scattered(l.forward(f, l.norm(in, "ffn_norm", false), in), x, post)
	}
	width := x.ne[0]
	flat := g.chosen(g.reshape(x, width*hc, x.ne[2], 1, 1))
	x = g.reshape(flat, width, hc, flat.ne[1], 1)
	mixes := g.mulMat(g.global("output_hc_fn.weight"), g.in(g.reshape(x, width*hc, x.ne[2], 1, 1)))
	x = g.normed(g.reduced(x, mixes), g.global("output_norm.weight"), false, false, -1)
	x.output = true
	if w := g.head(); w != nil {
		x = g.mulMat(w, x)
		x.output = true
	}
	g.expand(x)
}

// gathered is what a part reads of the streams, and how much it adds to each.
func (l *layer) gathered(x *tensor, name string) (in, post *tensor) {
	g, hc, n := l.graph, x.ne[1], x.ne[2]
	mixes := g.mulMat(l.w(name+"_fn.weight"), g.in(g.reshape(x, x.ne[0]*hc, n, 1, 1)))
	half := func() *tensor { return g.in(g.part(mixes, hc, n, 1, 1, mixes.nb[1], mixes.nb[1]*n, mixes.nb[1]*n)) }
	pre := half()
	return g.reduced(x, pre), half()
}

func (g *graph) casted(x *tensor, kind gguf.TensorType) *tensor {
	return g.fresh(opNew, kind, x.ne[0], x.ne[1], x.ne[2], x.ne[3], x)
}

// reduced adds the streams up by weights.
func (g *graph) reduced(x, by *tensor) *tensor {
	n, all := x.ne[2], g.casted(x, gguf.F32)
	var sum *tensor
	for range x.ne[1] {
		one := g.part(all, x.ne[0], n, 1, 1, all.nb[2], all.nb[2]*n, all.nb[2]*n)
		one = g.mul(one, g.part(by, 1, n, 1, 1, by.nb[1], by.nb[1]*n, by.nb[1]*n))
		if sum == nil {
			sum = one
		} else {
			sum = g.add(sum, one)
		}
	}
	return g.casted(sum, x.kind)
}

// scattered adds what a part says to the streams.
func (l *layer) scattered(x, streams, post *tensor) *tensor {
	g, n := l.graph, x.ne[1]
	x, by, all := g.casted(x, gguf.F32), g.casted(post, gguf.F32), g.casted(streams, gguf.F32)
	var out *tensor
	for range streams.ne[1] {
		one := g.part(all, x.ne[0], n, 1, 1, all.nb[2], all.nb[2]*n, all.nb[2]*n)
		one = g.add(one, g.mul(x, g.part(by, 1, n, 1, 1, by.nb[1], by.nb[1]*n, by.nb[1]*n)))
		one = g.reshape(one, x.ne[0], 1, n, 1)
		if out == nil {
			out = one
		} else {
			out = g.concat(out, one, 1)
		}
	}
	return g.casted(out, streams.kind)
}
