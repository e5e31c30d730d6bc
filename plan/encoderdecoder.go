package plan

import "github.com/seed-f87006eb/llm/gguf"

// decodeT5 is the decoder of T5, for which a plan is made: src/models/t5.cpp@v0.5.0. What the
// encoder says is as long as the context that the model was trained on.
func decodeT5(g *graph) {
	f := &usual
	x := g.embed(f)
	length := int64(g.h.Context)
	encoded := g.input(gguf.F32, int64(max(g.h.Embedding, g.h.EmbeddingIn)), length, 1, 1)
	mask := g.input(g.maskType(), length, g.tokens(), 1, 1)
	buckets := g.input(gguf.I32, int64(g.s.cells), g.tokens(), 1, 1)
	for i, il := range g.layers {
		l := g.layer(il)
		l.Layer = g.h.First()
		y := l.norm(x, "dec.attn_norm", false)
		q, k, v := l.t5Queries("dec.attn", y, y)
		y = g.mulMat(l.w("dec.attn_o.weight"), l.attend(q, k, v, l.t5Bias("dec.attn_rel_b.weight", buckets)))
		y = g.add(y, x)
		across := y
		y = l.norm(y, "dec.cross_attn_norm", false)
		q, k, v = l.t5Queries("dec.cross_attn", y, encoded)
		g.expand(q)
		g.expand(k)
		g.expand(v)
		y = g.mulMat(l.w("dec.cross_attn_o.weight"), l.heads(q, k, v, nil, nil, mask, nil, false))
		if i == len(g.layers)-1 {
			y, across = g.chosen(y), g.chosen(across)
		}
		sum := g.add(y, across)
		y = l.norm(sum, "dec.ffn_norm", false)
		y = g.feedForward(y, l.w("dec.ffn_up.weight"), l.w("dec.ffn_gate.weight"), l.w("dec.ffn_down.weight"), false)
		x = g.add(y, sum)
	}
	g.finishWith(f, x, "dec.output_norm.weight")
}

// encodeT5 is the encoder alone, of models that have nothing else.
func encodeT5(g *graph) {
	f := &form{noHead: true}
	g.noCache = true
	x := g.embed(f)
	buckets := g.input(gguf.I32, g.tokens(), g.tokens(), 1, 1)
	for i, il := range g.layers {
		l := g.layer(il)
		y := l.norm(x, "enc.attn_norm", false)
		q, k, v := l.t5Queries("enc.attn", y, y)
		y = g.mulMat(l.w("enc.attn_o.weight"), l.attend(q, k, v, l.t5Bias("enc.attn_rel_b.weight", buckets)))
		if i == len(g.layers)-1 {
			y, x = g.chosen(y), g.chosen(x)
		}
		sum := g.add(y, x)
		y = l.norm(sum, "enc.ffn_norm", false)
		y = g.feedForward(y, l.w("enc.ffn_up.weight"), l.w("enc.ffn_gate.weight"), l.w("enc.ffn_down.weight"), false)
		x = g.add(y, sum)
	}
	g.finishWith(f, x, "enc.output_norm.weight")
}

func (l *layer) t5Queries(prefix string, x, from *tensor) (q, k, v *tensor) {
	g, first := l.graph, l.h.First()
	d, dv, heads, kv := int64(first.KeyLength), int64(first.ValueLength), int64(first.Heads), int64(first.KVHeads)
	q, k, v = g.mulMat(l.w(prefix+"_q.weight"), x), g.mulMat(l.w(prefix+"_k.weight"), from), g.mulMat(l.w(prefix+"_v.weight"), from)
	return g.split(q, d, heads), g.split(k, d, kv), g.split(v, dv, kv)
}

// t5Bias is what attention adds by distance; layers without one use the first layer's.
func (l *layer) t5Bias(name string, buckets *tensor) *tensor {
	g, w := l.graph, l.w(name)
	if w == nil {
		w = g.layer(0).w(name)
	}
	if w == nil {
		return nil
	}
	flat := g.reshape(buckets, buckets.ne[0]*buckets.ne[1], 1, 1, 1)
	b := g.rows(w, flat)
	b = g.reshape(b, b.ne[0], buckets.ne[0], buckets.ne[1], 1)
	return g.cont(g.permute(b, 2, 0, 1, 3))
}
