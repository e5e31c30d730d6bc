package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// Figure is a number with its uncertainty.
type Figure struct {
	Value float64 `json:"value"`
	// StandardError takes all tokens for independent, as llama-perplexity's does.
	StandardError float64 `json:"standard_error"`
	// Interval takes windows for independent and nothing within them; nil: one window
	// alone, or too few for a bound.
	Interval *stat.Interval `json:"interval,omitempty"`
}

// Quality is what some windows say of a model.
type Quality struct {
	Windows    int     `json:"windows"`
	Tokens     int     `json:"tokens"`     // scored
	Confidence float64 `json:"confidence"` // of all intervals
	Perplexity Figure  `json:"perplexity"`

	Divergence *Divergence `json:"divergence,omitempty"` // nil: there was no reference
}

// Divergence is how far a level is from its reference. Divergences are in nats,
// differences of probabilities and shares are fractions.
type Divergence struct {
	KLD    Figure  `json:"kld"` // the mean
	Median float64 `json:"kld_median"`
	P90    float64 `json:"kld_90"`
	P99    float64 `json:"kld_99"`
	P999   float64 `json:"kld_999"`
	Max    float64 `json:"kld_max"`

	SameTop        Figure  `json:"same_top"`
	LogPPLRatio    Figure  `json:"log_ppl_ratio"` // ln(PPL / PPL of the reference)
	DeltaP         Figure  `json:"delta_p"`       // the mean
	DeltaPRMS      Figure  `json:"delta_p_rms"`
	MaxDeltaP      float64 `json:"max_delta_p"`
	ReferencePPL   float64 `json:"reference_ppl"`
	PPLCorrelation float64 `json:"ppl_correlation"`
	NegativeKLD    int     `json:"negative_kld"` // tokens whose divergence was rounded below 0
}

// Summarize adds up results of different windows.
func Summarize(chunks []ChunkResult, confidence float64) (Quality, error) {
	if !(confidence > 0 && confidence < 1) {
		return Quality{}, fmt.Errorf("confidence %v: it must be between 0 and 1", confidence)
	}
	if len(chunks) == 0 {
		return Quality{}, errors.New("no window was measured")
	}
	chunks = slices.Clone(chunks)
	slices.SortFunc(chunks, func(a, b ChunkResult) int { return a.Chunk - b.Chunk })
	for i := range chunks {
		if err := chunks[i].Check(); err != nil {
			return Quality{}, err
		}
		if i > 0 && chunks[i].Chunk == chunks[i-1].Chunk {
			return Quality{}, fmt.Errorf("window %d is there twice", chunks[i].Chunk)
		}
		if chunks[i].Tokens != chunks[0].Tokens || (chunks[i].Against == nil) != (chunks[0].Against == nil) {
			return Quality{}, fmt.Errorf("windows %d and %d were not measured in the same way", chunks[0].Chunk, chunks[i].Chunk)
		}
	}
	s := sums{chunks: chunks, confidence: confidence}
	q := Quality{Windows: len(chunks), Tokens: s.tokens(), Confidence: confidence}
	q.Perplexity = s.mean(func(c *ChunkResult) (float64, float64) { return c.NLL, c.NLL2 }).exp()
	if chunks[0].Against != nil {
		q.Divergence = s.divergence()
	}
	return q, nil
}

// sums adds up results of windows of one size.
type sums struct {
	chunks     []ChunkResult
	confidence float64
}

func (s *sums) tokens() int { return len(s.chunks) * s.chunks[0].Tokens }

func (s *sums) total(of func(c *ChunkResult) float64) (sum float64) {
	for i := range s.chunks {
		sum += of(&s.chunks[i])
	}
	return sum
}

// mean is that of something of which a window knows the sum, and that of its squares.
func (s *sums) mean(of func(c *ChunkResult) (sum, squares float64)) Figure {
	n := float64(s.tokens())
	sum, squares := 0.0, 0.0
	means := make([]float64, len(s.chunks))
	for i := range s.chunks {
		a, b := of(&s.chunks[i])
		sum += a
		squares += b
		means[i] = a / float64(s.chunks[i].Tokens)
	}
	f := Figure{Value: sum / n}
	if variance := squares/n - f.Value*f.Value; variance > 0 && n > 1 {
		f.StandardError = math.Sqrt(variance / (n - 1))
	}
	if i, ok := stat.MeanInterval(means, s.confidence); ok {
		f.Interval = &i
	}
	return f
}

