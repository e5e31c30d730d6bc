package plan

import "github.com/seed-f87006eb/llm/gguf"

// bert is src/models/bert.cpp@v0.5.0: norms come after what they norm.
func bert(g *graph) {
	f := &form{layerNorm: true, noCache: true}
	arch := g.h.Architecture
	if arch != "jina-bert-v2" {
		g.pos()
	}
	x := g.rows(g.global("token_embd.weight"), g.input(gguf.I32, g.tokens(), 1, 1, 1))
	g.expand(x)
	g.expand(g.input(gguf.F32, x.ne[0], x.ne[1], 1, 1))
	if w := g.global("token_types.weight"); w != nil {
		x = g.add(x, g.part(w, w.ne[0], 1, 1, 1, w.nb[1], w.nb[1], w.nb[1]))
	}
	if w := g.global("position_embd.weight"); w != nil && arch == "bert" {
		x = g.add(g.rows(w, g.pos()), x)
	}
	x = g.normed(x, g.global("token_embd_norm.weight"), true, true, 0)
	for i, il := range g.layers {
		x = g.layer(il).bert(f, x, i == len(g.layers)-1)
	}
	x.output = true
	g.expand(x)
}

func (l *layer) bert(f *form, input *tensor, last bool) *tensor {
	g := l.graph
	q, k, v := l.queries(f, input)
	q, k = l.headNorm(f, q, "attn_q_norm", l.Heads), l.headNorm(f, k, "attn_k_norm", l.KVHeads)
	if arch := g.h.Architecture; arch != "bert" && arch != "jina-bert-v2" {
		q, k = g.rope(q), g.rope(k)
	}
	x := g.mulMat(l.w("attn_output.weight"), l.attend(q, k, v, nil))
	if last {
		x, input = g.chosen(x), g.chosen(input)
	}
	x = l.norm(g.add(x, input), "attn_output_norm", true)
	if l.has("attn_norm_2.weight") {
		x = l.norm(g.add(x, input), "attn_norm_2", true)
	}
	y := l.forward(f, x, input)
	return l.norm(g.add(y, x), "layer_output_norm", true)
}
