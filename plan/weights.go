package plan

import (
	"regexp"
	"slices"
)

// homes says for each weight where it lies.
type homes struct {
	where []int8
	tied  int  // of the copy of the embeddings
	away  bool // some weight is not where its layer is
	given bool // there are overrides
}

// same: the weights of two layers of a kind lie in the same places.
func (h *homes) same(e *Estimator, a, b int) bool {
	for name, i := range e.parts.layers[a] {
		if j, ok := e.parts.layers[b][name]; !ok || h.where[i] != h.where[j] {
			return false
		}
	}
	return true
}

// placeWeights adds the weights: llama_model_loader::create_tensor of
// src/llama-model-loader.cpp@v0.5.0.
func (e *Estimator) placeWeights(p *placement, r *Request, m *Memory) (*homes, error) {
	overrides, err := compile(p, r.Overrides)
	if err != nil {
		return nil, err
	}
	h := &homes{where: make([]int8, len(e.weights)), given: len(overrides) > 0}
	for i := range e.weights {
		w := &e.weights[i]
		own := p.home(w.place)
		where := e.settle(p, w, own, overrides, r, m)
		h.where[i] = int8(where)
		h.away = h.away || where != own
		switch {
		case w.each:
			e.spread(p, w, where, r, m)
		case w.tied:
			h.tied = e.tie(p, w, overrides, r, m)
		}
	}
	return h, nil
}

// home is where a weight belongs.
func (p *placement) home(place int) int {
	switch place {
	case placeInput:
		return host
	case placeOutput:
		return p.output()
	}
	return p.layer(place)
}

// settle adds one weight and says where it went.
func (e *Estimator) settle(p *placement, w *weight, where int, overrides []override, r *Request, m *Memory) int {
	overridden := false
	for i := range overrides {
		if overrides[i].pattern.MatchString(w.name) {
			where, overridden = overrides[i].where, true
			break
		}
	}
	if where != host && !overridden && !e.usable(&p.devices[where], p.rules[where].MaxTensor, w) {
		where = host
	}
	e.add(p, w, where, r, m)
	return where
}

func (e *Estimator) add(p *placement, w *weight, where int, r *Request, m *Memory) {
	use := m.use(where)
	switch {
	case where != host:
		use.Weights += p.size(where, w.kind, w.dims[0], w.bytes)
	case p.hosted != nil && !r.NoHost:
		use.Weights += align(w.bytes, p.hosted.HostAlignment)
	default:
		size := align(w.bytes, hostAlignment)
		if n, ok := e.repacked(w, r); ok {
			size = align(n, hostAlignment)
			use.Repacked += size
		}
		use.Weights += size
	}
}

func (e *Estimator) repacked(w *weight, r *Request) (uint64, bool) {
	if r.NoRepack || e.repack == RepackNone {
		return 0, false
	}
	return e.repack.size(w)
}

// tie adds the embeddings again as the matrix of the output, unless that lies in the same
// kind of buffer.
func (e *Estimator) tie(p *placement, w *weight, overrides []override, r *Request, m *Memory) int {
	again := *w
	again.op, again.place = opMulMat, placeOutput
	before := *m
	before.Devices = slices.Clone(m.Devices)
	where := e.settle(p, &again, p.output(), overrides, r, m)
	_, repacked := e.repacked(&again, r)
	if where == host && !(repacked && (p.hosted == nil || r.NoHost)) && !twice[e.h.Architecture] {
		*m = before
	}
	return where
}

// twice are architectures that make the matrix of the output first, and the embeddings as
// another tensor, wherever both lie.
var twice = map[string]bool{"gemma3n": true, "gemma4": true}

// spread adds a copy on each other device that has layers.
func (e *Estimator) spread(p *placement, w *weight, first int, r *Request, m *Memory) {
	for i := host; i < len(p.devices); i++ {
		if i != first && slices.Contains(p.layers[:len(p.layers)-1], i) {
			e.add(p, w, i, r, m)
		}
	}
}

type override struct {
	pattern *regexp.Regexp
	where   int
}

// compile reads overrides. The engine's patterns are ECMAScript's; Go's have no look-ahead,
// no look-behind and no back-references, and such a pattern is refused.
func compile(p *placement, given []Override) ([]override, error) {
	var list []override
	for _, o := range given {
		pattern, err := regexp.Compile(o.Pattern)
		if err != nil {
			return nil, impossible("the pattern %q of an override cannot be planned: %v", o.Pattern, err)
		}
		where := host
		if o.Buffer != "CPU" {
			where = slices.IndexFunc(p.devices, func(d Device) bool { return d.Name == o.Buffer })
			if where < 0 {
				return nil, impossible("there is no device %q for the override %q", o.Buffer, o.Pattern)
			}
		}
		list = append(list, override{pattern, where})
	}
	return list, nil
}
