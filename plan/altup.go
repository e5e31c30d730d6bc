package plan

import "github.com/seed-f87006eb/llm/gguf"

// streams is how many versions of the hidden state Gemma 3n has.
const streams = 4

// gemma3n is src/models/gemma3n.cpp@v0.5.0: several versions of the hidden state are predicted,
// one goes through a layer, and all are corrected by it.
func gemma3n(g *graph) {
	f := &form{}
	x := g.embed(f)
	n, width := g.tokens(), x.ne[0]
	perLayer := g.perLayerInputs(x)
	magnitude := g.magnitude(x)
	more := g.mulMat(g.global("altup_proj.weight"), g.repeat(x, width, n, streams-1, 1))
	length := g.magnitude(more)
	more = g.in(g.mul(more, magnitude), length)
	x = g.concat(x, more, 2)
	for _, il := range g.layers {
		x = g.layer(il).altup(x, perLayer)
	}
	slice := func(t *tensor) *tensor { return g.part(t, t.ne[0], t.ne[1], 1, 1, t.nb[1], t.nb[2], t.nb[3]) }
	magnitude = g.magnitude(slice(x))
	rest := g.part(x, width, n, streams-1, 1, x.nb[1], x.nb[2], x.nb[3])
	rest = g.mulMat(g.global("altup_unembd_proj.weight"), rest)
	length = g.magnitude(rest)
	rest = g.in(g.mul(rest, magnitude), length)
	y := slice(x)
	for range streams - 1 {
		y = g.add(y, slice(rest))
	}
	g.finishWith(&form{rows: rowsBefore}, y, "output_norm.weight")
}

// magnitude is the length of each row.
func (g *graph) magnitude(x *tensor) *tensor { return g.sumRows(g.like(opInPlace, x, x)) }

// perLayerInputs are embeddings of each token for each layer.
func (g *graph) perLayerInputs(x *tensor) *tensor {
	table := g.global("per_layer_token_embd.weight")
	if table == nil {
		return nil
	}
	n, layers := g.tokens(), int64(max(1, len(g.h.Layers)))
	each := table.ne[0] / layers
	y := g.in(g.reshape(g.rows(table, g.input(gguf.I32, n, 1, 1, 1)), each, layers, n, 1))
	g.expand(y)
	p := g.reshape(g.mulMat(g.global("per_layer_model_proj.weight"), x), each, layers, n, 1)
	p = g.normed(p, g.global("per_layer_proj_norm.weight"), false, false, -1)
	return g.cont(g.permute(g.add(p, y), 0, 2, 1, 3))
}

// modalities say how the versions are mixed.
func (l *layer) modalities(x *tensor) *tensor {
	return l.mulMat(l.w("altup_router.weight"), l.norm(x, "altup_router_norm", false))
}

func (l *layer) slice(x *tensor) *tensor {
	return l.part(x, x.ne[0], x.ne[1], 1, 1, x.nb[1], x.nb[2], x.nb[3])
}

func (l *layer) altup(x, perLayer *tensor) *tensor {
	g, n, width := l.graph, x.ne[1], x.ne[0]
	coefficients := g.mulMat(l.w("altup_predict_coef.weight"), l.modalities(l.slice(x)))
	coefficients = g.reshape(coefficients, streams, streams, n, 1)
	predictions := g.mulMat(g.cont(g.permute(x, 1, 2, 0, 3)), coefficients)
	predictions = g.cont(g.permute(predictions, 0, 2, 1, 3))
	predictions = g.add(predictions, x)
	active := l.slice(predictions)
	normed := l.norm(active, "attn_norm", false)
	laurel := g.mulMat(l.w("laurel_r.weight"), g.mulMat(l.w("laurel_l.weight"), normed))
	laurel = g.add(l.norm(laurel, "laurel_post_norm", false), normed)
	y := l.norm(l.gemmaAttention(normed), "post_attention_norm", false)
	y = g.add(y, active)
	sum := g.like(opInPlace, y, y, laurel)
	y = l.gemmaForward(l.norm(sum, "ffn_norm", false))
	y = g.normed(y, l.w("post_ffw_norm.weight"), false, false, -1)
	y = g.add(y, sum)
	corrected := l.correct(predictions, y, n, width)
	first := g.mul(l.slice(corrected), l.weightOr("altup_correct_scale.weight"))
	first = g.mulMat(l.w("inp_gate.weight"), first)
	if perLayer != nil {
		first = g.mul(first, l.slice(perLayer))
	}
	first = l.norm(g.mulMat(l.w("proj.weight"), first), "post_norm", false)
	rest := g.part(corrected, width, n, streams-1, 1, corrected.nb[1], corrected.nb[2], corrected.nb[3])
	return g.concat(l.slice(corrected), g.add(rest, first), 2)
}

