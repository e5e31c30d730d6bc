package eval

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// results are of a level with more or less noise, window by window.
func results(t testing.TB, windows int, noise float64) []ChunkResult {
	t.Helper()
	var all []ChunkResult
	text := newText(t, words(windows*32, 40), 32, -1)
	for i := range windows {
		c := plainly(&fake{vocab: 40}, &fake{vocab: 40, noise: noise}, text.window(nil, i))
		c.Chunk = i
		all = append(all, c)
	}
	return all
}

// TestSummarize: the figures over tokens are those of all tokens in one heap, as
// llama-perplexity has them.
func TestSummarize(t *testing.T) {
	chunks := results(t, 12, 0.7)
	chunks[0], chunks[5] = chunks[5], chunks[0] // the order does not matter
	q, err := Summarize(chunks, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	var kld []float64
	nll, same := 0.0, 0
	for _, c := range chunks {
		for _, v := range c.Against.Values {
			kld = append(kld, float64(v))
		}
		nll += c.NLL
		same += c.Against.Same
	}
	n := float64(len(kld))
	if q.Windows != 12 || q.Tokens != len(kld) || math.Abs(q.Perplexity.Value-math.Exp(nll/n)) > 1e-9 {
		t.Errorf("%d windows, %d tokens, perplexity %v; want %d, %v", q.Windows, q.Tokens, q.Perplexity.Value, len(kld), math.Exp(nll/n))
	}
	mean, se := stat.Mean(kld)
	d := q.Divergence
	if math.Abs(d.KLD.Value-mean) > 1e-7 || math.Abs(d.KLD.StandardError-se) > 1e-6 {
		t.Errorf("divergence %v ± %v, want %v ± %v", d.KLD.Value, d.KLD.StandardError, mean, se)
	}
	if d.SameTop.Value != float64(same)/n {
		t.Errorf("the same token in %v, want %v", d.SameTop.Value, float64(same)/n)
	}
	if got := q.Perplexity.Value / d.ReferencePPL; math.Abs(math.Log(got)-d.LogPPLRatio.Value) > 1e-9 {
		t.Errorf("logarithm of the ratio %v, of %v", d.LogPPLRatio.Value, got)
	}
	if !(d.Median < d.P90 && d.P90 < d.P99 && d.P99 < d.P999 && d.P999 < d.Max) || !(d.PPLCorrelation > 0.2 && d.PPLCorrelation < 1) {
		t.Errorf("figures out of order: %+v", d)
	}
	for name, f := range map[string]Figure{"perplexity": q.Perplexity, "divergence": d.KLD, "agreement": d.SameTop, "Δp": d.DeltaP, "RMS": d.DeltaPRMS, "ratio": d.LogPPLRatio} {
		if f.Interval == nil || !f.Interval.Contains(f.Value) || f.Interval.High == f.Interval.Low || f.StandardError <= 0 {
			t.Errorf("%s: %+v %+v", name, f, f.Interval)
		}
	}
	one, err := Summarize(chunks[:1], 0.95)
	if err != nil || one.Perplexity.Interval != nil || one.Divergence.SameTop.Interval != nil {
		t.Errorf("an interval from one window: %+v, %v", one.Perplexity, err)
	}
}

// TestSummarizeItself: a level that is its reference.
func TestSummarizeItself(t *testing.T) {
	q, err := Summarize(results(t, 3, 0), 0.9)
	if err != nil {
		t.Fatal(err)
	}
	d := q.Divergence
	if d.KLD.Value != 0 || d.SameTop.Value != 1 || d.DeltaPRMS.Value != 0 || d.LogPPLRatio.Value != 0 || math.Abs(d.PPLCorrelation-1) > 1e-9 {
		t.Errorf("beside itself: %+v", d)
	}
	if d.SameTop.Interval == nil || d.SameTop.Interval.High != 1 || d.SameTop.Interval.Low > 0.98 {
		t.Errorf("agreement in all of %d places: %v", q.Tokens, d.SameTop.Interval)
	}
}

func TestSummarizeRefuses(t *testing.T) {
	good := results(t, 2, 0.3)
	twice := []ChunkResult{good[0], good[0]}
	short := results(t, 2, 0.3)
	short[1].Tokens--
	short[1].Against.Values = short[1].Against.Values[1:]
	alone := results(t, 2, 0.3)
	alone[1].Against = nil
	negative := results(t, 1, 0.3)
	negative[0].NLL = -1
	for _, c := range []struct {
		chunks     []ChunkResult
		confidence float64
		want       string
	}{
		{nil, 0.95, "no window"}, {good, 1, "confidence"}, {twice, 0.95, "twice"}, {short, 0.95, "same way"}, {alone, 0.95, "same way"}, {negative, 0.95, "negative"},
	} {
		if _, err := Summarize(c.chunks, c.confidence); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

func TestDifference(t *testing.T) {
	a, b := results(t, 10, 0.8), results(t, 10, 0.3)
	f, err := Difference(a, b, KLD, 0.95)
	qa, _ := Summarize(a, 0.95)
	qb, _ := Summarize(b, 0.95)
	if want := qa.Divergence.KLD.Value - qb.Divergence.KLD.Value; err != nil || math.Abs(f.Value-want) > 1e-9 || f.Interval.Low <= 0 {
		t.Errorf("difference %v %v, want %v; %v", f.Value, f.Interval, want, err)
	}
	if g, err := Difference(b, a, Disagree, 0.95); err != nil || g.Value >= 0 {
		t.Errorf("difference of disagreement %v, %v", g.Value, err)
	}
	for _, c := range [][2][]ChunkResult{{a, b[:9]}, {a[:2], {b[0], b[3]}}, {nil, nil}, {{a[0], a[0]}, b[:2]}} {
		if _, err := Difference(c[0], c[1], NLL, 0.95); err == nil {
			t.Errorf("%d windows beside %d others", len(c[0]), len(c[1]))
		}
	}
}

// simulated is a window of levels whose divergences have these means: they share the
// window's difficulty and most of what its tokens do.
func simulated(r *rand.Rand, number int, means []float64) []ChunkResult {
	shared := math.Exp(0.6*r.NormFloat64() - 0.18)
	window := make([]ChunkResult, len(means))
	for i, m := range means {
		own := math.Exp(0.3*r.NormFloat64() - 0.045)
		window[i] = ChunkResult{Chunk: number, Tokens: 1, Against: &Against{KLD: m * shared * own}}
	}
	return window
}

// TestStudyRanking: a measurement that stops when its ranking is certain is wrong about
// some pair in at most 5 of 100 runs, where some levels are alike and where all differ, and
// finds what differs.
func TestStudyRanking(t *testing.T) {
	const times, most = 700, 120
	for _, c := range []struct {
		name   string
		means  []float64
		margin float64
		finds  bool // the measurement becomes certain
	}{
		{"all alike", []float64{1, 1, 1, 1}, 0, false},
		{"two alike", []float64{0.1, 1, 1, 3}, 0, false},
		{"all differ", []float64{1, 0.05, 2.5, 0.3, 6}, 0, true},
		{"two alike, within a margin", []float64{0.1, 1, 1, 3}, 0.3, true},
		{"at the margin's edge", []float64{1, 1.2}, 0.2, false},
	} {
		r := rand.New(rand.NewPCG(21, 4))
		wrong, certain, windows := 0, 0, 0
		for range times {
			k, err := NewRanking(len(c.means), KLD, 0.95, c.margin)
			if err != nil {
				t.Fatal(err)
			}
			bad := false
			for i := 0; i < most && !k.Certain(); i++ {
				if err := k.Add(simulated(r, i, c.means)); err != nil {
					t.Fatal(err)
				}
				bad = bad || isWrong(k.Pairs(), c.means, c.margin)
			}
			if bad {
				wrong++
			}
			if k.Certain() {
				certain++
				windows += k.Windows()
			}
		}
		rate := float64(wrong) / times
		t.Logf("%s: %.3f wrong, %.3f certain after %.0f windows", c.name, rate, float64(certain)/times, float64(windows)/float64(max(1, certain)))
		if rate > 0.065 { // the rate is known to 0.8 %
			t.Errorf("%s: %.3f of the runs claim something wrong", c.name, rate)
		}
		if c.finds && float64(certain)/times < 0.95 {
			t.Errorf("%s: certain in %.3f of the runs", c.name, float64(certain)/times)
		}
	}
}

func isWrong(pairs []Pair, means []float64, margin float64) bool {
	for _, p := range pairs {
		a, b := means[p.A], means[p.B]
		switch {
		case p.Relation == Better && a >= b, p.Relation == Worse && a <= b:
			return true
		case p.Relation == Same && math.Max(a, b) >= (1+margin)*math.Min(a, b)-1e-12:
			return true
		}
	}
	return false
}

func TestRanking(t *testing.T) {
	k, err := NewRanking(3, KLD, 0.95, 0)
	if err != nil {
		t.Fatal(err)
	}
	if k.Certain() {
		t.Error("certain of nothing")
	}
	r := rand.New(rand.NewPCG(1, 1))
	for i := 0; i < 200 && !k.Certain(); i++ {
		if err := k.Add(simulated(r, i, []float64{2, 0.5, 8})); err != nil {
			t.Fatal(err)
		}
	}
	if order := k.Levels(); !k.Certain() || order[0] != 1 || order[1] != 0 || order[2] != 2 {
		t.Errorf("certain: %v, order %v", k.Certain(), order)
	}
	want := []Relation{Worse, Better, Better}
	for i, p := range k.Pairs() {
		if p.Relation != want[i] || p.P > 0.05 || p.Interval == nil || p.Interval.Contains(0) {
			t.Errorf("pair %d: %+v", i, p)
		}
	}
	if one, err := NewRanking(1, KLD, 0.95, 0); err != nil || !one.Certain() {
		t.Errorf("one level has no order: %v", err)
	}
	for _, window := range [][]ChunkResult{nil, simulated(r, 0, []float64{1, 2}), {{Chunk: 1, Tokens: 1}, {Chunk: 2, Tokens: 1}, {Chunk: 1, Tokens: 1}}} {
		if k.Add(window) == nil {
			t.Errorf("added %v", window)
		}
	}
	for _, c := range []struct {
		levels             int
		confidence, margin float64
	}{{0, 0.9, 0}, {2, 1, 0}, {2, 0.9, -1}, {2, 0.9, math.NaN()}} {
		if _, err := NewRanking(c.levels, KLD, c.confidence, c.margin); err == nil {
			t.Errorf("a ranking of %+v", c)
		}
	}
}

func TestOrder(t *testing.T) {
	a, b := Order(50, 1), Order(50, 1)
	seen := map[int]bool{}
	moved := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatal("the same seed gives another order")
		}
		seen[a[i]] = true
		if a[i] != i {
			moved++
		}
	}
	if len(seen) != 50 || moved < 40 {
		t.Errorf("%d windows, %d of them moved", len(seen), moved)
	}
}
