package stat

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func alike(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1) }

// TestMedianBounds: the places of the bounds and how sure they are, by tables of the binomial
// distribution.
func TestMedianBounds(t *testing.T) {
	for _, c := range []struct {
		n         int
		low, high float64 // the values are 1 to n
		coverage  float64
	}{
		{1, 1, 1, 0}, {2, 1, 2, 0.5}, {3, 1, 3, 0.75}, {5, 1, 5, 0.9375}, {6, 1, 6, 1 - 2.0/64}, {7, 1, 7, 1 - 2.0/128},
		{8, 1, 8, 1 - 2.0/256}, {9, 2, 8, 1 - 2*10.0/512}, {12, 3, 10, 1 - 2*79.0/4096}, {20, 6, 15, 0.958610534667968}, {100, 40, 61, 0.9647997997822952},
	} {
		v := make([]float64, c.n)
		for i, at := range rand.New(rand.NewPCG(1, 2)).Perm(c.n) {
			v[at] = float64(i + 1)
		}
		got := MedianBounds(v, 0.95)
		if got.Low != c.low || got.High != c.high || !alike(got.Coverage, c.coverage) {
			t.Errorf("%d values: %+v, want %+v", c.n, got, c)
		}
	}
	if b := MedianBounds(make([]float64, 5000), 0.95); !(b.Coverage > 0.95 && b.Coverage < 0.96) {
		t.Errorf("5000 values: %+v", b)
	}
	if b := MedianBounds(nil, 0.95); !math.IsNaN(b.Low) || b.Coverage != 0 || !math.IsNaN(Median(nil)) {
		t.Errorf("no values: %+v", b)
	}
}

// TestCoverage: bounds enclose the true value as often as they say, of skewed values too.
func TestCoverage(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	skewed := func(n int, scale float64) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = scale * math.Exp(r.NormFloat64())
		}
		return v
	}
	const rounds = 4000
	for _, n := range []int{6, 9, 20} {
		median, ratio, said, saidRatio := 0, 0, 0.0, 0.0
		for range rounds {
			a, b := skewed(n, 3), skewed(n, 1)
			if m := MedianBounds(a, 0.95); m.Low <= 3 && 3 <= m.High {
				median++
			}
			_, q := Ratio(a, b, 0.95)
			if q.Low <= 3 && 3 <= q.High {
				ratio++
			}
			said, saidRatio = MedianBounds(a, 0.95).Coverage, q.Coverage
		}
		for _, c := range []struct {
			name       string
			got        int
			said, goal float64
		}{{"median", median, said, 0.95}, {"ratio", ratio, saidRatio, 0.95}} {
			share := float64(c.got) / rounds
			if c.said < c.goal || math.Abs(share-c.said) > 0.012 { // three standard errors
				t.Errorf("%s of %d: %.3f, which says %.3f", c.name, n, share, c.said)
			}
		}
	}
}

func TestRankSums(t *testing.T) {
	// Of the 20 ways to choose 3 places of 6, 1 has a U of 0, 1 of 1, 2 of 2, 3 of 3.
	want := []float64{1, 1, 2, 3, 3, 3, 3, 2, 1, 1}
	for u, p := range rankSums(3, 3) {
		if !alike(p*20, want[u]) {
			t.Errorf("U = %d: %g", u, p*20)
		}
	}
	exact, normal := middleOf(rankSums(40, 40)), 800.0
	if exact != normal {
		t.Errorf("the middle of 40 and 40 is %g", exact)
	}
	k, below := rankSumTail(60, 60, 0.025) // by the normal distribution
	p := rankSums(60, 60)
	sum := 0.0
	for _, x := range p[:k] {
		sum += x
	}
	if math.Abs(sum-below) > 5e-4 || sum > 0.0255 {
		t.Errorf("%d: %.5f, exactly %.5f", k, below, sum)
	}
}

// middleOf is the place that divides a distribution.
func middleOf(p []float64) float64 {
	sum := 0.0
	for i, x := range p {
		if sum += x; sum >= 0.5 {
			return float64(i)
		}
	}
	return math.NaN()
}