func (l *layer) correct(predictions, active *tensor, n, width int64) *tensor {
	g := l.graph
	modalities := l.modalities(active)
	innovation := g.in(active, l.slice(predictions))
	c := g.mulMat(l.w("altup_correct_coef.weight"), modalities)
	c = g.contAs(g.transpose(c), 1, n, streams, 1)
	return g.add(g.mul(g.repeat(innovation, width, n, streams, 1), c), predictions)
}

// gemmaForward is the feed-forward part, of which some layers keep only the largest
// activations.
func (l *layer) gemmaForward(x *tensor) *tensor {
	g := l.graph
	up, gate := g.mulMat(l.w("ffn_up.weight"), x), g.mulMat(l.w("ffn_gate.weight"), x)
	if l.il < sparseLayers {
		mean := g.sumRows(gate)
		square := g.like(opInPlace, gate, g.in(gate, mean))
		deviation := g.sumRows(square)
		gate = g.in(gate, g.add(mean, deviation))
	}
	return g.mulMat(l.w("ffn_down.weight"), g.mul(up, gate))
}

// sparseLayers is n_layer_sparsity of the same source.
const sparseLayers = 10

// gemmaAttention is attention whose values are normed, and whose last layers use the caches of
// earlier ones.
func (l *layer) gemmaAttention(x *tensor) *tensor {
	g := l.graph
	d, heads, kv := int64(l.KeyLength), int64(l.Heads), int64(l.KVHeads)
	q, k, v := g.mulMat(l.w("attn_q.weight"), x), (*tensor)(nil), (*tensor)(nil)
	q = g.rope(l.norm(g.split(q, d, heads), "attn_q_norm", false))
	if l.KV {
		key := g.mulMat(l.w("attn_k.weight"), x)
		value := key
		if w := l.w("attn_v.weight"); w != nil {
			value = g.mulMat(w, x)
		}
		k = g.rope(l.norm(g.split(key, d, kv), "attn_k_norm", false))
		value = g.split(value, int64(l.ValueLength), kv)
		v = g.like(opInPlace, value, value)
	}
	return g.mulMat(l.w("attn_output.weight"), l.attend(q, k, v, nil))
}

// gemma4 is src/models/gemma4.cpp@v0.5.0.
func gemma4(g *graph) {
	f := &form{rows: rowsAfter, hidden: true}
	x := g.embed(f)
	perLayer := g.perLayerInputs(x)
	for _, il := range g.layers {
		l := g.layer(il)
		y := l.norm(l.gemmaAttention(l.norm(x, "attn_norm", false)), "post_attention_norm", false)
		sum := g.add(y, x)
		if l.has("ffn_gate_inp.weight") {
			y = l.gemmaExperts(sum)
		} else {
			y = g.feedForward(l.norm(sum, "ffn_norm", false), l.w("ffn_up.weight"), l.w("ffn_gate.weight"), l.w("ffn_down.weight"), false)
		}
		y = g.normed(y, l.w("post_ffw_norm.weight"), false, false, -1)
		x = g.add(y, sum)
		if perLayer != nil {
			y = g.mul(g.mulMat(l.w("inp_gate.weight"), x), l.slice(perLayer))
			x = g.add(x, l.norm(g.mulMat(l.w("proj.weight"), y), "post_norm", false))
		}
	}
	g.finish(f, x)
}

// gemmaExperts has a dense part beside the experts, each with norms of its own.
func (l *layer) gemmaExperts(sum *tensor) *tensor {
	g := l.graph
	y := g.feedForward(l.norm(sum, "ffn_norm", false), l.w("ffn_up.weight"), l.w("ffn_gate.weight"), l.w("ffn_down.weight"), false)
	y = l.norm(y, "post_ffw_norm_1", false)
	x := l.norm(sum, "pre_ffw_norm_2", false)
	logits := g.mulMat(l.w("ffn_gate_inp.weight"), g.mul(g.like(opInPlace, sum, sum), l.weightOr("ffn_gate_inp.scale")))
	z := l.norm(l.experts(x, logits, &usual), "post_ffw_norm_2", false)
	return g.add(y, z)
}
