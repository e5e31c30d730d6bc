package plan

import "github.com/seed-f87006eb/llm/gguf"

// attentionInputs are what attention reads beside the model.
type attentionInputs struct {
	pos, outIDs        *tensor
	masks              [2]*tensor // without and with a window
	keyRows, valueRows [2]*tensor // where to write in the caches
	keyRot, valueRot   [2]*tensor // what quantized keys and values are rotated by
	scale              *tensor
	index              indexerInputs
	block              blockInputs
	lightning          lightningInputs
}

func (g *graph) tokens() int64 { return int64(g.s.tokens) }

func (g *graph) pos() *tensor {
	if g.inputs.pos == nil {
		n := g.tokens()
		if g.h.RoPE.Kind == gguf.RoPEMRoPE || g.h.RoPE.Kind == gguf.RoPEIMRoPE {
			n *= 4
		}
		g.inputs.pos = g.input(gguf.I32, n, 1, 1, 1)
	}
	return g.inputs.pos
}

// chosen are the rows that have outputs.
func (g *graph) chosen(x *tensor) *tensor {
	if g.inputs.outIDs == nil {
		g.inputs.outIDs = g.input(gguf.I32, int64(g.s.outputs), 1, 1, 1)
	}
	return g.rows(x, g.inputs.outIDs)
}

func (g *graph) maskType() gguf.TensorType {
	if g.s.flash {
		return gguf.F16
	}
	return gguf.F32
}

// mask of a cache with so many cells: build_attn_inp_kq_mask of src/llama-graph.cpp@v0.5.0.
func (g *graph) mask(window int, cells int64) *tensor {
	if g.inputs.masks[window] == nil {
		n := int64(g.s.streams)
		g.inputs.masks[window] = g.input(g.maskType(), cells, g.tokens()/n, 1, n)
	}
	return g.inputs.masks[window]
}

// plainMask is of attention without a cache.
func (g *graph) plainMask(window int) *tensor {
	if g.inputs.masks[window] == nil {
		g.inputs.masks[window] = g.input(g.maskType(), g.tokens(), g.tokens(), 1, 1)
	}
	return g.inputs.masks[window]
}

// temperature is a factor of each token's queries, where the model has one.
func (g *graph) temperature() *tensor {
	if g.inputs.scale == nil {
		g.inputs.scale = g.input(gguf.F32, 1, 1, g.tokens(), 1)
	}
	return g.inputs.scale
}

func (l *layer) scaled() bool { return l.h.Architecture == "mistral4" }

func (g *graph) rope(x *tensor) *tensor {
	t := g.in(x, g.pos())
	t.exact = exactRope
	return t
}

// rotation is the matrix that keys or values of a quantized cache are multiplied with:
// llama_kv_cache::llama_kv_cache and build_input_k_rot of src/llama-kv-cache.cpp@v0.5.0.
func (g *graph) rotation(window int, key bool) *tensor {
	kind, place := g.s.key, &g.inputs.keyRot[window]
	if !key {
		kind, place = g.s.value, &g.inputs.valueRot[window]
	}
	if *place != nil || !kind.Quantized() || g.h.Kind == gguf.KindHybrid && g.h.Window.Kind != gguf.WindowNone {
		return *place
	}
	width, same := 0, true
	for i, l := range g.h.Layers {
		if !g.e.hasKeys(i) || g.h.Window.Kind != gguf.WindowNone && l.Window != (window == 1) {
			continue
		}
		n := l.KeyLength
		if !key {
			n = l.ValueLength
		}
		same = same && (width == 0 || width == n)
		width = n
	}
	first := g.h.First().KeyLength
	if !key {
		first = g.h.First().ValueLength
	}
	if !same || width == 0 || first%64 != 0 {
		return nil
	}
	n := 64
	for key && width%(2*n) == 0 {
		n *= 2
	}
	*place = g.input(gguf.F32, int64(n), int64(n), 1, 1)
	return *place
}

func (e *Estimator) hasKeys(layer int) bool {
	for _, i := range e.parts.caches[layer] {
		if e.cache[i].Type == gguf.CacheKey {
			return true
		}
	}
	return false
}

func (g *graph) rotate(x, by *tensor) *tensor {
	n := by.ne[0]
	y := x
	if x.contiguous() {
		y = g.reshape(x, n, x.elements()/n, 1, 1)
	} else {
		y = g.contAs(x, n, x.elements()/n, 1, 1)
	}
	return g.reshape(g.mulMat(by, y), x.ne[0], x.ne[1], x.ne[2], x.ne[3])
}

// store writes keys or values into the layer's cache.
func (g *graph) store(cache, x *tensor, key bool, window int) {
	width, n := x.ne[0]*x.ne[1], x.ne[2]
	rows := &g.inputs.keyRows[window]
	if !key {
		rows = &g.inputs.valueRows[window]
	}
	across := !key && !g.s.flash
	if *rows == nil {
		ids := g.tokens()
		if across {
			widest := 0
			for _, l := range g.h.Layers {
				widest = max(widest, l.ValueWidth())
			}
			ids *= int64(widest)
		}
		*rows = g.input(gguf.I64, ids, 1, 1, 1)
	}
	if !across {
		y := g.part(x, width, n, 1, 1, x.nb[2], x.nb[2]*n, x.nb[2]*n)
		to := cache
		if cache.ne[2] > 1 {
			to = g.reshape(cache, cache.ne[0], cache.ne[1]*cache.ne[2], 1, 1)
		}
		g.expand(g.into(to, y, *rows, to))
		return
	}
	if x.nb[2] == rowSize(x.kind, width) {
		x = g.reshape(x, width, n, 1, 1)
	} else {
		x = g.contAs(x, width, n, 1, 1)
	}
	if width < cache.ne[0] {
		x = g.fresh(opNew, x.kind, cache.ne[0], n, 1, 1, x)
	}
	to := g.reshape(cache, 1, cache.elements(), 1, 1)
	g.expand(g.into(to, g.reshape(x, 1, x.elements(), 1, 1), *rows, to))
}

