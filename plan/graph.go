package plan

import "github.com/seed-f87006eb/llm/gguf"

// graph is a computation graph of a few layers: only what decides on memory. Biases, scales,
// rotations and activations of a tensor that nobody else uses take that tensor's memory, and
// are left out.
type graph struct {
	s      *setting
	p      *placement
	e      *Estimator
	homes  *homes
	h      *gguf.Hyper
	arena  []tensor
	used   int
	more   [][]tensor
	nodes  []*tensor
	leaves []*tensor
	// weights by index, made when they are used; tied is the copy of the embeddings.
	weights []*tensor
	tied    *tensor
	caches  []*tensor // by index in Estimator.cache
	layers  []int     // those that stand for all
	full    bool      // everything is on devices
	inputs  attentionInputs
	noCache bool       // attention sees the batch alone
	given   *tensor    // the embeddings, with all that came in
	skip    *tensor    // the embeddings, for layers that add them
	states  [2]*tensor // which states the sequences have, and the others
	fusions []fusion
	bank    *tensor // residuals that later layers read
	top     *tensor // the tokens that the last indexer chose
}

func (g *graph) alloc() *tensor {
	if g.used == len(g.arena) {
		g.more = append(g.more, g.arena)
		g.arena = make([]tensor, 512)
		g.used = 0
	}
	t := &g.arena[g.used]
	g.used++
	return t
}

// fresh is a new tensor without gaps.
func (g *graph) fresh(o op, kind gguf.TensorType, ne0, ne1, ne2, ne3 int64, src ...*tensor) *tensor {
	t := g.alloc()
	t.op, t.kind, t.ne, t.backend = o, kind, [4]int64{ne0, ne1, ne2, ne3}, unassigned
	t.dense()
	for _, s := range src {
		if s != nil {
			t.src[t.sources] = s
			t.sources++
		}
	}
	return t
}

func (g *graph) like(o op, a *tensor, src ...*tensor) *tensor {
	return g.fresh(o, a.kind, a.ne[0], a.ne[1], a.ne[2], a.ne[3], src...)
}

func (g *graph) input(kind gguf.TensorType, ne0, ne1, ne2, ne3 int64) *tensor {
	t := g.fresh(opNone, kind, ne0, ne1, ne2, ne3)
	t.input = true
	return t
}

// view shows memory of another tensor, with strides in bytes.
func (g *graph) view(a *tensor, ne, nb [4]int64) *tensor {
	t := g.alloc()
	t.op, t.kind, t.ne, t.nb, t.backend = opView, a.kind, ne, nb, unassigned
	t.root = a
	if a.root != nil {
		t.root = a.root
	}
	t.src[0], t.sources = a, 1
	return t
}

func (g *graph) reshape(a *tensor, ne0, ne1, ne2, ne3 int64) *tensor {
	t := g.view(a, [4]int64{ne0, ne1, ne2, ne3}, [4]int64{})
	t.dense()
	return t
}

// part is a view of the first so many numbers of each row, in as many dimensions.
func (g *graph) part(a *tensor, ne0, ne1, ne2, ne3, nb1, nb2, nb3 int64) *tensor {
	return g.view(a, [4]int64{ne0, ne1, ne2, ne3}, [4]int64{a.nb[0], nb1, nb2, nb3})
}

// permute: dimension i becomes dimension to[i].
func (g *graph) permute(a *tensor, to0, to1, to2, to3 int) *tensor {
	var ne, nb [4]int64
	for i, to := range [4]int{to0, to1, to2, to3} {
		ne[to], nb[to] = a.ne[i], a.nb[i]
	}
	return g.view(a, ne, nb)
}

func (g *graph) transpose(a *tensor) *tensor { return g.permute(a, 1, 0, 2, 3) }

// into is an operation that writes into memory of dst.
func (g *graph) into(dst *tensor, src ...*tensor) *tensor {
	t := g.view(dst, dst.ne, dst.nb)
	t.op, t.sources = opInto, 0
	t.src[0] = nil
	for _, s := range src {
		t.src[t.sources] = s
		t.sources++
	}
	return t
}

func (g *graph) cont(a *tensor) *tensor { return g.like(opNew, a, a) }

func (g *graph) contAs(a *tensor, ne0, ne1, ne2, ne3 int64) *tensor {
	return g.fresh(opNew, a.kind, ne0, ne1, ne2, ne3, a)
}

// in is an operation that may take the memory of its first operand.
func (g *graph) in(a *tensor, others ...*tensor) *tensor {
	return g.like(opInPlace, a, append([]*tensor{a}, others...)...)
}

func (g *graph) add(a, b *tensor) *tensor { return g.in(a, b) }
func (g *graph) mul(a, b *tensor) *tensor { return g.in(a, b) }

// mulMat multiplies; without a matrix, which a model that the engine loads would have, it
// leaves x as it is.
func (g *graph) mulMat(w, x *tensor) *tensor {
	if w == nil {
		return x
	}
	return g.fresh(opMatMul, gguf.F32, w.ne[1], x.ne[1], x.ne[2], x.ne[3], w, x)
}

func (g *graph) mulMatID(w, x, ids *tensor) *tensor {
	if w == nil {
		return x
	}
	return g.fresh(opMatMulID, gguf.F32, w.ne[1], ids.ne[0], x.ne[2], 1, w, x, ids)
}

func (g *graph) rows(a, ids *tensor) *tensor {
	if a == nil {
		return g.fresh(opRows, gguf.F32, int64(g.h.Embedding), ids.ne[0], ids.ne[1], ids.ne[2], ids)
	}
	kind := gguf.F32
	if a.kind == gguf.I32 {
		kind = gguf.I32
	}
	return g.fresh(opRows, kind, a.ne[0], ids.ne[0], ids.ne[1], ids.ne[2], a, ids)
}

// glu is a gated activation of two tensors, or of the halves of one.
func (g *graph) glu(gate, up *tensor) *tensor {
	if up == nil {
		return g.fresh(opNew, gate.kind, gate.ne[0]/2, gate.ne[1], gate.ne[2], gate.ne[3], gate)
	}
	return g.like(opNew, gate, gate, up)
}

func (g *graph) concat(a, b *tensor, dim int) *tensor {
	t := g.like(opNew, a, a, b)
	t.ne[dim] += b.ne[dim]
	t.dense()
	return t
}

func (g *graph) repeat(a *tensor, ne0, ne1, ne2, ne3 int64) *tensor {
	return g.fresh(opNew, a.kind, ne0, ne1, ne2, ne3, a)
}

func (g *graph) sumRows(a *tensor) *tensor {
	return g.fresh(opNew, gguf.F32, 1, a.ne[1], a.ne[2], a.ne[3], a)
}

func (g *graph) topK(a *tensor, k int64) *tensor {
	s := g.fresh(opSort, gguf.I32, a.ne[0], a.ne[1], a.ne[2], a.ne[3], a)
	return g.part(s, k, s.ne[1], s.ne[2], s.ne[3], s.nb[1], s.nb[2], s.nb[3])
}

// expand adds a tensor with what it is made of, sources first: ggml_build_forward_expand of
// ggml/src/ggml.c@v0.5.0.
func (g *graph) expand(t *tensor) {
	if t.visited {
		return
	}
	t.visited = true
	for _, s := range t.src[:t.sources] {
		g.expand(s)
	}
	if t.op == opNone {
		g.leaves = append(g.leaves, t)
	} else {
		g.nodes = append(g.nodes, t)
	}
}
