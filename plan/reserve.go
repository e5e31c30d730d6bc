package plan

// step is a node of a graph in its final order: what is computed where.
type step struct {
	t      *tensor
	buffer int8
	dep    bool // only keeps its sources from being freed
}

// reservation runs a graph through the allocator without computing it: ggml_gallocr_reserve
// of ggml/src/ggml-alloc.c@v0.5.0.
type reservation struct {
	arenas  []arena
	devices []*Device // whose memory each is; nil: the CPU's
}

func (r *reservation) size(t *tensor, buffer int8) int64 {
	n := t.bytes()
	if d := r.devices[buffer]; d != nil {
		n = need(d, t, n)
	}
	return n
}

func (t *tensor) owned() bool { return t.allocated && !t.outside }

func (r *reservation) place(t *tensor, buffer int8) {
	if t.allocated || t.outside || t.root != nil {
		return
	}
	t.allocated = true
	if t.op == opInPlace && r.reuse(t) {
		return
	}
	t.buffer = buffer
	in, offset := r.arenas[buffer].take(r.size(t, buffer))
	t.chunk, t.offset = int8(in), offset
}

// reuse lets a tensor take the memory of one that it is made of and that nobody else needs.
// What is seen through a view is not taken.
func (r *reservation) reuse(t *tensor) bool {
	for _, p := range t.src[:t.sources] {
		if !p.allocated || p.outside || p.output || p.children != 1 || p.views != 0 || !sameLayout(t, p) {
			continue
		}
		t.buffer, t.chunk, t.offset = p.buffer, p.chunk, p.offset
		p.allocated = false
		r.trim(t, p)
		return true
	}
	return false
}

// trim gives back what the former owner had more.
func (r *reservation) trim(t, from *tensor) {
	a := &r.arenas[from.buffer]
	had, needs := a.round(r.size(from, from.buffer)), a.round(r.size(t, t.buffer))
	if had > needs {
		a.give(int(from.chunk), from.offset+needs, had-needs)
	}
}

func (r *reservation) release(t *tensor) {
	if t.output {
		return
	}
	r.arenas[t.buffer].give(int(t.chunk), t.offset, r.size(t, t.buffer))
	t.allocated = false
}

func (r *reservation) run(steps []step, leaves []*tensor, leafBuffer func(*tensor) int8) {
	for _, l := range leaves {
		r.place(l, leafBuffer(l))
	}
	for _, s := range steps {
		t := s.t
		if t.root != nil && !s.dep {
			t.root.views++
		}
		if t.input {
			r.place(t, s.buffer)
		}
		for _, p := range t.src[:t.sources] {
			p.children++
			if p.input {
				r.place(p, s.buffer)
			}
		}
	}
	for _, s := range steps {
		t := s.t
		for _, p := range t.src[:t.sources] {
			r.place(p, s.buffer)
		}
		r.place(t, s.buffer)
		for _, p := range t.src[:t.sources] {
			p.children--
			if p.children != 0 || p.views != 0 {
				continue
			}
			if p.root != nil {
				root := p.root
				root.views--
				if root.views == 0 && root.children == 0 && root.owned() {
					r.release(root)
				}
			} else if p.owned() {
				r.release(p)
			}
		}
	}
}
