package eval

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
)

// fake is a model whose logits are a function of the last two tokens it read and of its
// own noise.
type fake struct {
	vocab, rows int
	noise       float64
	bad         func(position int) []float32 // in place of a row; nil: none

	read []int32
	out  [][]float32
}

func (f *fake) Vocab() int { return f.vocab }
func (f *fake) Rows() int  { return f.rows }

func (f *fake) Start(_ context.Context, tokens []int32) error {
	f.read = append(f.read[:0], tokens...)
	f.out = nil
	return nil
}

func (f *fake) Extend(_ context.Context, tokens []int32) error {
	f.out = f.out[:0]
	for _, t := range tokens {
		f.read = append(f.read, t)
		f.out = append(f.out, f.row(len(f.read)-1))
	}
	return nil
}

func (f *fake) Row(i int) ([]float32, error) { return f.out[i], nil }

// row is what follows position p.
func (f *fake) row(p int) []float32 {
	if f.bad != nil {
		if r := f.bad(p); r != nil {
			return r
		}
	}
	r := rand.New(rand.NewPCG(uint64(f.read[p]), uint64(f.read[p-1])))
	own := rand.New(rand.NewPCG(uint64(f.read[p]), 99))
	row := make([]float32, f.vocab)
	for i := range row {
		row[i] = float32(2*r.NormFloat64() + f.noise*own.NormFloat64())
	}
	return row
}

// words are tokens of a text.
func words(n, vocab int) []int32 {
	r := rand.New(rand.NewPCG(8, 8))
	v := make([]int32, n)
	for i := range v {
		v[i] = int32(r.IntN(vocab))
	}
	return v
}

func newText(t testing.TB, tokens []int32, size int, bos int32) *Text {
	t.Helper()
	x, err := NewText(tokens, size, bos)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// logSoftmax is the definition.
func logSoftmax(row []float32) []float64 {
	sum := 0.0
	for _, x := range row {
		sum += math.Exp(float64(x))
	}
	p := make([]float64, len(row))
	for i, x := range row {
		p[i] = float64(x) - math.Log(sum)
	}
	return p
}

func top(p []float64) (best int) {
	for i := range p {
		if p[i] > p[best] {
			best = i
		}
	}
	return best
}

// plainly measures a window by the definitions: rows of the whole window, one after the other.
func plainly(reference, level *fake, tokens []int32) (c ChunkResult) {
	c.Against = &Against{}
	for p := len(tokens) / 2; p < len(tokens)-1; p++ {
		reference.read, level.read = tokens[:p+1], tokens[:p+1]
		a, b := logSoftmax(reference.row(p)), logSoftmax(level.row(p))
		next := tokens[p+1]
		kld := 0.0
		for i := range a {
			kld += math.Exp(a[i]) * (a[i] - b[i])
		}
		c.Tokens++
		c.NLL -= b[next]
		c.NLL2 += b[next] * b[next]
		c.Against.ReferenceNLL -= a[next]
		c.Against.ReferenceNLL2 += a[next] * a[next]
		c.Against.CrossNLL += a[next] * b[next]
		c.Against.KLD += kld
		c.Against.KLD2 += kld * kld
		if top(a) == top(b) {
			c.Against.Same++
		}
		d := math.Exp(b[next]) - math.Exp(a[next])
		c.Against.DeltaP += d
		c.Against.DeltaP2 += d * d
		c.Against.DeltaP4 += d * d * d * d
		c.Against.MaxDeltaP = max(c.Against.MaxDeltaP, math.Abs(d))
		c.Against.Values = append(c.Against.Values, float32(kld))
	}
	return c
}
