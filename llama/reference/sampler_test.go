package reference_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testsampler"
	"github.com/seed-f87006eb/llm/llama/reference"
	"github.com/seed-f87006eb/llm/sampler"
)

// side is one chain twice: ours and the engine's.
type side struct {
	name   string
	ours   *sampler.Chain
	theirs *reference.Chain

	steps, differ int
	ties          int     // where they differ between tokens with the same logit
	farthest      float64 // the largest margin where they differ
}

func beside(t *testing.T, name string, vocab int, p sampler.Params) *side {
	t.Helper()
	testsampler.Fit(&p, vocab)
	ours, err := sampler.New(vocab, p)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := reference.NewChain(vocab, p, "", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Close)
	return &side{name: name, ours: ours, theirs: theirs}
}

// step samples on both sides and returns the engine's token, ours where it has none.
func (s *side) step(t *testing.T, logits []float32) int32 {
	t.Helper()
	got, err := s.ours.Sample(logits)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	want := s.theirs.Sample(logits)
	s.steps++
	if got != want {
		switch m := s.ours.Margin(); {
		case want >= 0 && logits[got] == logits[want]:
			s.ties++
		default:
			s.differ++
			s.farthest = max(s.farthest, m)
			if m > 1e-4 {
				t.Errorf("%s, step %d: token %d (%v), the engine's %d (%v), margin %g\n%v", s.name, s.steps, got, logits[got], want, logits[max(want, 0)], m, s.ours.Trace())
			}
		}
		s.ours.Reset()
		s.theirs.Reset()
	}
	return want
}

func (s *side) accept(token int32) {
	s.ours.Accept(token, true)
	s.theirs.Accept(token)
}

// report fails where more than one of so many steps differ.
func (s *side) report(t *testing.T, oneOf int) {
	t.Helper()
	if s.differ+s.ties > 0 {
		t.Logf("%s: of %d steps %d differ, with a margin of at most %.2g, and %d by the order of tokens with the same logit", s.name, s.steps, s.differ, s.farthest, s.ties)
	}
	if s.differ*oneOf > s.steps {
		t.Errorf("%s: %d of %d steps differ", s.name, s.differ, s.steps)
	}
}

// TestSamplerSynthetic: ours and the engine's chains on logits of a generator. Sums over
// flat ones are what the engine's rounding decides more often than on a model's.
func TestSamplerSynthetic(t *testing.T) {
	for name, p := range testsampler.Chains() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 1))
			for _, vocab := range []int{7, 300, 5003, 32000} {
				s := beside(t, name, vocab, p)
				for i := range 60 {
					logits := testsampler.Logits(r, vocab)
					if p.TypicalP < 1 {
						// The engine's typical has no result where a probability is 0.
						for j := range logits {
							logits[j] = max(logits[j], -20)
						}
					}
					token := s.step(t, logits)
					s.accept(token)
					if i%4 == 0 { // something to repeat
						for _, x := range []int32{1, 2, 3} {
							s.accept(x)
						}
					}
				}
				s.report(t, 6)
			}
		})
	}
}

var inf = float32(math.Inf(1))

// TestSamplerExtremes: logits at the ends of what there is, where the engine has a
// result. Of equal logits its order is arbitrary; ours is that of the tokens.
func TestSamplerExtremes(t *testing.T) {
	const n = 4000
	fill := func(x float32) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = x
		}
		return v
	}
	one := fill(-inf)
	one[1700] = -3
	infinite := fill(1)
	infinite[2000] = inf
	steps := fill(0)
	for i := range steps { // ties wherever there is a cut
		steps[i] = float32(i%40) / 4
	}
	// What the engine has no number for: a sum over an infinite weight, a logarithm of 0.
	undefined := map[string]func(p sampler.Params) bool{
		"infinite": func(p sampler.Params) bool { return p.MinP == 0 || p.TypicalP < 1 || p.DynatempRange > 0 },
		"one":      func(p sampler.Params) bool { return p.TypicalP < 1 },
	}
	for name, p := range testsampler.Chains() {
		testsampler.Fit(&p, n)
		for what, logits := range map[string][]float32{"equal": fill(0.5), "one": one, "infinite": infinite, "steps": steps} {
			if u := undefined[what]; u != nil && u(p) {
				continue
			}
			s := beside(t, name+", "+what, n, p)
			for range 10 {
				s.accept(s.step(t, logits))
			}
			if s.differ > 0 {
				t.Errorf("%s: %d of %d steps differ", s.name, s.differ, s.steps)
			}
			if s.ties > 0 {
				t.Logf("%s: in %d of %d steps the order of tokens with the same logit", s.name, s.ties, s.steps)
			}
		}
	}
}
