package eval

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// Metric is a figure of a level in a window; less is better.
type Metric int

// The metrics.
const (
	KLD      Metric = iota // mean divergence from the reference, nats
	NLL                    // mean of -log p
	Disagree               // share of tokens where another one is the likeliest
)

func (m Metric) of(c *ChunkResult) float64 {
	n := float64(c.Tokens)
	switch {
	case m == NLL || c.Against == nil:
		return c.NLL / n
	case m == Disagree:
		return float64(c.Tokens-c.Against.Same) / n
	}
	return c.Against.KLD / n
}

// Order is the order in which the windows of a text are measured when the measurement may
// stop before its end: a seeded permutation, so that those that were measured stand for
// all.
func Order(windows int, seed uint64) []int {
	return rand.New(rand.NewPCG(seed, 0x77696E646F7773)).Perm(windows)
}

// Ranking says whether the order of some levels is certain, after each window that all of
// them were measured on. Its chance of ever claiming a wrong order for any of them is at
// most 1 - confidence (stat.Sequence for each pair, with Holm's correction over the
// pairs), however often it is asked and whenever the measurement stops for it.
type Ranking struct {
	metric  Metric
	alpha   float64
	levels  int
	windows int
	sums    []float64
	pairs   []pairing
}

// pairing are two levels.
type pairing struct {
	a, b       int
	difference stat.Sequence // a - b
	// With a margin: a - (1+margin)·b and b - (1+margin)·a. Where both are below 0 the
	// two are the same within the margin.
	overA, overB stat.Sequence
	margin       float64
}

// NewRanking ranks so many levels. margin is the share by which two may differ and still
// count as the same; 0: no two do. Confidence is between 0 and 1.
func NewRanking(levels int, m Metric, confidence, margin float64) (*Ranking, error) {
	if levels < 1 || !(confidence > 0 && confidence < 1) || !(margin >= 0) {
		return nil, fmt.Errorf("ranking of %d levels with confidence %v and margin %v: there must be a level, a confidence between 0 and 1 and no negative margin", levels, confidence, margin)
	}
	r := &Ranking{metric: m, alpha: 1 - confidence, levels: levels, sums: make([]float64, levels)}
	for a := range levels {
		for b := a + 1; b < levels; b++ {
			r.pairs = append(r.pairs, pairing{a: a, b: b, margin: margin})
		}
	}
	return r, nil
}

// Add takes the results of all levels on one window, in their order.
func (r *Ranking) Add(window []ChunkResult) error {
	if len(window) != r.levels {
		return fmt.Errorf("ranking: %d results of %d levels", len(window), r.levels)
	}
	for i := range window {
		if window[i].Chunk != window[0].Chunk || window[i].Tokens < 1 {
			return fmt.Errorf("ranking: results of windows %d and %d, of %d tokens, beside each other", window[0].Chunk, window[i].Chunk, window[i].Tokens)
		}
	}
	r.windows++
	for i := range window {
		r.sums[i] += r.metric.of(&window[i])
	}
	for i := range r.pairs {
		p := &r.pairs[i]
		a, b := r.metric.of(&window[p.a]), r.metric.of(&window[p.b])
		p.difference.Add(a - b)
		if p.margin > 0 {
			p.overA.Add(a - (1+p.margin)*b)
			p.overB.Add(b - (1+p.margin)*a)
		}
	}
	return nil
}

// Relation is what is known of two levels.
type Relation string

// The relations. Same is said within the margin, Open where it is not known.
const (
	Better Relation = "better"
	Worse  Relation = "worse"
	Same   Relation = "same"
	Open   Relation = "open"
)

// Pair is what is known of level A beside level B.
type Pair struct {
	A, B     int
	Relation Relation
	P        float64 // for no difference, corrected for all pairs, valid at any time
	Mean     float64 // of A - B
	// Interval of it, at the ranking's confidence for this pair, valid at any time; nil:
	// not yet.
	Interval *stat.Interval
}

// Pairs are all pairs of levels, A before B.
func (r *Ranking) Pairs() []Pair {
	p := make([]float64, len(r.pairs))
	for i := range r.pairs {
		p[i] = r.pairs[i].difference.P()
	}
	corrected := stat.Holm(p)
	known := make([]Pair, len(r.pairs))
	for i := range r.pairs {
		x := &r.pairs[i]
		known[i] = Pair{A: x.a, B: x.b, Relation: Open, P: corrected[i], Mean: x.difference.Mean()}
		if interval, ok := x.difference.Interval(1 - r.alpha); ok {
			known[i].Interval = &interval
		}
		switch {
		case corrected[i] <= r.alpha && x.difference.Sign() < 0:
			known[i].Relation = Better
		case corrected[i] <= r.alpha:
			known[i].Relation = Worse
		case x.same(r.alpha / float64(len(r.pairs))):
			known[i].Relation = Same
		}
	}
	return known
}

// same tells whether two levels are within the margin of each other.
func (p *pairing) same(alpha float64) bool {
	return p.margin > 0 && p.overA.Sign() < 0 && p.overA.P() <= alpha && p.overB.Sign() < 0 && p.overB.P() <= alpha
}

// Certain tells whether nothing is open.
func (r *Ranking) Certain() bool {
	return !slices.ContainsFunc(r.Pairs(), func(p Pair) bool { return p.Relation == Open })
}

// Windows is how many were added.
func (r *Ranking) Windows() int { return r.windows }

// Levels are the levels from the best to the worst, by their means so far.
func (r *Ranking) Levels() []int {
	order := make([]int, r.levels)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case r.sums[a] < r.sums[b]:
			return -1
		case r.sums[a] > r.sums[b]:
			return 1
		}
		return 0
	})
	return order
}

// Difference is by how much a is above b, of windows that both were measured on: a Figure
// without a standard error of tokens.
func Difference(a, b []ChunkResult, m Metric, confidence float64) (Figure, error) {
	of := map[int]*ChunkResult{}
	for i := range b {
		of[b[i].Chunk] = &b[i]
	}
	if len(a) == 0 || len(of) != len(b) || len(a) != len(b) {
		return Figure{}, fmt.Errorf("compare %d windows with %d: they must be the same ones", len(a), len(b))
	}
	d := make([]float64, len(a))
	for i := range a {
		other, ok := of[a[i].Chunk]
		if !ok || other.Tokens != a[i].Tokens || (other.Against == nil) != (a[i].Against == nil) {
			return Figure{}, fmt.Errorf("compare: window %d is not there twice in the same way", a[i].Chunk)
		}
		d[i] = m.of(&a[i]) - m.of(other)
		delete(of, a[i].Chunk)
	}
	f := Figure{}
	f.Value, _ = stat.Mean(d)
	if i, ok := stat.MeanInterval(d, confidence); ok {
		f.Interval = &i
	}
	return f, nil
}
