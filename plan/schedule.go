package plan

// The scheduler divides a graph among backends: ggml_backend_sched_split_graph of
// ggml/src/ggml-backend.cpp@v0.5.0. The last backend is the CPU.

// maxCopies is GGML_SCHED_MAX_COPIES: how many batches several devices work on at once.
const maxCopies = 4

// schedule assigns the nodes, makes copies of what crosses backends, and reserves all.
func (w *workspace) schedule(g *graph) {
	s := &w.scheduler
	*s = scheduler{graph: g, last: len(g.p.used), copies: 1, steps: w.steps[:0], split: s.split[:0], inputs: s.inputs[:0], given: s.given[:0]}
	if s.parallel() {
		s.copies = maxCopies
	}
	s.assign()
	s.divide()
	s.order()
	w.steps = s.steps
	w.run(s.steps, s.leaves(), func(t *tensor) int8 { return t.backend })
}

type scheduler struct {
	graph  *graph
	last   int // the CPU
	copies int
	steps  []step
	split  []part
	inputs []*tensor // of each part that come from elsewhere, one part after the other
	given  []*tensor // inputs of the graph that are copied for several batches
}

// part is a stretch of nodes on one backend.
type part struct {
	backend    int8
	start, end int
	in, out    int // its inputs in scheduler.inputs
}

// parallel: several devices that have everything work on several batches at once, as
// llama_context::llama_context of src/llama-context.cpp@v0.5.0 decides.
func (s *scheduler) parallel() bool {
	p := s.graph.p
	if len(p.used) < 2 || !s.graph.full || s.graph.s.r.NoKVOffload || s.graph.homes.given {
		return false
	}
	for _, d := range p.used {
		if !p.rules[d].Async || !p.rules[d].Events {
			return false
		}
	}
	return true
}

// backend that a weight or a cache is on.
func (s *scheduler) holder(t *tensor) int8 { return int8(s.graph.p.backendOf(int(t.where))) }

func (s *scheduler) supports(backend int8, t *tensor) bool {
	if int(backend) == s.last {
		return true
	}
	p := s.graph.p
	for _, x := range t.src[:t.sources] {
		if x.outside && int(x.where) != host && s.holder(x) != backend || x.root != nil && x.root.outside && int(x.root.where) != host && s.holder(x.root) != backend {
			return false
		}
	}
	d := p.used[backend]
	return computes(p.devices[d], t)
}

// assign finds the backend of each node.
func (s *scheduler) assign() {
	g := s.graph
	for _, t := range g.leaves {
		switch {
		case t.outside:
			t.backend = s.holder(t)
		case t.input:
			t.backend = int8(s.last)
		}
	}
	for _, t := range g.nodes {
		if !t.pinned {
			t.backend = s.first(t)
		}
	}
	s.spread(true, false)
	s.spread(false, false)
	s.spread(true, true)
	s.spread(false, true)
	for _, t := range g.nodes {
		if t.op != opView && t.backend == unassigned {
			s.best(t)
		}
	}
	for _, t := range g.nodes {
		if t.root != nil && t.backend == unassigned {
			t.backend = t.root.backend
		}
		for _, x := range t.src[:t.sources] {
			if x.backend != unassigned {
				continue
			}
			if x.root != nil {
				x.backend = x.root.backend
			} else {
				x.backend = t.backend
			}
		}
		for b := 0; b <= s.last && t.backend == unassigned; b++ {
			if s.supports(int8(b), t) {
				t.backend = int8(b)
			}
		}
		s.orHost(t)
		for _, x := range t.src[:t.sources] {
			s.orHost(x)
		}
	}
}

// orHost is for models that the engine would not load.
func (s *scheduler) orHost(t *tensor) {
	if t.backend == unassigned {
		t.backend = int8(s.last)
	}
}

// first assigns what reads weights or writes into caches.
func (s *scheduler) first(t *tensor) int8 {
	if t.root != nil && t.root.outside {
		return s.on(t.root, t)
	}
	if t.exact == exactRope || t.op == opAttention {
		return unassigned
	}
	for _, x := range t.src[:t.sources] {
		if !x.weight {
			continue
		}
		b := s.on(x, t)
		if int(b) == s.last && !s.graph.s.r.NoOpOffload {
			for d := range s.last {
				if s.supports(int8(d), t) && worthACopy(t) {
					return int8(d)
				}
			}
		}
		return b
	}
	return unassigned
}

// on is the backend that has a tensor and can compute with it.
func (s *scheduler) on(held, t *tensor) int8 {
	b := s.holder(held)
	if s.supports(b, t) {
		return b
	}
	return unassigned
}

// worthACopy: weights are copied to a device for that many tokens:
// ggml_backend_cuda_device_offload_op of ggml/src/ggml-cuda/ggml-cuda.cu@v0.5.0.
func worthACopy(t *tensor) bool {
	switch {
	case t.op == opRows:
		return false
	case t.op == opMatMul:
		return t.ne[1] >= 32
	case t.op == opMatMulID || t.exact == exactRope:
		return t.ne[2] >= 32
	}
	return t.ne[1]*t.ne[2]*t.ne[3] >= 32
}

