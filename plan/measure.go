package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// candidate is what a search chooses.
type candidate struct {
	context int
	layers  int   // on devices
	experts int   // layers that keep their experts on the host
	counts  []int // layers of each device; nil: the engine's own split
}

// measured is a placement that the exact measurer has measured.
type measured struct {
	candidate
	devices []Device
	kv      gguf.TensorType
	request Request
	memory  *Memory
	fits    bool
	off     correction
}

// whole is whether all of the model that can be is on devices: its input stays on the host
// anyway, and what a device cannot compute with.
func (m *measured) whole(s *search) bool {
	if len(m.devices) == 0 || m.layers < s.layers || m.experts > 0 {
		return false
	}
	host, all := m.memory.Host.Weights, m.memory.Host.Weights
	for _, u := range m.memory.Devices {
		all += u.Weights
	}
	return host <= s.input+all/10
}

// correction is how far the guess was off, in bytes: what was measured, less the guess.
type correction struct {
	devices []int64
	host    int64
}

// request is a placement in the engine's words.
func (s *search) request(p candidate) Request {
	r := s.Request
	r.Context = p.context
	if s.kv != r.KeyType {
		r.KeyType, r.ValueType = s.kv, s.kv
	}
	if len(s.use) == 0 {
		r.GPULayers, r.TensorSplit = 0, nil
		return r
	}
	r.GPULayers = p.layers
	if p.counts != nil {
		r.TensorSplit = make([]float32, len(p.counts))
		for i, n := range p.counts {
			r.TensorSplit[i] = float32(n)
		}
	}
	if p.experts > 0 {
		n := p.experts
		if n >= s.model.Hyper.Main() {
			n = -1
		}
		r.Overrides = append(slices.Clone(r.Overrides), ExpertsOnHost(n))
	}
	return r
}

// key of a placement among those that were guessed.
func (s *search) key(p candidate) string {
	return fmt.Sprint(s.kv, len(s.use), p.context, p.layers, p.experts, p.counts)
}

// predict guesses, and corrects the guess by what is known of the nearest placement that was
// measured.
func (s *search) predict(p candidate) (*Memory, error) {
	key := s.key(p)
	g, ok := s.guesses[key]
	if !ok {
		var err error
		if g, err = s.guess.Measure(s.ctx, s.use, s.request(p)); err != nil {
			// There is no guess: only the engine can tell. Where it refuses too, the words are
			// those of the guess.
			m, exactly := s.measure(p)
			var impossible *Impossible
			switch {
			case exactly != nil && !errors.As(exactly, &impossible):
				return nil, exactly
			case m == nil:
				return nil, err
			}
			g = m.memory
		}
		s.guesses[key] = g
	}
	near := s.nearest(p)
	if near == nil {
		return g, nil
	}
	corrected := *g
	corrected.Devices = slices.Clone(g.Devices)
	for i := range corrected.Devices {
		corrected.Devices[i].Compute = add(corrected.Devices[i].Compute, near.off.devices[i])
	}
	corrected.Host.Compute = add(corrected.Host.Compute, near.off.host)
	return &corrected, nil
}

func add(n uint64, off int64) uint64 {
	if off < 0 && uint64(-off) > n {
		return 0
	}
	return n + uint64(off)
}

// nearest is the measured placement that is most like one; nil: there is none.
func (s *search) nearest(p candidate) (near *measured) {
	best := 0.0
	for _, m := range s.done {
		if len(m.devices) != len(s.use) {
			continue
		}
		d := float64(10*abs(m.layers-p.layers) + 10*abs(m.experts-p.experts))
		if m.kv != s.kv {
			d += 1000
		}
		// A model that is all on devices is computed in one piece, others are not.
		if (m.layers == s.layers) != (p.layers == s.layers) || (m.experts == 0) != (p.experts == 0) {
			d += 500
		}
		d += 100 * float64(abs(m.context-p.context)) / float64(max(m.context, p.context, 1))
		if (m.counts == nil) != (p.counts == nil) {
			d++
		}
		if near == nil || d < best {
			near, best = m, d
		}
	}
	return near
}

