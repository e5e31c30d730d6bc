package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A simulated study: what the intervals and the sequence promise, on data such as a
// measurement of quality has. Everything is seeded.

// window is the mean of 255 tokens that depend on each other, each lognormal, in units of
// its expectation, times the window's own difficulty.
func window(r *rand.Rand, difficulty float64) float64 {
	const spread = 1.5
	z, sum := r.NormFloat64(), 0.0
	for range 255 {
		z = 0.5*z + math.Sqrt(0.75)*r.NormFloat64()
		sum += math.Exp(spread*z - spread*spread/2)
	}
	return difficulty * sum / 255
}

func difficulty(r *rand.Rand) float64 { return math.Exp(0.5*r.NormFloat64() - 0.125) }

// samples are distributions with a mean of 1.
var samples = map[string]func(r *rand.Rand) float64{
	"normal":      func(r *rand.Rand) float64 { return 1 + 3*r.NormFloat64() },
	"divergence":  func(r *rand.Rand) float64 { return window(r, difficulty(r)) },
	"exponential": func(r *rand.Rand) float64 { return r.ExpFloat64() },
	"paired":      paired,
}

// paired is the difference of two levels on one window, of which one is twice as far away.
// The levels share the window's difficulty and most of what its tokens do.
func paired(r *rand.Rand) float64 {
	const shared, own = 1.3, 0.75
	z, sum := r.NormFloat64(), 0.0
	for range 255 {
		z = 0.5*z + math.Sqrt(0.75)*r.NormFloat64()
		sum += math.Exp(shared*z) * (2*math.Exp(own*r.NormFloat64()) - math.Exp(own*r.NormFloat64()))
	}
	return difficulty(r) * sum / 255 / math.Exp((shared*shared+own*own)/2)
}

// TestStudyMeans: intervals for means cover at the stated rate, 2 % up or down, from 16
// windows on. (With 8, those of differences cover 2 to 3 % less.)
func TestStudyMeans(t *testing.T) {
	const times = 4000 // the rate itself is known to 0.4 %
	for name, draw := range samples {
		for _, n := range []int{16, 40} {
			r := rand.New(rand.NewPCG(11, uint64(n)))
			var covered [2]int
			x := make([]float64, n)
			for range times {
				for i := range x {
					x[i] = draw(r)
				}
				for k, confidence := range []float64{0.95, 0.9} {
					if i, _ := MeanInterval(x, confidence); i.Contains(1) {
						covered[k]++
					}
				}
			}
			for k, confidence := range []float64{0.95, 0.9} {
				rate := float64(covered[k]) / times
				t.Logf("%s, %d windows: intervals of %v cover %.3f", name, n, confidence, rate)
				if math.Abs(rate-confidence) > 0.02 {
					t.Errorf("%s, %d windows: intervals of %v cover %.3f", name, n, confidence, rate)
				}
			}
		}
	}
}

// TestStudyShares: the same for shares of tokens in windows that differ.
func TestStudyShares(t *testing.T) {
	const times = 2500
	for _, share := range []float64{0.75, 0.9, 0.97} {
		for _, n := range []int{16, 40} {
			r := rand.New(rand.NewPCG(12, uint64(n)))
			covered := 0
			hits, sizes := make([]int, n), make([]int, n)
			for range times {
				for i := range hits {
					// The windows' own shares spread around it: misses are gamma distributed.
					miss := (1 - share) * (r.ExpFloat64() + r.ExpFloat64() + r.ExpFloat64() + r.ExpFloat64()) / 4
					hits[i], sizes[i] = 0, 255
					for range 255 {
						if r.Float64() >= miss {
							hits[i]++
						}
					}
				}
				if i, _ := ClusteredShare(hits, sizes, 0.95); i.Contains(share) {
					covered++
				}
			}
			rate := float64(covered) / times
			t.Logf("share %v, %d windows: intervals of 0.95 cover %.3f", share, n, rate)
			if math.Abs(rate-0.95) > 0.02 {
				t.Errorf("share %v, %d windows: intervals of 0.95 cover %.3f", share, n, rate)
			}
		}
	}
}

// run looks after every difference, until p is at most α or there are no more.
func run(r *rand.Rand, draw func(r *rand.Rand) float64, shift float64, most int) (s Sequence, covered bool) {
	covered = true
	for s.N() < most && s.P() > 0.05 {
		s.Add(draw(r) - 1 + shift)
		if i, ok := s.Interval(0.95); ok && !i.Contains(shift) {
			covered = false
		}
	}
	return s, covered
}

// TestStudySequence: with a look after every window of at most 300, the rate of wrong
// decisions stays at 5 %, where there is no difference and where there is one; and where
// there is one it is found.
func TestStudySequence(t *testing.T) {
	lognormal := func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64() - 0.5) }
	draws := map[string]func(r *rand.Rand) float64{"normal": samples["normal"], "exponential": samples["exponential"], "lognormal": lognormal}
	spreads := map[string]float64{"normal": 3, "exponential": 1, "lognormal": math.Sqrt(math.E - 1)}
	const times, slack = 3000, 0.01 // the rate is known to 0.4 %
	for name, draw := range draws {
		for _, effect := range []float64{0, 0.3, -0.3, 1} {
			r := rand.New(rand.NewPCG(13, 1))
			wrong, right, looks, missed := 0, 0, 0, 0
			for range times {
				s, covered := run(r, draw, effect*spreads[name], 300)
				if !covered {
					missed++
				}
				switch {
				case s.P() > 0.05:
				case s.Sign() == sign(effect):
					right++
					looks += s.N()
				default:
					wrong++
				}
			}
			t.Logf("%s, a mean of %v spreads: %.3f wrong, %.3f right after %.0f windows, interval left %.3f", name, effect,
				float64(wrong)/times, float64(right)/times, float64(looks)/float64(max(1, right)), float64(missed)/times)
			if float64(wrong)/times > 0.05+slack || float64(missed)/times > 0.05+slack {
				t.Errorf("%s, a mean of %v spreads: %.3f wrong decisions, the interval left the mean out in %.3f", name, effect, float64(wrong)/times, float64(missed)/times)
			}
			if effect != 0 && float64(right)/times < 0.8 {
				t.Errorf("%s, a mean of %v spreads was found in %.3f", name, effect, float64(right)/times)
			}
		}
	}
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}
