package sampler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// keyShapes are keys that guesses find easy and hard.
var keyShapes = map[string]func(r *rand.Rand, i int) float64{
	"normal":    func(r *rand.Rand, i int) float64 { return 2 * r.NormFloat64() },
	"flat":      func(r *rand.Rand, i int) float64 { return -10 * r.Float64() },
	"steps":     func(r *rand.Rand, i int) float64 { return math.Round(2 * r.NormFloat64()) },
	"same":      func(r *rand.Rand, i int) float64 { return 3 },
	"two heaps": func(r *rand.Rand, i int) float64 { return float64(5*r.IntN(2)) + 0.01*r.NormFloat64() },
	"far": func(r *rand.Rand, i int) float64 {
		return math.Max(-80, math.Min(20, math.Tan(math.Pi*(r.Float64()-0.5))))
	},
	"powers":     func(r *rand.Rand, i int) float64 { return -math.Exp(20*r.Float64() - 10) },
	"descending": func(r *rand.Rand, i int) float64 { return -float64(i) / 1000 },
	"periodic":   func(r *rand.Rand, i int) float64 { return float64(i % 64) }, // as samples are taken
}

// TestSearch: where the weights reach a target is what sorting and adding up says,
// whatever the guesses are, also where the total that they go by is wrong.
func TestSearch(t *testing.T) {
	for name, shape := range keyShapes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(4, 4))
			for _, n := range []int{1, 73, 1000, 9000, 40000} {
				key, weight := make([]float32, n), make([]float32, n)
				for i := range key {
					key[i] = float32(shape(r, i))
					weight[i] = float32(math.Exp(r.NormFloat64())) / float32(4*n)
				}
				for i := range 24 {
					testSearch(t, r, key, weight, i)
				}
			}
		})
	}
}

func testSearch(t *testing.T, r *rand.Rand, key, weight []float32, round int) {
	c := &Chain{}
	c.set.order = []order{byLogit, byTypical}[round%2]
	unit, below := float32(0), inf32
	if round%4 >= 2 {
		unit = 2
		if round%8 >= 6 {
			below = key[r.IntN(len(key))]
		}
	}
	words := make([]uint64, 0, len(key))
	for i, k := range key {
		if k < below {
			words = append(words, ranked(k, i))
		}
	}
	slices.Sort(words)
	sums := []float64{0}
	for _, w := range words {
		sums = append(sums, sums[len(sums)-1]+float64(rounded(weight[uint32(w)], unit)))
	}
	total := sums[len(words)]
	at := r.IntN(len(words) + 1)
	target, want := total*1.25+1, -1 // is not reached
	if at < len(words) && sums[at+1] > sums[at] {
		target, want = (sums[at]+sums[at+1])/2, int(uint32(words[at]))
	}
	told := total
	if unit > 0 && round%3 > 0 {
		told *= []float64{0.3, 4}[round%3-1]
	}
	got, reached := c.search(whole(key, weight), target, told, false, below, unit)
	what := fmt.Sprintf("%d keys, round %d: %d of %d, %g of %g (told %g)", len(key), round, at, len(words), target, total, told)
	switch {
	case reached != (want >= 0):
		t.Fatalf("%s: reached: %v", what, reached)
	case !reached && math.Abs(got.after-total) > 1e-12:
		t.Fatalf("%s: adds up to %g", what, got.after)
	case reached && (got.pos != want || math.Abs(got.before-sums[at]) > 1e-12 || math.Abs(got.after-sums[at+1]) > 1e-12):
		t.Fatalf("%s: at %d, not %d; sums %g and %g, not %g and %g", what, got.pos, want, got.before, got.after, sums[at], sums[at+1])
	}
}
