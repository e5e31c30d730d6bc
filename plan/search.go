package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Wishes are what a placement is looked for.
type Wishes struct {
	Devices []Device // none: the host alone
	// Request has what is not looked for: batches, outputs, overrides, what is kept off the
	// devices. Its Context, KeyType, ValueType, GPULayers and TensorSplit are answers, unless
	// they are fixed below.
	Request Request

	Context    int // tokens over all sequences; 0: as many as fit, at most as trained
	MinContext int // with Context 0: so many before layers leave the devices; 0: DefaultMinContext a sequence
	// KVTypes are the types that keys and values may have, the most wanted first; nil: those of
	// Request. A later one is taken where it alone fits, is fast enough, or has the whole model on
	// the devices.
	KVTypes []gguf.TensorType

	FixedLayers  bool // Request.GPULayers is wanted and no other
	FixedExperts bool // the experts stay where Request has them

	NoAdvice bool // when nothing fits, do not look for what would

	Headroom      uint64  // that stays free on each device; for what no plan has, such as the driver's own
	HostMemory    uint64  // that may be used of the host; 0: it is not known, and not limited
	HostBandwidth uint64  // bytes a second; 0: not known
	MinSpeed      float64 // tokens a second that [Speed] must reach with a full context; 0: any
}

// DefaultHeadroom is what the engine's own fitting leaves free on a device: fit_params_target
// of common/common.h@v0.5.0.
const DefaultHeadroom = 1 << 30

// DefaultMinContext is the context below which the engine's own fitting takes layers off the
// devices instead: fit_params_min_ctx of common/common.h@v0.5.0.
const DefaultMinContext = 4096

// Choice is a placement that fits, as the exact measurer has it.
type Choice struct {
	Devices []Device // that it is for; none although some were there: the model stays off them
	Request Request  // all of it: what the engine is to be asked for
	Memory  *Memory
	Speed   *Speed // nil: not known

	Layers, LayersAll int // on devices, the output being one
	ExpertLayers      int // of them keep their experts on the host
	Whole             bool
	Trained           int // tokens
	Reasons           []string
	Tried             []Trial // what was measured exactly, in order
}

// Trial is a placement that was measured.
type Trial struct {
	What    string
	Request Request
	Memory  *Memory
	Fits    bool
	Refused string // by the engine, whatever the memory
}

// A search measures exactly so many placements at most, which takes the engine 25 to 60 ms each;
// and as many as moreTrials for each thing that is tried when nothing fits.
const (
	maxTrials  = 15
	moreTrials = 6
)

// Search looks for the best placement: first all layers on the devices with as much context as
// is wanted; else, of a mixture, the experts of some layers on the host; else fewer layers. It
// guesses with one measurer, corrects the guesses by what the exact one said of others, and
// answers with nothing that the exact one has not measured. When nothing fits the error is a
// *[NothingFits]; when the engine refuses whatever is asked, an *[Impossible].
func Search(ctx context.Context, exact, guess Measurer, m *Model, w Wishes) (*Choice, error) {
	s := newSearch(ctx, exact, guess, m, w)
	c, err := s.run(maxTrials)
	var nothing *NothingFits
	if errors.As(err, &nothing) && !w.NoAdvice {
		if err := s.whatWouldFit(nothing); err != nil {
			return nil, err
		}
	}
	return c, err
}

// run is a search without a look for what else would fit.
func (s *search) run(limit int) (*Choice, error) {
	var best *measured
	var reasons []string
	var refused *Impossible
	for i, kv := range s.KVTypes {
		s.kv, s.use = kv, s.Devices
		s.limit = limit - 4*(len(s.KVTypes)-1-i) // the later types are to have their turn
		found, err := s.place()
		var impossible *Impossible
		switch {
		case errors.As(err, &impossible):
			refused = impossible
			reasons = append(reasons, fmt.Sprintf("a KV cache of %s is refused: %s", kv, impossible.Reason))
			continue
		case err != nil:
			return nil, err
		case found == nil:
			reasons = append(reasons, fmt.Sprintf("with a KV cache of %s nothing fits", kv))
			continue
		}
		if best == nil || s.better(found, best) {
			if best != nil {
				reasons = append(reasons, s.whyBetter(found, best))
			}
			best = found
		}
		if found == best && found.whole(s) && s.fastEnough(found) {
			break
		}
	}
	switch {
	case best != nil && s.fastEnough(best):
		return s.choice(best, reasons), nil
	case refused != nil && len(s.done) == 0:
		return nil, refused
	}
	return nil, s.nothing(best)
}

// search is one at work.
type search struct {
	Wishes
	ctx          context.Context
	exact, guess Measurer
	model        *Model

	use     []Device // the devices in use; none: the host alone
	kv      gguf.TensorType
	limit   int    // of exact measurements
	layers  int    // all, the output being one
	input   uint64 // bytes of what is before the first layer
	trained int
	guesses map[string]*Memory
	done    []*measured
	trials  []Trial
}