func abs(n int) int { return max(n, -n) }

// measure asks the exact measurer. Nil, without an error: it was asked often enough.
func (s *search) measure(p candidate) (*measured, error) {
	for _, m := range s.done {
		if m.kv == s.kv && len(m.devices) == len(s.use) && s.key(m.candidate) == s.key(p) {
			return m, nil
		}
	}
	if len(s.trials) >= s.limit {
		return nil, nil
	}
	r := s.request(p)
	trial := Trial{What: s.describe(p), Request: r}
	memory, err := s.exact.Measure(s.ctx, s.use, r)
	if err != nil {
		var impossible *Impossible
		if errors.As(err, &impossible) {
			trial.Refused = impossible.Reason
			s.trials = append(s.trials, trial)
		}
		return nil, err
	}
	if len(memory.Devices) != len(s.use) {
		return nil, fmt.Errorf("plan: %d devices were measured of %d", len(memory.Devices), len(s.use))
	}
	m := &measured{candidate: p, devices: s.use, kv: s.kv, request: r, memory: memory, fits: s.fits(memory, 0)}
	m.off.devices = make([]int64, len(s.use))
	if g := s.guesses[s.key(p)]; g != nil {
		m.off = offOf(memory, g)
	} else if g, err := s.guess.Measure(s.ctx, s.use, r); err == nil {
		s.guesses[s.key(p)] = g
		m.off = offOf(memory, g)
	}
	s.done = append(s.done, m)
	trial.Memory, trial.Fits = memory, m.fits
	s.trials = append(s.trials, trial)
	return m, nil
}

func offOf(exact, guess *Memory) correction {
	c := correction{devices: make([]int64, len(exact.Devices)), host: int64(exact.Host.Total() - guess.Host.Total())}
	for i := range exact.Devices {
		c.devices[i] = int64(exact.Devices[i].Total() - guess.Devices[i].Total())
	}
	return c
}

// describe is a placement in few words.
func (s *search) describe(p candidate) string {
	parts := []string{fmt.Sprintf("%d tokens", p.context), "KV " + s.kv.String()}
	if len(s.use) > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d layers", p.layers, s.layers))
	}
	if p.experts > 0 {
		parts = append(parts, fmt.Sprintf("experts of %d on the host", p.experts))
	}
	if p.counts != nil {
		parts = append(parts, "split "+strings.Trim(strings.ReplaceAll(fmt.Sprint(p.counts), " ", ","), "[]"))
	}
	return strings.Join(parts, ", ")
}

// unified devices use the host's memory.
func (d Device) unified() bool { return d.Backend == "metal" || d.Rules.Unified }

// fits is whether each device keeps its headroom and more, and the host has enough.
func (s *search) fits(m *Memory, more int64) bool { return s.lacks(m, more) == nil }

// lacks is what does not fit.
func (s *search) lacks(m *Memory, more int64) (list []Lack) {
	host := m.Host.Total()
	for i, d := range s.use {
		n := m.Devices[i].Total()
		room := uint64(max(int64(d.Free)-int64(s.Headroom)-more, 0))
		if n > room {
			list = append(list, Lack{Where: d.Name, Needed: n, Room: room})
		}
		if d.unified() {
			host += n
			if host > d.Total {
				list = append(list, Lack{Where: d.Name + " and the host, which share it", Needed: host, Room: d.Total})
			}
		}
	}
	if s.HostMemory > 0 && host > s.HostMemory {
		list = append(list, Lack{Where: "host", Needed: host, Room: s.HostMemory})
	}
	return list
}

// hopeless is whether weights and KV cache alone, which guesses have right, are too large.
func (s *search) hopeless(m *Memory) bool {
	var room, needed uint64
	for i, d := range s.use {
		if d.Free > s.Headroom {
			room += d.Free - s.Headroom
		}
		needed += m.Devices[i].Weights + m.Devices[i].KV
	}
	return needed > room
}
