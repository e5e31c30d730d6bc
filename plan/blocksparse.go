package plan

import "github.com/seed-f87006eb/llm/gguf"

// blockInputs are what the choice of blocks reads beside the model.
type blockInputs struct{ bias, position, slots, blocks, mask *tensor }

// blockAttention is that of MiniMax M3, whose indexer chooses blocks of tokens for each group
// of heads: src/models/minimax-m3.cpp@v0.5.0. It needs flash attention, and a cache for each
// sequence.
func blockAttention(l *layer, x *tensor) *tensor {
	g := l.graph
	if !l.Indexer || !g.s.flash || g.s.r.Unified && g.s.sequences > 1 {
		return l.attention(&usual, x)
	}
	q, k, v := l.queries(&usual, x)
	q, k = g.rope(l.norm(q, "attn_q_norm", false)), g.rope(l.norm(k, "attn_k_norm", false))
	keys, values := l.cached()
	index := l.indexKeys()
	if keys == nil || values == nil || index == nil {
		return q
	}
	d, heads, n := int64(l.h.Indexer.KeyLength), int64(l.h.Indexer.Heads), x.ne[1]
	iq := g.reshape(g.mulMat(l.w("indexer.q_proj.weight"), x), d, heads, n, 1)
	ik := g.reshape(g.mulMat(l.w("indexer.k_proj.weight"), x), d, 1, n, 1)
	iq, ik = g.rope(l.norm(iq, "indexer.q_norm", false)), g.rope(l.norm(ik, "indexer.k_norm", false))
	if g.inputs.index.rows == nil {
		g.inputs.index.rows = g.input(gguf.I64, n, 1, 1, 1)
	}
	to := index
	if index.ne[2] > 1 {
		to = g.reshape(index, index.ne[0], index.ne[1]*index.ne[2], 1, 1)
	}
	g.expand(g.into(to, g.part(ik, d, n, 1, 1, ik.nb[2], ik.nb[2]*n, ik.nb[2]*n), g.inputs.index.rows, to))
	valueRot := g.rotation(0, false)
	if by := g.rotation(0, true); by != nil {
		q, k = g.rotate(q, by), g.rotate(k, by)
	}
	if valueRot != nil {
		v = g.rotate(v, valueRot)
	}
	g.expand(q)
	g.expand(k)
	g.expand(v)
	g.store(keys, k, true, 0)
	g.store(values, v, false, 0)
	var y *tensor
	for range keys.ne[2] { // one sequence after the other
		mask := l.blockMask(iq, index)
		one := l.blockHeads(q, keys, values, mask)
		if y == nil {
			y = one
		} else {
			y = g.concat(y, one, 1)
		}
	}
	if valueRot != nil {
		y = g.rotate(y, valueRot)
	}
	return g.mulMat(l.w("attn_output.weight"), y)
}

// emptyPositions are those of a context that nothing has been decoded in, for which the engine
// reserves: llama_kv_cache_msa_context::get_n_pos. As it fills, the engine takes more.
const emptyPositions = 256

// blocked are the inputs.
func (g *graph) blocked(cells, streams int64) *blockInputs {
	in, block, n := &g.inputs.block, int64(max(1, g.h.Indexer.Block)), g.tokens()
	if in.bias == nil {
		positions := (emptyPositions + block - 1) / block * block
		in.bias = g.input(gguf.F32, positions/block, n, 1, 1)
		in.position = g.input(gguf.F32, positions, n, 1, 1)
		in.slots = g.input(gguf.I32, positions, streams, 1, 1)
		in.blocks = g.input(gguf.I32, cells, streams, 1, 1)
		mask := g.mask(0, cells)
		in.mask = g.fresh(opNew, gguf.F32, mask.ne[0], mask.ne[1], mask.ne[2], mask.ne[3], mask)
	}
	return in
}

