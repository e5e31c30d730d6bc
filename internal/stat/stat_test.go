package stat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestMean(t *testing.T) {
	mean, se := Mean([]float64{1, 2, 3, 4})
	if !near(mean, 2.5, 1e-15) || !near(se, math.Sqrt(5.0/3/4), 1e-15) {
		t.Errorf("mean %v ± %v", mean, se)
	}
	if mean, se = Mean([]float64{7}); mean != 7 || se != 0 {
		t.Errorf("of one: %v ± %v", mean, se)
	}
	if mean, _ = Mean(nil); !math.IsNaN(mean) {
		t.Errorf("of nothing: %v", mean)
	}
}

// TestMoments: kept up one by one they are what the definitions say.
func TestMoments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var x []float64
	var m moments
	for range 200 {
		x = append(x, 1000+r.ExpFloat64())
		m.add(x[len(x)-1])
	}
	mean, _ := Mean(x)
	m2, m3 := 0.0, 0.0
	for _, v := range x {
		m2 += math.Pow(v-mean, 2)
		m3 += math.Pow(v-mean, 3)
	}
	if !near(m.m2, m2, 1e-9*m2) || !near(m.m3, m3, 1e-8*math.Abs(m3)) {
		t.Errorf("moments %v %v, want %v %v", m.m2, m.m3, m2, m3)
	}
	for _, u := range []float64{-3, -0.4, 0, 0.01, 0.8, 5} {
		if back := m.bent(m.straightened(u)); !near(back, u, 1e-9) {
			t.Errorf("straightened and bent back, %v is %v", u, back)
		}
	}
}

// TestMeanInterval: without a skew it is Student's.
func TestMeanInterval(t *testing.T) {
	i, ok := MeanInterval([]float64{9, 10, 11}, 0.95)
	if w := 4.30265 / math.Sqrt(3); !ok || !near(i.Low, 10-w, 1e-4) || !near(i.High, 10+w, 1e-4) {
		t.Errorf("interval %v %v", i, ok)
	}
	if i, ok = MeanInterval([]float64{2, 2, 2, 2}, 0.95); !ok || i != (Interval{2, 2}) {
		t.Errorf("of the same numbers: %v %v", i, ok)
	}
	if _, ok = MeanInterval([]float64{1}, 0.95); ok {
		t.Error("an interval from one observation")
	}
	if i, _ = MeanInterval([]float64{1, 1, 1, 1, 1, 2, 1, 9}, 0.95); i.High-2.125 < 2.125-i.Low {
		t.Errorf("the interval of skewed numbers, %v, does not reach further up", i)
	}
}

// TestWilson: 81 of 263, an example of Newcombe's (Statistics in Medicine 17, 857, 1998),
// and its others.
func TestWilson(t *testing.T) {
	for _, c := range []struct{ hits, n, low, high float64 }{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718},
	} {
		if i := Wilson(c.hits, c.n, 0.95); !near(i.Low, c.low, 6e-5) || !near(i.High, c.high, 6e-5) {
			t.Errorf("%v of %v: %v", c.hits, c.n, i)
		}
	}
}

func TestClusteredShare(t *testing.T) {
	even, ok := ClusteredShare([]int{9, 9, 9, 9}, []int{10, 10, 10, 10}, 0.95)
	if plain := Wilson(36, 40, 0.95); !ok || even != plain {
		t.Errorf("clusters that say the same: %v, want %v", even, plain)
	}
	uneven, _ := ClusteredShare([]int{10, 10, 10, 6}, []int{10, 10, 10, 10}, 0.95)
	if uneven.High-uneven.Low < 1.5*(even.High-even.Low) {
		t.Errorf("clusters that differ: %v, beside %v", uneven, even)
	}
	for _, c := range [][2][]int{{{3}, {4}}, {{0, 0}, {0, 0}}, {nil, nil}} {
		if _, ok := ClusteredShare(c[0], c[1], 0.95); ok {
			t.Errorf("an interval from %v", c)
		}
	}
}

func TestQuantile(t *testing.T) {
	v := []float32{1, 2, 4, 8}
	for _, c := range []struct{ p, want float64 }{{0, 1}, {1, 8}, {0.5, 3}, {1.0 / 3, 2}, {0.9, 6.8}, {-1, 1}, {7, 8}} {
		if got := Quantile(v, c.p); !near(got, c.want, 1e-6) {
			t.Errorf("quantile %v is %v, want %v", c.p, got, c.want)
		}
	}
	if !math.IsNaN(Quantile([]float64(nil), 0.5)) {
		t.Error("a quantile of nothing")
	}
}

func TestSignTest(t *testing.T) {
	for _, c := range []struct {
		wins, losses int
		want         float64
	}{
		{0, 0, 1}, {1, 0, 1}, {5, 0, 0.0625}, {0, 10, 0.001953125}, {9, 1, 0.021484375}, {6, 4, 0.75390625}, {5, 5, 1},
		{30, 12, 0.0079157}, {1000, 1000, 1}, {-3, 5, 0.0625},
	} {
		if got := SignTest(c.wins, c.losses); !near(got, c.want, 1e-6) {
			t.Errorf("%d against %d: %v, want %v", c.wins, c.losses, got, c.want)
		}
	}
	sum := 0.0 // the p-value is the probability of what is as far from the middle, or further
	for k := range 61 {
		if k <= 22 || k >= 38 {
			l, _ := math.Lgamma(61)
			a, _ := math.Lgamma(float64(k + 1))
			b, _ := math.Lgamma(float64(61 - k))
			sum += math.Exp(l - a - b - 60*math.Ln2)
		}
	}
	if got := SignTest(38, 22); !near(got, sum, 1e-12) {
		t.Errorf("38 against 22: %v, want %v", got, sum)
	}
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.005})
	for i, want := range []float64{0.03, 0.06, 0.06, 0.02} {
		if !near(got[i], want, 1e-15) {
			t.Errorf("adjusted %v", got)
			break
		}
	}
	if got = Holm([]float64{0.9, 0.8}); got[0] != 1 || got[1] != 1 {
		t.Errorf("adjusted %v, want 1 at most", got)
	}
	if len(Holm(nil)) != 0 {
		t.Error("something from nothing")
	}
}

// TestSequence: the interval is what the factor does not refuse.
func TestSequence(t *testing.T) {
	var s Sequence
	if s.P() != 1 || s.Sign() != 0 {
		t.Errorf("before anything: p %v, sign %d", s.P(), s.Sign())
	}
	r := rand.New(rand.NewPCG(1, 1))
	var x []float64
	for range 40 {
		v := 0.5 + r.NormFloat64()
		x = append(x, v)
		s.Add(v)
	}
	i, ok := s.Interval(0.95)
	if !ok {
		t.Fatal("no interval after 40")
	}
	for _, edge := range []float64{i.Low, i.High} {
		var moved Sequence
		for _, v := range x {
			moved.Add(v - edge)
		}
		if got := math.Exp(moved.factor()); !near(got, 20, 1e-6) {
			t.Errorf("at the edge %v the factor is %v, want 20", edge, got)
		}
	}
	var same, zero Sequence
	for range 30 {
		same.Add(-2)
		zero.Add(0)
	}
	if same.P() > 1e-3 || same.Sign() != -1 {
		t.Errorf("30 times -2: p %v, sign %d", same.P(), same.Sign())
	}
	if zero.P() != 1 || zero.Sign() != 0 {
		t.Errorf("30 times 0: p %v, sign %d", zero.P(), zero.Sign())
	}
}
