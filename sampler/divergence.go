package sampler

import (
	"errors"
	"fmt"
	"math"
)

// ErrNoDistribution: the logits say nothing of any token, or an infinity of one.
var ErrNoDistribution = errors.New("the largest logit is not a finite number")

// Softmax is what turns a row of logits into the log-probabilities of its tokens: logit -
// Norm.
type Softmax struct {
	Top  int32   // the likeliest token, the first of several
	Norm float64 // the logarithm of the sum of e^logit
}

// Divergence compares rows of logits with a reference's row. It allocates nothing once it
// has seen a row. One goroutine at a time.
type Divergence struct {
	max       []float32
	reference []float32 // borrowed
	softmax   Softmax
	weight    []float32 // e^(logit - the largest) of the reference
	sum       float64
}

// Softmax reads a row, which is borrowed for the call. ErrNaN, ErrNoDistribution.
func (d *Divergence) Softmax(logits []float32) (Softmax, error) {
	place, top, err := d.top(logits)
	if err != nil {
		return Softmax{}, err
	}
	return Softmax{Top: place, Norm: float64(top) + math.Log(expSum(logits, top, 1))}, nil
}

// top is the largest logit, and where the first such is.
func (d *Divergence) top(logits []float32) (place int32, top float32, err error) {
	d.max = grown(d.max, (len(logits)+block-1)/block)
	if maxima(d.max, logits) {
		return 0, 0, ErrNaN
	}
	top = -inf32
	at := 0
	for i, m := range d.max {
		if m > top {
			top, at = m, i
		}
	}
	if math.IsInf(float64(top), 0) {
		return 0, 0, fmt.Errorf("%w: %v", ErrNoDistribution, top)
	}
	for place = int32(at * block); logits[place] != top; place++ {
	}
	return place, top, nil
}

// SetReference reads the reference's row, which is borrowed until the next.
func (d *Divergence) SetReference(logits []float32) (Softmax, error) {
	place, top, err := d.top(logits)
	if err != nil {
		return Softmax{}, err
	}
	d.reference, d.weight = logits, grown(d.weight, len(logits))
	d.sum, _ = expStore(d.weight, logits, top, 1)
	d.softmax = Softmax{Top: place, Norm: float64(top) + math.Log(d.sum)}
	return d.softmax, nil
}

// Of is the Kullback-Leibler divergence of the reference's distribution P from that of a
// row, Q: the sum of P·(log P - log Q) over the whole vocabulary, in nats. It is infinite
// where Q rules out a token that P does not.
func (d *Divergence) Of(logits []float32) (float64, Softmax, error) {
	if len(logits) != len(d.reference) {
		return 0, Softmax{}, fmt.Errorf("sampler: a row of %d logits beside a reference of %d", len(logits), len(d.reference))
	}
	q, err := d.Softmax(logits)
	if err != nil {
		return 0, Softmax{}, err
	}
	return gap(d.weight, d.reference, logits)/d.sum - (d.softmax.Norm - q.Norm), q, nil
}