// exp is the figure of e to the power of it.
func (f Figure) exp() Figure {
	e := math.Exp(f.Value)
	g := Figure{Value: e, StandardError: e * f.StandardError}
	if f.Interval != nil {
		g.Interval = &stat.Interval{Low: math.Exp(f.Interval.Low), High: math.Exp(f.Interval.High)}
	}
	return g
}

// root is the figure of its square root.
func (f Figure) root() Figure {
	r := math.Sqrt(f.Value)
	g := Figure{Value: r}
	if r > 0 {
		g.StandardError = f.StandardError / (2 * r)
	}
	if f.Interval != nil {
		g.Interval = &stat.Interval{Low: math.Sqrt(max(0, f.Interval.Low)), High: math.Sqrt(max(0, f.Interval.High))}
	}
	return g
}

func (s *sums) divergence() *Divergence {
	d := &Divergence{
		KLD:         s.mean(func(c *ChunkResult) (float64, float64) { return c.Against.KLD, c.Against.KLD2 }),
		DeltaP:      s.mean(func(c *ChunkResult) (float64, float64) { return c.Against.DeltaP, c.Against.DeltaP2 }),
		DeltaPRMS:   s.mean(func(c *ChunkResult) (float64, float64) { return c.Against.DeltaP2, c.Against.DeltaP4 }).root(),
		LogPPLRatio: s.mean(ratio),
		SameTop:     s.same(),
	}
	values := KLDs(s.chunks)
	d.Median, d.P90, d.P99, d.P999 = stat.Quantile(values, 0.5), stat.Quantile(values, 0.9), stat.Quantile(values, 0.99), stat.Quantile(values, 0.999)
	d.Max = float64(values[len(values)-1])
	for i := range s.chunks {
		d.MaxDeltaP = max(d.MaxDeltaP, s.chunks[i].Against.MaxDeltaP)
	}
	for d.NegativeKLD < len(values) && values[d.NegativeKLD] < 0 {
		d.NegativeKLD++
	}
	n := float64(s.tokens())
	a, b := s.total(func(c *ChunkResult) float64 { return c.NLL })/n, s.total(func(c *ChunkResult) float64 { return c.Against.ReferenceNLL })/n
	d.ReferencePPL = math.Exp(b)
	covariance := s.total(func(c *ChunkResult) float64 { return c.Against.CrossNLL })/n - a*b
	va := s.total(func(c *ChunkResult) float64 { return c.NLL2 })/n - a*a
	vb := s.total(func(c *ChunkResult) float64 { return c.Against.ReferenceNLL2 })/n - b*b
	if va > 0 && vb > 0 {
		d.PPLCorrelation = covariance / math.Sqrt(va*vb)
	}
	return d
}

// ratio is of the logarithm of the ratio of two perplexities: the difference of -log p,
// token by token.
func ratio(c *ChunkResult) (sum, squares float64) {
	a := c.Against
	return c.NLL - a.ReferenceNLL, c.NLL2 + a.ReferenceNLL2 - 2*a.CrossNLL
}

// same is the share of tokens where both think the same the likeliest.
func (s *sums) same() Figure {
	hits, sizes := make([]int, len(s.chunks)), make([]int, len(s.chunks))
	all := 0
	for i := range s.chunks {
		hits[i], sizes[i] = s.chunks[i].Against.Same, s.chunks[i].Tokens
		all += hits[i]
	}
	n := float64(s.tokens())
	f := Figure{Value: float64(all) / n}
	if n > 1 {
		f.StandardError = math.Sqrt(f.Value * (1 - f.Value) / (n - 1))
	}
	if i, ok := stat.ClusteredShare(hits, sizes, s.confidence); ok {
		f.Interval = &i
	}
	return f
}

// KLDs are the divergences of all scored tokens, sorted.
func KLDs(chunks []ChunkResult) []float32 {
	var values []float32
	for i := range chunks {
		if a := chunks[i].Against; a != nil {
			values = append(values, a.Values...)
		}
	}
	slices.Sort(values)
	return values
}
