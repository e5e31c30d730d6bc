package levels

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval"
)

// qualityOf is what eval says of a row, as the record has it.
func qualityOf(q *eval.Quality, chunks []eval.ChunkResult) *record.Quality {
	out := &record.Quality{Chunks: q.Windows, Tokens: q.Tokens, Perplexity: *estimateOf(&q.Perplexity, q.Windows)}
	for i := range chunks {
		c := record.Chunk{Index: chunks[i].Chunk, Tokens: chunks[i].Tokens, NLL: chunks[i].NLL}
		if a := chunks[i].Against; a != nil {
			c.Divergence, c.Same = a.KLD, a.Same
		}
		out.PerChunk = append(out.PerChunk, c)
	}
	slices.SortFunc(out.PerChunk, func(a, b record.Chunk) int { return cmp.Compare(a.Index, b.Index) })
	d := q.Divergence
	if d == nil {
		return out
	}
	out.Divergence, out.Same = estimateOf(&d.KLD, q.Windows), estimateOf(&d.SameTop, q.Windows)
	out.P99, out.Max = &d.P99, &d.Max
	out.Ratio = estimateOf(&d.LogPPLRatio, q.Windows)
	out.Histogram = histogram(eval.KLDs(chunks))
	return out
}

// estimateOf is a figure as the record has it; n are windows.
func estimateOf(f *eval.Figure, n int) *record.Estimate {
	e := &record.Estimate{Value: f.Value, N: n}
	if f.StandardError > 0 {
		e.SE = &f.StandardError
	}
	if i := f.Interval; i != nil && !math.IsInf(i.Low, 0) && !math.IsInf(i.High, 0) {
		e.Low, e.High = &i.Low, &i.High
	}
	return e
}

// Edges of histograms: four a decade, from 1e-6 to 100 nats.
const (
	firstDecade, lastDecade = -6, 2
	perDecade               = 4
)

// histogram counts divergences, which are sorted. What is above the last edge is in the last
// bin.
func histogram(values []float32) *record.Histogram {
	h := &record.Histogram{Edges: []float64{0}}
	for i := firstDecade * perDecade; i <= lastDecade*perDecade; i++ {
		h.Edges = append(h.Edges, math.Pow(10, float64(i)/perDecade))
	}
	below := 0
	for _, edge := range h.Edges[1:] {
		n := sort.Search(len(values), func(i int) bool { return float64(values[i]) >= edge })
		h.Counts = append(h.Counts, int64(n-below))
		below = n
	}
	h.Counts[len(h.Counts)-1] += int64(len(values) - below)
	// Bins above all values say nothing.
	for n := len(h.Counts); n > 2 && h.Counts[n-1] == 0; n-- {
		h.Counts, h.Edges = h.Counts[:n-1], h.Edges[:n]
	}
	return h
}
