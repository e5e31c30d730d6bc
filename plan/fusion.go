package plan

// fusion is a stretch of a graph that CUDA computes as one operation, and what it must keep
// until then: ggml_backend_cuda_graph_optimize of ggml/src/ggml-cuda/ggml-cuda.cu@v0.5.0.
type fusion struct {
	last  *tensor // of the stretch
	next  bool    // it is kept until the node behind
	keeps []*tensor
}

// maxSummed is MOE_WEIGHTED_REDUCTION_MAX_EXPERTS.
const maxSummed = 15

// summed notes the weighted sum of what experts say.
func (g *graph) summed(m mixture, sum, experts, weights *tensor) {
	if m.used >= 2 && m.used <= maxSummed {
		g.fusions = append(g.fusions, fusion{sum, false, []*tensor{experts, weights}})
	}
}

// chose notes the choice of experts, where CUDA has a kernel for so many.
func (g *graph) chose(m mixture, probs, chosen, weights *tensor) {
	grouped := m.groups && g.h.Experts.Groups > 1
	if m.softmaxOfChosen || m.weighBefore || grouped || m.count != 288 && m.count != 576 && (m.count > 512 || m.count&(m.count-1) != 0) {
		return
	}
	f := fusion{last: weights, next: true}
	keep := func(t *tensor) {
		for _, k := range f.keeps {
			if k == t {
				return
			}
		}
		f.keeps = append(f.keeps, t)
	}
	var walk func(t *tensor)
	walk = func(t *tensor) {
		for _, x := range t.src[:t.sources] {
			if t != probs {
				walk(x)
			}
		}
		if t.op == opNone {
			return
		}
		keep(t)
		for _, x := range t.src[:t.sources] {
			keep(x)
		}
	}
	walk(weights)
	g.fusions = append(g.fusions, f)
}

// fuse adds what the fusions of a part keep.
func (s *scheduler) fuse(p part) {
	g := s.graph
	if len(g.fusions) == 0 || int(p.backend) == s.last || g.p.devices[g.p.used[p.backend]].Backend != "cuda" {
		return
	}
	nodes := g.nodes[p.start:p.end]
	for _, f := range g.fusions {
		for i, t := range nodes {
			if t != f.last {
				continue
			}
			until := t
			if f.next {
				if i+1 == len(nodes) {
					break
				}
				until = nodes[i+1]
			}
			until.keep = append(until.keep, f.keeps...)
			break
		}
	}
}