func TestRatio(t *testing.T) {
	r, b := Ratio([]float64{2, 4, 8, 16}, []float64{1, 2, 4, 8}, 0.95)
	if r != 2 || b.Low > 2 || b.High < 2 || b.Coverage < 0.95 {
		t.Errorf("%g %+v", r, b)
	}
	r, b = PairedRatio([]float64{2, 4, 8, 16, 32, 64}, []float64{1, 2, 4, 8, 16, 32}, 0.95)
	if r != 2 || b.Low != 2 || b.High != 2 || b.Coverage < 0.95 {
		t.Errorf("pairs: %g %+v", r, b)
	}
	if r, b := Ratio(nil, []float64{1}, 0.95); !math.IsNaN(r) || b.Coverage != 0 {
		t.Errorf("nothing: %g %+v", r, b)
	}
}

func TestOutliers(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want []int
	}{
		{[]float64{100, 101, 99, 102, 98, 60}, []int{5}},
		{[]float64{100, 100, 100, 100, 100, 100.5}, nil}, // less than the least share
		{[]float64{100, 100, 100, 100, 100, 102}, []int{5}},
		{[]float64{1, 2, 3, 4, 5, 6}, nil},
		{[]float64{100, 101, 99, 102, 60}, nil}, // too few
		{nil, nil},
	} {
		if got := Outliers(c.v, 0.01); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v", c.v, got)
		}
	}
	if got := MAD([]float64{1, 2, 3, 4, 100}); !alike(got, consistent) {
		t.Errorf("MAD %g", got)
	}
	if m, d := MeanDeviation([]float64{1, 2, 3, 4}); m != 2.5 || !alike(d, math.Sqrt(5.0/3)) {
		t.Errorf("mean %g, deviation %g", m, d)
	}
}

// TestOutliersByChance: normal values are seldom called outliers.
func TestOutliersByChance(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for n, most := range map[int]float64{6: 0.05, 9: 0.04, 20: 0.01} {
		found := 0
		for range 2000 {
			v := make([]float64, n)
			for i := range v {
				v[i] = 1000 + r.NormFloat64()
			}
			if len(Outliers(v, 0)) > 0 {
				found++
			}
		}
		if share := float64(found) / 2000; share > most {
			t.Errorf("of %d values: %.3f", n, share)
		}
	}
}

// TestDrift: two things of different size that become slower together, of which one lacks a round.
func TestDrift(t *testing.T) {
	a, b := map[int]float64{}, map[int]float64{}
	for round := range 9 {
		a[round], b[round] = 100-5*float64(round), 20-float64(round)
	}
	delete(b, 4)
	if change, p := Drift([]map[int]float64{a, b, {}}); change > -0.2 || change < -0.4 || p > 0.001 {
		t.Errorf("slower: %v, p %v", change, p)
	}
	if change, p := Drift([]map[int]float64{{0: 1, 1: 2, 2: 1, 3: 2, 4: 1, 5: 2}}); p < 0.05 {
		t.Errorf("to and fro: %v, p %v", change, p)
	}
	if change, p := Drift(nil); change != 0 || p != 1 {
		t.Errorf("nothing: %v, p %v", change, p)
	}
}

func TestTrend(t *testing.T) {
	for _, c := range []struct {
		v      []float64
		tau, p float64
	}{
		{[]float64{1, 2, 3, 4, 5}, 1, 2.0 / 120},
		{[]float64{6, 5, 4, 3, 2, 1}, -1, 2.0 / 720},
		{[]float64{2, 1, 3, 4, 5}, 0.8, 10.0 / 120}, // 1 order without, 4 with one inversion, and the mirrored
		{[]float64{1, 1, 1, 1}, 0, 1},
		{[]float64{1}, 0, 1},
	} {
		if tau, p := Trend(c.v); !alike(tau, c.tau) || !alike(p, c.p) {
			t.Errorf("%v: %g %g", c.v, tau, p)
		}
	}
	long := make([]float64, 80)
	r := rand.New(rand.NewPCG(3, 3))
	for i := range long {
		long[i] = r.Float64() + float64(i)/80
	}
	if tau, p := Trend(long); tau < 0.3 || p > 1e-4 {
		t.Errorf("80 values: %g %g", tau, p)
	}
	_, exact := Trend(long[:60])
	s := int(math.Round(must(Trend(long[:60])) * 60 * 59 / 2))
	approx := math.Erfc(float64(s-1) / math.Sqrt(60*59*125/18.0) / math.Sqrt2)
	if exact > 2*approx || approx > 2*exact {
		t.Errorf("60 values: %g exactly, %g by the normal distribution", exact, approx)
	}
}

func must(tau, _ float64) float64 { return tau }
