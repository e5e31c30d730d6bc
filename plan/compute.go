package plan

import (
	"strings"
	"sync"
)

// unassigned is the backend of a tensor that has none yet.
const unassigned = -2

// workspace is what a plan needs besides its answer; it is used again.
type workspace struct {
	graph graph
	reservation
	scheduler scheduler
	steps     []step
}

var workspaces = sync.Pool{New: func() any { return &workspace{} }}

// compute adds the buffers of computation: llama_context::graph_reserve of
// src/llama-context.cpp@v0.5.0, which runs the largest graph through the allocator.
func (e *Estimator) compute(p *placement, s *setting, home *homes, m *Memory) {
	w := workspaces.Get().(*workspace)
	defer workspaces.Put(w)
	g := &w.graph
	g.start(e, p, s, home)
	g.build()
	w.plan(g)
	for i, d := range p.used {
		m.Devices[d].Compute += w.arenas[i].size()
	}
	m.Host.Compute += w.arenas[len(p.used)].size()
}

func (g *graph) start(e *Estimator, p *placement, s *setting, home *homes) {
	arena, nodes, leaves, layers, weights, caches := g.arena, g.nodes[:0], g.leaves[:0], g.layers[:0], g.weights, g.caches
	switch n := len(arena); {
	case n == 0:
		arena = make([]tensor, 512)
	case len(g.more) > 0: // one that is large enough, for the next time
		for _, m := range g.more {
			n += len(m)
		}
		arena = make([]tensor, n)
	default:
		clear(arena[:g.used])
	}
	if len(weights) < len(e.weights) {
		weights = make([]*tensor, len(e.weights))
	}
	if len(caches) < len(e.cache) {
		caches = make([]*tensor, len(e.cache))
	}
	clear(weights)
	clear(caches)
	*g = graph{s: s, p: p, e: e, homes: home, h: e.h, arena: arena, nodes: nodes, leaves: leaves, weights: weights, caches: caches}
	g.full = len(p.used) > 0 && p.whole()
	g.layers = e.representatives(layers, p, home)
}

// representatives are the layers that stand for all. Layers that are alike need the same
// memory, but where the allocator finds it depends on what was free before, and that repeats
// itself after a few of them: after 1, 2, 3 or 6 in what has been seen, the first few aside. So
// of blocks that repeat, those few and the rest by repeats are kept.
func (e *Estimator) representatives(list []int, p *placement, home *homes) []int {
	n := len(e.parts.kinds)
	if main := e.h.Main(); main > 0 && main < n && !keepsAhead[e.h.Architecture] {
		n = main
	}
	// Each layer has a copy of the distances, or the bank of residuals grows.
	differ := strings.HasPrefix(e.h.Architecture, "t5") || e.h.ResidualBlock > 0
	alike := func(a, b int) bool {
		if differ {
			return false
		}
		kinds := e.parts.kinds
		if len(p.used) > 0 && (home.away || p.layer(a) == host) { // weights may be copied to a device
			kinds = e.parts.exact
		}
		return kinds[a] == kinds[b] && p.layer(a) == p.layer(b) && (!home.away || home.same(e, a, b))
	}
	for i := 0; i < n; {
		block, times := repetition(i, n, alike)
		keep := times
		if times >= settled+repeats {
			keep = settled + (times-settled)%repeats
		}
		for k := range keep * block {
			at := i + k
			if k >= (keep-1)*block { // the end is the real one
				at += (times - keep) * block
			}
			list = append(list, at)
		}
		i += times * block
	}
	return list
}

const (
	settled  = 6
	repeats  = 6
	maxBlock = 12
)

// repetition finds the block of layers from i on that covers most by repeating itself.
func repetition(i, n int, alike func(a, b int) bool) (block, times int) {
	block, times = 1, 1
	for size := 1; size <= maxBlock && i+2*size <= n; size++ {
		same := 0
		for i+size+same < n && alike(i+same, i+size+same) {
			same++
		}
		if t := 1 + same/size; t > 1 && t*size > block*times {
			block, times = size, t
		}
	}
	return block, times
}

// plan divides the graph among backends and reserves it.
func (w *workspace) plan(g *graph) {
	n := len(g.p.used)
	for len(w.arenas) < n+1 {
		w.arenas = append(w.arenas, arena{})
	}
	w.devices = w.devices[:0]
	for i, d := range g.p.used {
		r := &g.p.rules[d]
		w.arenas[i].reset(r.Alignment, r.MaxBuffer)
		w.devices = append(w.devices, &g.p.devices[d])
	}
	alignment, largest := hostAlignment, uint64(0)
	if r := g.p.hosted; r != nil {
		alignment, largest = r.HostAlignment, 0
	}
	w.arenas[n].reset(alignment, largest)
	w.devices = append(w.devices, nil)
	if n == 0 {
		w.steps = w.steps[:0]
		for _, t := range g.nodes {
			w.steps = append(w.steps, step{t: t})
		}
		w.run(w.steps, g.leaves, func(*tensor) int8 { return 0 })
		return
	}
	w.schedule(g)
}

func (p *placement) backendOf(place int) int {
	for i, d := range p.used {
		if d == place {
			return i
		}
	}
	return len(p.used)
}