func newSearch(ctx context.Context, exact, guess Measurer, m *Model, w Wishes) *search {
	s := &search{ctx: ctx, exact: exact, guess: guess, model: m, Wishes: w, guesses: map[string]*Memory{}}
	s.trained, s.layers = s.model.Hyper.Context, len(s.model.Hyper.Layers)+1
	for _, d := range w.Devices {
		if !d.unified() {
			continue
		}
		if s.HostMemory == 0 {
			s.HostMemory = d.Total
		}
		if d.Bandwidth > 0 {
			s.HostBandwidth = d.Bandwidth
		}
	}
	for _, t := range m.Tensors {
		if n, _ := numberOf(t.Name); n < 0 && !strings.HasPrefix(t.Name, "output") {
			size, _ := t.Size()
			s.input += uint64(size)
		}
	}
	if s.Context == 0 && s.trained <= 0 {
		s.Context = DefaultMinContext
	}
	if s.MinContext <= 0 {
		s.MinContext = DefaultMinContext
		if !s.Request.Unified {
			s.MinContext *= max(s.Request.Sequences, 1)
		}
	}
	if s.Context == 0 {
		s.MinContext = min(s.MinContext, s.trained)
	}
	if len(s.KVTypes) == 0 {
		s.KVTypes = []gguf.TensorType{s.Request.KeyType}
	} else {
		s.Request.KeyType, s.Request.ValueType = s.KVTypes[0], s.KVTypes[0]
	}
	return s
}

// better is whether a later KV type is worth it.
func (s *search) better(later, before *measured) bool {
	if s.fastEnough(later) != s.fastEnough(before) {
		return s.fastEnough(later)
	}
	return later.whole(s) && !before.whole(s)
}

func (s *search) whyBetter(later, before *measured) string {
	if s.fastEnough(later) != s.fastEnough(before) {
		return fmt.Sprintf("the KV cache is %s: with %s it would be slower than %g tokens/s", later.kv, before.kv, s.MinSpeed)
	}
	return fmt.Sprintf("the KV cache is %s: with %s a part of the model would be on the host", later.kv, before.kv)
}

func (s *search) fastEnough(m *measured) bool {
	if s.MinSpeed <= 0 {
		return true
	}
	speed, known := s.model.Speed(m.devices, s.HostBandwidth, m.request, m.memory)
	return known && speed.Full >= s.MinSpeed
}

// place finds the best placement with the KV type that is set; nil: none fits.
func (s *search) place() (*measured, error) {
	first := s.MinContext
	if s.Context > 0 {
		first = s.Context
	}
	all := s.layers
	if s.FixedLayers && s.Request.GPULayers >= 0 {
		all = min(all, s.Request.GPULayers)
	}
	if len(s.use) == 0 {
		return s.stretch(candidate{context: first})
	}
	whole := candidate{layers: all, context: first}
	m, err := s.tryWhole(whole)
	if err != nil || m != nil {
		if m != nil {
			return s.stretch(m.candidate)
		}
		return nil, err
	}
	if !s.FixedExperts && s.model.Hyper.Experts.Count > 0 && all > 0 {
		if m, err = s.fewestExperts(whole); err != nil {
			return nil, err
		}
		if m != nil {
			return s.stretch(m.candidate) // into what is too little for the experts of a layer
		}
		whole.experts = s.model.Hyper.Main()
	}
	if s.FixedLayers {
		return nil, nil
	}
	m, err = s.largest(0, all-1, func(n int) candidate { p := whole; p.layers = n; return p })
	if err != nil || m != nil {
		return m, err
	}
	// Even with no layer on them devices help with long prompts, for which they need memory.
	s.use = nil
	return s.stretch(candidate{context: first})
}

// tryWhole measures a placement with the engine's own split, then with one of ours, unless
// the weights and the KV cache alone are too large.
func (s *search) tryWhole(p candidate) (*measured, error) {
	g, err := s.predict(p)
	if err != nil || s.hopeless(g) && !s.FixedLayers {
		return nil, err
	}
	m, err := s.fitting(p)
	if err != nil || m != nil {
		return m, err
	}
	if split, ok := s.split(p); ok {
		return s.fitting(split)
	}
	return nil, nil
}

// fewestExperts leaves all layers on the devices and the experts of as few as possible on the host.
func (s *search) fewestExperts(p candidate) (*measured, error) {
	most := s.model.Hyper.Main()
	return s.largest(0, most-1, func(n int) candidate { q := p; q.experts = most - n; return q })
}

// stretch finds the largest context of a placement, when it is not given. p is one that fits,
// or the host alone.
func (s *search) stretch(p candidate) (*measured, error) {
	const step = 256 // the engine rounds to it
	first := p.context
	at := func(n int) candidate {
		q := p
		q.context = min(first+n*step, max(s.trained, first))
		return q
	}
	most := 0
	if s.Context == 0 && s.trained > first {
		most = (s.trained - first + step - 1) / step
	}
	m, err := s.largest(0, most, at)
	if m == nil && err == nil {
		m, err = s.fitting(p) // it was measured before there were enough measurements
	}
	return m, err
}

// fitting measures a placement; nil: it does not fit.
func (s *search) fitting(p candidate) (*measured, error) {
	m, err := s.measure(p)
	if m != nil && !m.fits {
		m = nil
	}
	return m, err
}
