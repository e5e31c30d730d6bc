package plan

import (
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// build makes the graph of a prompt: as many tokens as are computed at once, a full cache.
func (g *graph) build() {
	f := formOf(g.h)
	g.noCache = f.noCache
	if f.whole != nil {
		f.whole(g)
		return
	}
	g.finish(f, g.stack(f, g.embed(f)))
}

// embed looks the tokens up: build_inp_embd of src/llama-graph.cpp@v0.5.0, which has a place
// for embeddings that are given as well.
func (g *graph) embed(f *form) *tensor {
	n, width := g.tokens(), int64(g.h.Embedding)
	in := max(width, int64(g.h.EmbeddingIn))
	x := g.rows(g.global("token_embd.weight"), g.input(gguf.I32, n, 1, 1, 1))
	if in != width {
		x = g.fresh(opNew, gguf.F32, in, n, 1, 1, x)
	}
	g.expand(x)
	g.expand(g.input(gguf.F32, in, n, 1, 1))
	g.given = x
	if in != width {
		x = g.part(x, width, n, 1, 1, x.nb[1], x.nb[2], x.nb[3])
		g.expand(x)
	}
	if w := g.global("position_embd.weight"); w != nil {
		x = g.add(x, g.rows(w, g.pos()))
	}
	if w := g.global("token_embd_norm.weight"); w != nil && !strings.HasPrefix(g.h.Architecture, "lfm2") {
		x = g.normed(x, w, true, f.layerNorm, 0)
	} else if f.embNorm {
		x = g.like(opInPlace, x, x)
	}
	return x
}

// stack is the layers, as far as they differ.
func (g *graph) stack(f *form, x *tensor) *tensor {
	g.skip = x
	for i, il := range g.layers {
		x = g.layer(il).step(f, x, i == len(g.layers)-1)
	}
	return x
}

func (l *layer) step(f *form, input *tensor, last bool) *tensor {
	x := input
	if !f.noNorm && (l.has("attn_norm.weight") || f.plainNorm) {
		x = l.norm(input, "attn_norm", f.layerNorm)
	}
	normed := x
	if f.parallel == besideAfter && l.has("attn_norm_2.weight") { // of Falcon 40B
		x = l.norm(input, "attn_norm_2", f.layerNorm)
	}
	if f.early {
		l.expand(x)
	}
	if f.normedResidual {
		input = x
	}
	if f.routesInput {
		l.logits = l.mulMat(l.w("ffn_gate_inp.weight"), input)
	}
	switch {
	case f.both != nil:
		y := l.attention(f, x)
		x = l.add(y, f.both(l, l.norm(input, "attn_norm", f.layerNorm)))
	case f.single && !l.Recurrent && l.FeedForward > 0:
		x = l.forward(f, x, input)
	case l.Recurrent && f.mixer != nil:
		x = f.mixer(l, x)
	case f.attention != nil:
		x = f.attention(l, x)
	default:
		x = l.attention(f, x)
	}
	if f.normAll {
		x = l.norm(x, "post_attention_norm", f.layerNorm)
	}
	if last && f.rows == rowsLast {
		x, input = l.chosen(x), l.chosen(input)
		if f.parallel != sequential {
			normed = l.chosen(normed)
		}
		if l.logits != nil {
			l.logits = l.chosen(l.logits)
		}
		if f.plainNorm && l.has("layer_output_scale.weight") {
			l.skip = l.chosen(l.skip)
		}
	}
	if f.single {
		return l.add(x, input)
	}
	return l.join(f, x, input, normed)
}

// join adds attention to the residual, and what the feed-forward layer makes of it.
func (l *layer) join(f *form, x, input, normed *tensor) *tensor {
	g := l.graph
	switch f.parallel {
	case besideFirst:
		return g.add(g.add(x, l.forward(f, normed, input)), input)
	case besideAfter:
		return g.add(g.add(l.forward(f, normed, input), x), input)
	case besideLast:
		return g.add(g.add(l.forward(f, normed, input), input), x)
	}
	if name := l.postNorm(); name != "" && !f.normAll {
		x = l.norm(x, name, f.layerNorm)
	}
	sum := g.sum(f.sumFirst, input, x)
	if !l.has("ffn_up.weight") && !l.has("ffn_gate_inp.weight") {
		return sum
	}
	y := sum
	switch {
	case l.has("ffn_norm.weight") || f.plainNorm:
		y = l.norm(sum, "ffn_norm", f.layerNorm)
	case l.has("post_attention_norm.weight") && l.postNorm() == "" && !f.normAll:
		y = l.norm(sum, "post_attention_norm", f.layerNorm)
	case l.has("attn_output_norm.weight") && l.postNorm() == "":
		y = l.norm(sum, "attn_output_norm", f.layerNorm)
	case f.parallel == besideInput:
		y = normed
	}
	if f.normedResidual {
		sum = y
	}
	y = l.forward(f, y, input)
	for _, name := range []string{"post_ffw_norm", "layer_output_norm"} {
		if l.has(name + ".weight") {
			y = l.normed(y, l.w(name+".weight"), false, f.layerNorm, -1)
		}
	}
	y = g.sum(f.addFirst, sum, y)
	if w := l.w("ffn_gate_inp.weight"); w != nil && l.has("ffn_norm_exps.weight") { // Arctic's, beside the dense part
		y = g.add(l.experts(l.norm(input, "ffn_norm_exps", false), nil, f), y)
	}
	if f.plainNorm && l.has("layer_output_scale.weight") {
		y = g.add(y, g.mul(l.skip, l.w("layer_output_scale.weight")))
	}
	return y
}

// sum adds to the residual; the first operand's memory is taken before the second's.
func (g *graph) sum(residualFirst bool, residual, x *tensor) *tensor {
	if residualFirst {
		return g.add(residual, x)
	}
	return g.add(x, residual)
}

// postNorm is the norm of attention's output: where there is another one for the feed-forward
// layer.
func (l *layer) postNorm() string {
	if !l.has("ffn_norm.weight") && !l.has("post_ffw_norm.weight") {
		return ""
	}
	for _, name := range []string{"post_attention_norm", "attn_output_norm"} {
		if l.has(name + ".weight") {
			return name
		}
	}
	return ""
}

// forward is the feed-forward part: dense, experts, or both.
func (l *layer) forward(f *form, x, input *tensor) *tensor {
	g := l.graph
	if !l.has("ffn_gate_inp.weight") || f.noExperts || l.has("ffn_norm_exps.weight") {
		if !l.has("ffn_up.weight") {
			return x
		}
		return g.feedForward(x, l.w("ffn_up.weight"), l.w("ffn_gate.weight"), l.w("ffn_down.weight"), f.clamped)
	}
	y := l.experts(x, l.logits, f)
	if s := l.shared(x); s != nil {
		y = g.add(y, s)
	}
	if l.has("ffn_up.weight") && !f.noDense {
		y = g.add(g.feedForward(x, l.w("ffn_up.weight"), l.w("ffn_gate.weight"), l.w("ffn_down.weight"), false), y)
	}
	return y
}

// attention is the usual one, with what the weights say.
func (l *layer) attention(f *form, x *tensor) *tensor {
	g := l.graph
	if l.Heads == 0 || l.KVHeads == 0 { // of DeciLM, which has layers without attention
		return g.mulMat(l.w("attn_output.weight"), x)
	}
	q, k, v := l.queries(f, x)
	if g.usesRope(f, l) && !f.ropeFirst {
		q, k = g.rope(l.headNorm(f, q, "attn_q_norm", l.Heads)), g.rope(l.headNorm(f, k, "attn_k_norm", l.KVHeads))
	} else {
		if g.usesRope(f, l) {
			q, k = g.rope(q), g.rope(k)
		}
		q, k = l.headNorm(f, q, "attn_q_norm", l.Heads), l.headNorm(f, k, "attn_k_norm", l.KVHeads)
	}
	if l.h.Architecture == "llama4" && !g.usesRope(f, l) {
		q = g.mul(q, g.temperature())
	}
	y := l.attend(q, k, v, nil)
	if gate := l.w("attn_gate.weight"); gate != nil {
		y = l.gate(y, g.mulMat(gate, x))
	}
	if w := l.w("attn_sub_norm.weight"); w != nil {
		y = g.normed(y, w, false, f.layerNorm, l.il)
	}
	if w := l.w("attn_output.weight"); w != nil {
		y = g.mulMat(w, y)
	}
	return y
}

// gate weighs what attention says, each number or each head.
func (l *layer) gate(y, by *tensor) *tensor {
	if by.ne[0] == y.ne[0] {
		return l.mul(y, by)
	}
	heads, n := max(1, by.ne[0]), y.ne[1]
	z := l.mul(l.reshape(y, y.ne[0]/heads, heads, n, 1), l.reshape(by, 1, heads, n, 1))
	return l.reshape(z, y.ne[0], n, 1, 1)
}

func (g *graph) usesRope(f *form, l *layer) bool {
	switch {
	case f.noRope || g.h.RoPE.Kind == gguf.RoPENone || f.ropeSwitch && !g.h.RoPE.Finetuned || g.h.Architecture == "baichuan" && len(g.h.Layers) != 32:
		return false
	case f.ropeEvery > 0:
		return (l.il+1)%f.ropeEvery != 0
	case f.ropeFour:
		return g.h.Window.Kind == gguf.WindowNone || l.il%4 != 0
	case f.ropeWindow && g.h.Window.Kind != gguf.WindowNone:
		return l.Window || f.ropeLead && l.il < g.h.LeadingDense
	}
	return true
}

// queries is build_qkv of src/llama-graph.cpp@v0.5.0: queries, keys and values by heads.
func (l *layer) queries(f *form, x *tensor) (q, k, v *tensor) {
	g, n := l.graph, x.ne[1]
	d, dv, heads, kv := int64(l.KeyLength), int64(l.ValueLength), int64(l.Heads), int64(l.KVHeads)
	if w := l.w("attn_qkv.weight"); w != nil {
		y := g.mulMat(w, x)
		if f.splitFirst {
			q = g.cont(g.part(y, d*heads, n, 1, 1, y.nb[1], y.nb[2], y.nb[3]))
			k = g.cont(g.part(y, d*kv, n, 1, 1, y.nb[1], y.nb[2], y.nb[3]))
			v = g.cont(g.part(y, dv*kv, n, 1, 1, y.nb[1], y.nb[2], y.nb[3]))
			return g.split(q, d, heads), g.split(k, d, kv), g.split(v, dv, kv)
		}
		q = g.part(y, d, heads, n, 1, 4*d, y.nb[1], y.nb[1]*n)
		k = g.part(y, d, kv, n, 1, 4*d, y.nb[1], y.nb[1]*n)
		v = g.part(y, dv, kv, n, 1, 4*dv, y.nb[1], y.nb[1]*n)
		return q, k, v
	}
	q, k, v = g.mulMat(l.w("attn_q.weight"), x), g.mulMat(l.w("attn_k.weight"), x), g.mulMat(l.values(), x)
	if f.splitFirst && l.flatNorm() {
		q, k = l.norm(q, "attn_q_norm", f.layerNorm), l.norm(k, "attn_k_norm", f.layerNorm)
	}
	return g.split(q, d, heads), g.split(k, d, kv), g.split(v, dv, kv)
}

// values is the matrix of values; some layers use that of keys.
func (l *layer) values() *tensor {
	if w := l.w("attn_v.weight"); w != nil {
		return w
	}
	return l.w("attn_k.weight")
}

func (g *graph) split(x *tensor, d, heads int64) *tensor {
	return g.reshape(x, d, heads, x.elements()/max(1, d*heads), 1)
}

// flatNorm: the norm of queries is over all heads together.
func (l *layer) flatNorm() bool {
	w := l.w("attn_q_norm.weight")
	return w != nil && w.ne[0] == int64(l.Heads*l.KeyLength) && l.Heads > 1 && w.ne[1] == 1
}

func (l *layer) headNorm(f *form, x *tensor, name string, heads int) *tensor {
	if f.plainNorm && f.ropeFirst && !l.has(name+".weight") {
		return l.like(opInPlace, x, x)
	}
	if !l.has(name+".weight") || f.splitFirst && l.flatNorm() {
		return x
	}
	if l.flatNorm() {
		flat := l.reshape(x, x.ne[0]*x.ne[1], x.ne[2], 1, 1)
		return l.reshape(l.norm(flat, name, f.headNorm), x.ne[0], x.ne[1], x.ne[2], 1)
	}
	return l.norm(x, name, f.headNorm)
}

// finish is the last norm and the logits.
func (g *graph) finish(f *form, x *tensor) {
	name := "output_norm.weight"
	if !g.e.hasGlobal(name) {
		name = "token_embd_norm.weight"
	}
	g.finishWith(f, x, name)
}

func (g *graph) finishWith(f *form, x *tensor, norm string) {
	hidden, w := x, g.global(norm)
	if f.rows == rowsBefore {
		x = g.chosen(x)
	}
	if w != nil || f.plainNorm {
		x = g.normed(x, w, g.e.hasGlobal("output_norm.bias"), f.layerNorm, -1)
	}
	if f.rows == rowsAfter {
		hidden = x
		x = g.chosen(x)
	} else if f.rows == rowsLast {
		hidden = x
	}
	if f.hidden {
		hidden.output = true
	}
	x.output = true
	if !f.noHead && !g.s.r.Embeddings || !f.noHead && !strings.HasPrefix(g.h.Architecture, "lfm2") {
		if w := g.head(); w != nil {
			x = g.mulMat(w, x)
			x.output = true
		}
	}
	g.expand(x)
}

func (e *Estimator) hasGlobal(name string) bool { _, ok := e.parts.global[name]; return ok }
