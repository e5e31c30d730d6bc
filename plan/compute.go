package plan

import "sync"

// maxBackends is how many devices and the CPU a graph is divided among at most.
const maxBackends = 17

// unassigned is the backend of a tensor that has none yet.
const unassigned = -2

// workspace is what a plan needs besides its answer; it is used again.
type workspace struct {
	graph graph
	reservation
	steps []step
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
	if len(arena) == 0 {
		arena = make([]tensor, 512)
	}
	clear(arena)
	if len(weights) < len(e.weights) {
		weights = make([]*tensor, len(e.weights))
	}
	if len(caches) < len(e.cache) {
		caches = make([]*tensor, len(e.cache))
	}
	clear(weights)
	clear(caches)
	*g = graph{s: s, p: p, e: e, homes: home, h: e.h, arena: arena, nodes: nodes, leaves: leaves, weights: weights, caches: caches}
	g.full = len(p.used) > 0 && p.layers[0] != host
	g.layers = e.representatives(layers, p, home)
}

// representatives are the layers that stand for all: of those that follow each other in the
// same way, two, and the last one. What lies on another device is another kind.
func (e *Estimator) representatives(list []int, p *placement, home *homes) []int {
	kinds := e.parts.kinds
	n := len(kinds)
	if main := e.h.Main(); main > 0 && main < n && !keepsAhead[e.h.Architecture] {
		n = main
	}
	seen := map[[4]int]int{}
	before := [2]int{-1, -1}
	for il := 0; il < n; il++ {
		now := [2]int{kinds[il], p.layer(il)}
		key := [4]int{before[0], before[1], now[0], now[1]}
		if seen[key] < KEEP || il == n-1 {
			list = append(list, il)
		}
		seen[key]++
		before = now
	}
	return list
}

// plan divides the graph among backends and reserves it.
func (w *workspace) plan(g *graph) {
	n := len(g.p.used)
	for len(w.arenas) < n+1 {
		w.arenas = append(w.arenas, arena{})
	}
	w.rules = w.rules[:0]
	for i, d := range g.p.used {
		r := &g.p.rules[d]
		w.arenas[i].reset(r.Alignment, r.MaxBuffer)
		w.rules = append(w.rules, r)
	}
	alignment, largest := hostAlignment, uint64(0)
	if r := g.p.hosted; r != nil {
		alignment, largest = r.HostAlignment, 0
	}
	w.arenas[n].reset(alignment, largest)
	w.rules = append(w.rules, nil)
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

func (w *workspace) schedule(g *graph) {}

// need is how much a device allocates for a tensor.
func (r *Rules) need(t *tensor, n int64) int64 { return n }