// cached are the layer's keys and values; layers without a cache of their own use that of an
// earlier one.
func (l *layer) cached() (key, value *tensor) {
	il := l.il
	if !l.KV && l.h.FirstWithKV > 0 {
		il = l.h.FirstWithKV - 1
		if l.Window {
			il--
		}
	}
	for _, i := range l.e.parts.caches[il] {
		switch l.e.cache[i].Type {
		case gguf.CacheKey:
			if key == nil {
				key = l.cache(i)
			}
		case gguf.CacheValue:
			if value == nil {
				value = l.cache(i)
			}
		}
	}
	return key, value
}

// attend is build_attn of src/llama-graph.cpp@v0.5.0: keys and values are stored, and read
// with all that the cache has. Without k and v nothing is stored.
func (l *layer) attend(q, k, v, bias *tensor) *tensor {
	g, window := l.graph, 0
	iswa := g.h.Window.Kind != gguf.WindowNone
	if iswa && l.Window {
		window = 1
	}
	if g.noCache {
		g.expand(q)
		g.expand(k)
		g.expand(v)
		return l.heads(q, k, v, bias, nil, g.plainMask(window), l.w("attn_sinks.weight"), false)
	}
	keyRot, valueRot := g.rotation(window, true), g.rotation(window, false)
	if keyRot != nil {
		q = g.rotate(q, keyRot)
		if k != nil {
			k = g.rotate(k, keyRot)
		}
	}
	if valueRot != nil && v != nil {
		v = g.rotate(v, valueRot)
	}
	g.expand(q)
	first, second := v, k
	if iswa {
		first, second = k, v
	}
	for _, t := range []*tensor{first, second} {
		if t != nil {
			g.expand(t)
		}
	}
	keys, values := l.cached()
	if keys == nil || values == nil {
		return q
	}
	if k != nil {
		g.store(keys, k, true, window)
		g.store(values, v, false, window)
	}
	cells := keys.ne[1]
	kv := l.keyView(keys)
	var vv *tensor
	if g.s.flash {
		d, heads := int64(l.ValueLength), int64(l.KVHeads)
		row := rowSize(values.kind, values.ne[0])
		vv = g.view(values, [4]int64{d, heads, cells, values.ne[2]}, [4]int64{elementSize(values.kind), rowSize(values.kind, d), row, row * cells})
	} else {
		d, heads := int64(l.ValueLength), int64(l.KVHeads)
		one := elementSize(values.kind)
		vv = g.view(values, [4]int64{cells, heads, d, values.ne[2]}, [4]int64{one, one * cells * d, one * cells, one * cells * values.ne[0]})
	}
	y := l.heads(q, kv, vv, bias, nil, g.mask(window, cells), l.w("attn_sinks.weight"), !g.s.flash)
	if valueRot != nil {
		y = g.rotate(y, valueRot)
	}
	return y
}

func (l *layer) keyView(keys *tensor) *tensor {
	d, heads, cells := int64(l.KeyLength), int64(l.KVHeads), keys.ne[1]
	row := rowSize(keys.kind, keys.ne[0])
	return l.view(keys, [4]int64{d, heads, cells, keys.ne[2]}, [4]int64{elementSize(keys.kind), rowSize(keys.kind, d), row, row * cells})
}

// heads is build_attn_mha.
func (l *layer) heads(q, k, v, bias, decompress, mask, sinks *tensor, across bool) *tensor {
	g, n := l.graph, k.ne[3]
	q = g.view(q, [4]int64{q.ne[0], q.ne[1], q.ne[2] / n, n}, [4]int64{q.nb[0], q.nb[1], q.nb[2], q.nb[3] / n})
	latent := v.latent
	q, k, v = g.permute(q, 0, 2, 1, 3), g.permute(k, 0, 2, 1, 3), g.permute(v, 0, 2, 1, 3)
	v.latent = latent
	var y *tensor
	if g.s.flash && bias == nil {
		if k.kind == gguf.F32 {
			k = g.fresh(opNew, gguf.F16, k.ne[0], k.ne[1], k.ne[2], k.ne[3], k)
		}
		if v.kind == gguf.F32 {
			v = g.fresh(opNew, gguf.F16, v.ne[0], v.ne[1], v.ne[2], v.ne[3], v)
		}
		y = g.fresh(opAttention, gguf.F32, v.ne[0], q.ne[2], q.ne[1], q.ne[3], q, k, v, mask, sinks)
		if decompress != nil {
			y = g.mulMat(decompress, g.permute(y, 0, 2, 1, 3))
			y = g.cont(g.permute(y, 0, 2, 1, 3))
		}
		y = g.reshape(y, y.ne[0]*y.ne[1], y.ne[2]*y.ne[3], 1, 1)
	} else {
		kq := g.mulMat(k, q)
		if bias != nil {
			kq = g.add(kq, bias)
		}
		kq = g.in(kq, mask, sinks)
		if !across {
			v = g.cont(g.transpose(v))
		}
		kqv := g.mulMat(v, kq)
		if decompress != nil {
			kqv = g.mulMat(decompress, kqv)
		}
		y = g.permute(kqv, 0, 2, 1, 3)
		y = g.contAs(y, y.ne[0]*y.ne[1], y.ne[2]*y.ne[3], 1, 1)
	}
	g.expand(y)
	return y
}
