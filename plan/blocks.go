package plan

import (
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
)

// parts finds weights by layer and name.
type parts struct {
	layers []layerParts
	global map[string]int
	caches [][]int // indices of the caches of each layer
	// kinds has the same number for layers that need the same memory for computing, exact also
	// for those whose weights are of the same types.
	kinds, exact []int
}

type layerParts map[string]int

func partsOf(h *gguf.Hyper, weights []weight, cache []gguf.CacheTensor) *parts {
	p := &parts{global: map[string]int{}}
	n := max(len(h.Layers), h.DecoderLayers)
	p.layers = make([]layerParts, n)
	for i := range p.layers {
		p.layers[i] = layerParts{}
	}
	for i := range weights {
		rest, layer := layerOf(weights[i].name)
		if layer < 0 || layer >= n {
			p.global[weights[i].name] = i
			continue
		}
		if len(weights[i].name) > len(rest)+5 && (weights[i].name[:4] == "enc." || weights[i].name[:4] == "dec.") {
			rest = weights[i].name[:4] + rest
		}
		p.layers[layer][rest] = i
	}
	p.caches = make([][]int, n)
	for i, c := range cache {
		p.caches[c.Layer] = append(p.caches[c.Layer], i)
	}
	p.kinds, p.exact = kindsOf(h, weights, p, false), kindsOf(h, weights, p, true)
	return p
}

// kindsOf numbers layers so that those which are alike have the same number.
func kindsOf(h *gguf.Hyper, weights []weight, p *parts, types bool) []int {
	numbers := map[string]int{}
	kinds := make([]int, len(p.layers))
	for i, l := range p.layers {
		sum := uint64(0)
		for name, k := range l {
			w := &weights[k]
			kind := gguf.F32
			if types {
				kind = w.kind
			}
			sum += hash(name, w.dims[0], w.dims[1], w.dims[2], uint64(kind))
		}
		key := fmt.Sprint(sum)
		if i < len(h.Layers) {
			key += fmt.Sprint(h.Layers[i])
		}
		n, ok := numbers[key]
		if !ok {
			n = len(numbers)
			numbers[key] = n
		}
		kinds[i] = n
	}
	return kinds
}

// hash is FNV-1a.
func hash(s string, n ...uint64) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	for _, v := range n {
		for range 8 {
			h = (h ^ v&255) * 1099511628211
			v >>= 8
		}
	}
	return h
}

// layer is one of the graph.
type layer struct {
	*graph
	il    int
	parts layerParts
	gguf.Layer
	logits     *tensor // of the router, where the layer's input chooses
	compressed *tensor // what queries are made of, where more than one reads it
}

func (g *graph) layer(il int) *layer {
	l := &layer{graph: g, il: il, parts: g.e.parts.layers[il]}
	if il < len(g.h.Layers) {
		l.Layer = g.h.Layers[il]
	}
	return l
}

// w is the layer's weight of that name, or nil.
func (l *layer) w(name string) *tensor {
	i, ok := l.parts[name]
	if !ok {
		return nil
	}
	return l.weight(i)
}

func (l *layer) has(name string) bool { _, ok := l.parts[name]; return ok }

func (g *graph) weight(i int) *tensor {
	if t := g.weights[i]; t != nil {
		return t
	}
	t := g.weightAt(i, int(g.homes.where[i]))
	g.weights[i] = t
	return t
}

func (g *graph) weightAt(i, where int) *tensor {
	w := &g.e.weights[i]
	t := g.fresh(opNone, w.kind, int64(w.dims[0]), int64(w.dims[1]), int64(w.dims[2]), int64(w.dims[3]))
	t.outside, t.weight, t.where = true, true, int8(where)
	return t
}

// global is the weight of that name outside of layers, or nil.
func (g *graph) global(name string) *tensor {
	i, ok := g.e.parts.global[name]
	if !ok {
		return nil
	}
	return g.weight(i)
}

// head is the matrix of the output, or nil.
func (g *graph) head() *tensor {
	if t := g.global("output.weight"); t != nil {
		return t
	}
	i, ok := g.e.parts.global["token_embd.weight"]
	if !ok {
		return nil
	}
	if !g.e.weights[i].tied {
		return g.weight(i)
	}
	if g.tied == nil {
		g.tied = g.weightAt(i, g.homes.tied)
	}
	return g.tied
}

func (g *graph) cache(i int) *tensor {
	if t := g.caches[i]; t != nil {
		return t
	}
	c := g.e.cache[i]
	kind := g.s.typeOf(c)
	rows, streams := g.s.rowsOf(c)
	t := g.fresh(opNone, kind, int64(g.s.widthOf(c)), int64(rows), int64(streams), 1)
	t.outside, t.where = true, int8(g.s.cachePlace(g.p, c))
	g.caches[i] = t
	return t
}

// norm normalizes with weights, if there are any. Layer norms cannot work in place.
func (l *layer) norm(x *tensor, name string, layerNorm bool) *tensor {
	return l.normed(x, l.w(name+".weight"), l.has(name+".bias"), layerNorm, l.il)
}

func (g *graph) normed(x, w *tensor, bias, layerNorm bool, il int) *tensor {
	if layerNorm {
		x = g.like(opNew, x, x)
	} else {
		x = g.like(opInPlace, x, x)
	}
	x.exact = exactNorm
	if w != nil || bias {
		g.pin(x, il)
	}
	if w != nil {
		x = g.mul(x, w)
	}
	return x
}

// pin fixes where the norm of a layer is computed, where everything is on devices.
func (g *graph) pin(x *tensor, il int) {
	if g.full && il >= 0 {
		x.backend, x.pinned = int8(g.p.backendOf(g.p.layer(il))), true
	}
}

// feedForward is build_ffn of src/llama-graph.cpp@v0.5.0.
func (g *graph) feedForward(x, up, gate, down *tensor, clamped bool) *tensor {
	y := g.mulMat(up, x)
	switch {
	case gate != nil && clamped:
		y = g.mul(g.mulMat(gate, x), y)
	case gate != nil:
		y = g.glu(g.mulMat(gate, x), y)
	case down != nil && up.ne[1] == 2*down.ne[0]:
		y = g.glu(y, nil)
	}
	if down == nil {
		return y
	}
	return g.mulMat(down, y)
}
