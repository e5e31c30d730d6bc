package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Lack is a memory that is too small.
type Lack struct {
	Where        string // the device's name, or the host
	Needed, Room uint64 // bytes; Room is without the headroom
}

func (l Lack) String() string {
	return fmt.Sprintf("%s: %s are needed and %s may be used", l.Where, inGiB(l.Needed), inGiB(l.Room))
}

// NothingFits is the error of a search without an answer.
type NothingFits struct {
	What     string // the smallest that was tried
	Lacks    []Lack // of it; none: it fits and is too slow
	Speed    *Speed // at most, of the fastest; nil: not known, or not asked for
	MinSpeed float64
	Would    []string // what would fit
	Nearest  *Choice  // the smallest that was tried; nil: none was measured
}

func (e *NothingFits) Error() string {
	texts := make([]string, len(e.Lacks))
	for i, l := range e.Lacks {
		texts[i] = l.String()
	}
	text := "nothing fits: " + strings.Join(texts, "; ")
	switch {
	case len(e.Lacks) > 0:
	case e.Speed != nil:
		text = fmt.Sprintf("nothing is fast enough: %g tokens/s are wanted, and %.1f are the most with a full context", e.MinSpeed, e.Speed.Full)
	default:
		text = fmt.Sprintf("%g tokens/s are wanted, and how fast it is cannot be told: a memory's bandwidth is not known", e.MinSpeed)
	}
	if e.What != "" {
		text += " (" + e.What + ")"
	}
	if len(e.Would) > 0 {
		text += ". What would fit: " + strings.Join(e.Would, "; ")
	}
	return text
}

// inGiB is an amount of memory in a sentence.
func inGiB(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(bytes)/(1<<30))
}

// nothing says what is missing. slow is what fits and is too slow.
func (s *search) nothing(slow *measured) *NothingFits {
	e := &NothingFits{MinSpeed: s.MinSpeed}
	if slow != nil {
		e.What, e.Nearest = s.describeMeasured(slow), s.choice(slow, nil)
		e.Speed = e.Nearest.Speed
		return e
	}
	var least uint64
	for _, m := range s.done {
		s.use, s.kv = m.devices, m.kv
		lacks := s.lacks(m.memory, 0)
		var sum uint64
		for _, l := range lacks {
			sum += l.Needed - l.Room
		}
		if len(lacks) > 0 && (e.Lacks == nil || sum < least) {
			e.What, e.Lacks, e.Nearest, least = s.describeMeasured(m), lacks, s.choice(m, nil), sum
		}
	}
	return e
}

func (s *search) describeMeasured(m *measured) string {
	use, kv := s.use, s.kv
	s.use, s.kv = m.devices, m.kv
	text := s.describe(m.candidate)
	s.use, s.kv = use, kv
	return text
}

// whatWouldFit searches with one wish less at a time.
func (s *search) whatWouldFit(e *NothingFits) error {
	try := func(change func(w *Wishes), say func(c *Choice) string) error {
		w := s.Wishes
		change(&w)
		c, err := newSearch(s.ctx, s.exact, s.guess, s.model, w).run(moreTrials)
		if err == nil {
			e.Would = append(e.Would, say(c))
		}
		return s.ctx.Err()
	}
	if s.MinSpeed > 0 && len(e.Lacks) == 0 {
		return nil
	}
	if s.FixedLayers {
		if err := try(func(w *Wishes) { w.FixedLayers = false }, func(c *Choice) string {
			return fmt.Sprintf("%d of %d layers on the devices", c.Layers, c.LayersAll)
		}); err != nil {
			return err
		}
	}
	if s.Context > 0 {
		if err := try(func(w *Wishes) { w.Context, w.MinContext = 0, 256 }, func(c *Choice) string {
			return fmt.Sprintf("%d tokens instead of %d", c.Memory.Context, s.Context)
		}); err != nil {
			return err
		}
	}
	if !slices.Contains(s.KVTypes, gguf.Q8_0) {
		if err := try(func(w *Wishes) { w.KVTypes = []gguf.TensorType{gguf.Q8_0} }, func(*Choice) string {
			return "a KV cache of Q8_0"
		}); err != nil {
			return err
		}
	}
	if s.HostMemory > 0 {
		return try(func(w *Wishes) {
			w.HostMemory = 0
			if w.Context == 0 {
				w.Context = s.MinContext
			}
		}, func(c *Choice) string {
			return inGiB(c.Memory.Host.Total()) + " of host memory"
		})
	}
	return nil
}

// choice is the answer.
func (s *search) choice(m *measured, reasons []string) *Choice {
	s.use, s.kv = m.devices, m.kv
	c := &Choice{
		Devices: m.devices, Request: m.request, Memory: m.memory, Layers: m.layers, LayersAll: s.layers,
		ExpertLayers: ExpertLayers(m.request.Overrides, s.model.Hyper.Main()), Whole: m.whole(s), Trained: s.trained, Reasons: reasons, Tried: s.trials,
	}
	if speed, ok := s.model.Speed(m.devices, s.HostBandwidth, m.request, m.memory); ok {
		c.Speed = &speed
	}
	add := func(format string, args ...any) { c.Reasons = append(c.Reasons, fmt.Sprintf(format, args...)) }
	switch {
	case len(s.Devices) == 0:
	case len(m.devices) == 0:
		add("the model stays off the devices: with no layer on them they still need more memory than they have, to help with long prompts")
	case m.experts > 0:
		add("the experts of %d layers stay in host memory: on the devices there is no room for more", m.experts)
	case m.layers == s.layers && !c.Whole && len(s.Request.Overrides) == 0 && !s.Request.NoKVOffload:
		add("%s of weights stay in host memory, although all layers are on the devices, which cannot compute with their types", inGiB(m.memory.Host.Weights))
	case m.layers < s.layers && !s.FixedLayers:
		add("%d of %d layers are on the devices: there is no room for more", m.layers, s.layers)
	}
	if m.counts != nil {
		add("the devices share the layers %s: by their free memory alone they would not fit", strings.Trim(strings.ReplaceAll(fmt.Sprint(m.counts), " ", ", "), "[]"))
	}
	switch {
	case s.Context == 0 && m.memory.Context >= s.trained:
		add("the context is as long as the model was trained on")
	case s.Context == 0 && m.layers == s.layers:
		add("the context is as long as fits; the model was trained on %d tokens", s.trained)
	case s.Context == 0 && len(m.devices) > 0:
		add("the context is no longer than %d: layers that leave the devices cost more", m.memory.Context)
	case s.Context > s.trained && s.trained > 0:
		add("the context is longer than the %d tokens that the model was trained on", s.trained)
	}
	return c
}