// blockMask hides, for each group of heads of one sequence, all but the chosen blocks.
func (l *layer) blockMask(iq, index *tensor) *tensor {
	g, cells, streams := l.graph, index.ne[1], index.ne[2]
	in, d, heads, n := g.blocked(cells, streams), iq.ne[0], iq.ne[1], iq.ne[2]/streams
	positions, blocks := in.position.ne[0], in.bias.ne[0]
	q := g.part(iq, d, heads, n, 1, iq.nb[1], iq.nb[2], iq.nb[2]*n)
	row := rowSize(index.kind, index.ne[0])
	k := g.rows(g.part(index, d, cells, 1, 1, row, row*cells, row*cells), g.part(in.slots, positions, 1, 1, 1, in.slots.nb[1], in.slots.nb[1], in.slots.nb[1]))
	score := g.reshape(g.mulMat(k, g.reshape(q, d, heads*n, 1, 1)), positions, heads, n, 1)
	position := g.part(in.position, positions, 1, n, 1, in.position.nb[1], in.position.nb[1], in.position.nb[1]*n)
	score = g.into(score, score, position)
	bias := g.part(in.bias, blocks, 1, n, 1, in.bias.nb[1], in.bias.nb[1], in.bias.nb[1]*n)
	best := g.add(g.fresh(opNew, gguf.F32, blocks, heads, n, 1, score), bias)
	top := min(blocks, int64(g.h.Indexer.TopK))
	chosen := g.fresh(opTopK, gguf.I32, top, heads, n, 1, best)
	hidden := g.in(bias)
	hidden = g.fresh(opNew, gguf.F16, blocks, 1, n, 1, hidden)
	hidden = g.repeat(hidden, blocks, heads, n, 1)
	seen := g.fresh(opNew, gguf.F32, top, heads, n, 1, chosen)
	hidden = g.reshape(hidden, 1, blocks, heads*n, 1)
	mask := g.into(hidden, g.reshape(seen, 1, top, heads*n, 1), g.reshape(chosen, top, heads*n, 1, 1), hidden)
	mask = g.cont(g.permute(g.reshape(mask, blocks, heads, n, 1), 0, 2, 1, 3))
	mask = g.cont(g.transpose(g.reshape(mask, blocks, n*heads, 1, 1)))
	mask = g.rows(mask, g.part(in.blocks, cells, 1, 1, 1, in.blocks.nb[1], in.blocks.nb[1], in.blocks.nb[1]))
	mask = g.reshape(g.cont(g.transpose(mask)), cells, n, heads, 1)
	all := g.part(in.mask, cells, n, 1, 1, in.mask.nb[1], in.mask.nb[3], in.mask.nb[3])
	mask = g.into(mask, mask, all)
	return g.fresh(opNew, gguf.F16, cells, n, 1, heads, mask)
}

// blockHeads attends, with the groups of heads beside one another.
func (l *layer) blockHeads(q, keys, values, mask *tensor) *tensor {
	g, d, n, groups, cells := l.graph, q.ne[0], mask.ne[1], int64(max(1, l.KVHeads)), keys.ne[1]
	part := g.part(q, d, q.ne[1], n, 1, q.nb[1], q.nb[2], q.nb[2]*n)
	part = g.permute(g.reshape(part, d, q.ne[1]/groups, groups, n), 0, 2, 3, 1)
	see := func(c *tensor) *tensor {
		row := rowSize(c.kind, c.ne[0])
		t := g.view(c, [4]int64{d, groups, cells, 1}, [4]int64{elementSize(c.kind), rowSize(c.kind, d), row, row * cells})
		return g.permute(t, 0, 3, 1, 2)
	}
	k, v := see(keys), see(values)
	y := g.fresh(opAttention, gguf.F32, d, part.ne[2], part.ne[1], part.ne[3], part, k, v, mask)
	y = g.permute(y, 0, 1, 3, 2)
	if !y.contiguous() {
		y = g.cont(y)
	}
	return g.reshape(y, d*q.ne[1], n, 1, 1)
}