// spread gives nodes the backend of those beside them, going down or up; first of devices
// alone, then of all.
func (s *scheduler) spread(down, all bool) {
	nodes, now := s.graph.nodes, int8(unassigned)
	for i := range nodes {
		t := nodes[i]
		if !down {
			t = nodes[len(nodes)-1-i]
		}
		switch {
		case t.op == opView:
		case t.backend == unassigned:
			if now != unassigned && s.supports(now, t) {
				t.backend = now
			}
		case int(t.backend) == s.last && !all:
			now = unassigned
		default:
			now = t.backend
		}
	}
}

// best assigns a node to the backend that has most of what it reads.
func (s *scheduler) best(t *tensor) {
	most := -1
	for b := int8(0); int(b) <= s.last; b++ {
		if !s.supports(b, t) {
			continue
		}
		n := 0
		for _, x := range t.src[:t.sources] {
			if (x.backend != unassigned || x.root != nil && x.root.backend != unassigned) && s.reaches(b, x) {
				n++
			}
		}
		if n > most {
			most = n
			t.backend = b
		}
	}
}

// reaches: the backend can read the tensor where it is.
func (s *scheduler) reaches(b int8, x *tensor) bool {
	if x.outside {
		return s.holder(x) == b
	}
	if x.root != nil && x.root.outside {
		return s.holder(x.root) == b
	}
	at := x.backend
	if at == unassigned && x.root != nil {
		at = x.root.backend
	}
	return at == b
}

// divide cuts the nodes into parts and copies what comes from elsewhere.
func (s *scheduler) divide() {
	nodes, at := s.graph.nodes, 0
	for at < len(nodes) && nodes[at].op == opView {
		at++
	}
	if at == len(nodes) {
		return
	}
	s.split = append(s.split, part{backend: nodes[at].backend})
	for i := at; i < len(nodes); i++ {
		t := nodes[i]
		if t.op == opView {
			continue
		}
		now := &s.split[len(s.split)-1]
		if t.backend != now.backend || s.needsCut(now, t) {
			now.end, now.out = i, len(s.inputs)
			s.split = append(s.split, part{backend: t.backend, start: i, in: len(s.inputs)})
			now = &s.split[len(s.split)-1]
		}
		s.bring(now.backend, t)
	}
	now := &s.split[len(s.split)-1]
	now.end, now.out = len(nodes), len(s.inputs)
}

// needsCut: a part also ends where a weight of another backend is read, so that the memory of
// the weights before can be used again.
func (s *scheduler) needsCut(now *part, t *tensor) bool {
	if len(s.inputs) == now.in {
		return false
	}
	for _, x := range t.src[:t.sources] {
		if x.weight && x.backend != now.backend && !s.reaches(now.backend, x) {
			return true
		}
	}
	return false
}

// bring copies the sources of a node that are elsewhere.
func (s *scheduler) bring(b int8, t *tensor) {
	for i, x := range t.src[:t.sources] {
		if x.input && s.copies > 1 && x.on(x.backend) == nil {
			s.duplicate(x, x.backend, x)
			s.given = append(s.given, x)
		}
		if x.backend == b || s.reaches(b, x) {
			continue
		}
		if x.on(b) == nil {
			s.duplicate(x, b, nil)
			s.inputs = append(s.inputs, x)
		}
		t.src[i] = x.on(b)[0]
	}
}

// duplicate makes the copies of a tensor on a backend; own is the one in use, where there is one.
func (s *scheduler) duplicate(x *tensor, b int8, own *tensor) {
	list := make([]*tensor, s.copies)
	for c := range list {
		d := own
		if c > 0 || own == nil {
			d = s.graph.alloc()
			d.kind, d.ne, d.nb, d.backend = x.kind, x.ne, x.nb, b
		}
		if s.copies > 1 {
			d.input, d.output = true, true // nobody else may have their memory
		}
		list[c] = d
	}
	x.copies = append(x.copies, copied{b, list})
}

// order lists the nodes as they are computed, with the copies in front of each part.
func (s *scheduler) order() {
	for _, p := range s.split {
		for _, x := range s.inputs[p.in:p.out] {
			s.hold(x.backend, x) // until it is copied
			s.steps = append(s.steps, step{x.on(p.backend)[0], p.backend, false})
		}
		s.fuse(p)
		for _, t := range s.graph.nodes[p.start:p.end] {
			s.steps = append(s.steps, step{t, t.backend, false})
			for k := 0; k < len(t.keep); k += maxSources {
				s.hold(p.backend, t.keep[k:min(k+maxSources, len(t.keep))]...)
			}
		}
	}
}

// hold adds a node that computes nothing, so that what it reads is not freed before.
func (s *scheduler) hold(b int8, kept ...*tensor) {
	d, x := s.graph.alloc(), kept[0]
	d.root = x
	if x.root != nil {
		d.root = x.root
	}
	d.kind, d.ne, d.nb = x.kind, x.ne, x.nb
	d.sources = int8(copy(d.src[:], kept))
	s.steps = append(s.steps, step{d, b, true})
}

// leaves are those of the graph, and all copies first where there are several.
func (s *scheduler) leaves() []*tensor {
	if s.copies == 1 {
		return s.graph.leaves
	}
	var list []*tensor
	for _, x := range s.given {
		list = append(list, x.on(x.backend)...)
	}
	for _, p := range s.split {
		for _, x := range s.inputs[p.in:p.out] {
			list = append(list, x.on(p.backend)...)
		}
	}
	return append(list, s.graph.leaves...)
}
