package testplan

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-f87006eb/llm/plan"
)

// Planner says what a row takes.
type Planner func(ctx context.Context, r Row) (*plan.Memory, error)

// Result is a row with what the engine says and what a planner does; nil: it is refused.
type Result struct {
	Row          Row
	Truth, Guess *plan.Memory
}

// Compare asks both about each row. An error that is not a *[plan.Impossible] is one of
// Compare too, with the results until then.
func Compare(ctx context.Context, rows []Row, truth, guess Planner) ([]Result, error) {
	results := make([]Result, 0, len(rows))
	for _, r := range rows {
		t, err := answer(ctx, r, truth)
		if err != nil {
			return results, err
		}
		g, err := answer(ctx, r, guess)
		if err != nil {
			return results, err
		}
		results = append(results, Result{r, t, g})
	}
	return results, nil
}

func answer(ctx context.Context, r Row, p Planner) (*plan.Memory, error) {
	m, err := p(ctx, r)
	if _, refused := errors.AsType[*plan.Impossible](err); refused {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%v: %w", r, err)
	}
	return m, nil
}

// Place is whose memory is compared.
type Place int

// Where the model is: the card, or the host where there is none. Everywhere: both.
const (
	Main Place = iota
	Everywhere
)

// of is what a plan takes there.
func (p Place) of(m *plan.Memory) (uses []plan.Use) {
	if p == Main && len(m.Devices) > 0 {
		return m.Devices
	}
	return append(slices.Clone(m.Devices), m.Host)
}

// size leaves out the buffer of outputs, which the engine's own account does too.
func size(uses []plan.Use) (n uint64) {
	for _, u := range uses {
		n += u.Weights + u.KV + u.Compute
	}
	return n
}

// Off is by how much of the truth the guess is above it, below 0 where it is too little; of a
// row that both answer.
func (r Result) Off(p Place) float64 { return relative(size(p.of(r.Guess)), size(p.of(r.Truth))) }

func relative(guess, truth uint64) float64 {
	switch {
	case guess == truth:
		return 0
	case truth == 0:
		return math.Inf(1)
	}
	return (float64(guess) - float64(truth)) / float64(truth)
}

// same tells whether a part of what is taken is the same to the byte in each memory.
func (r Result) same(p Place, part func(plan.Use) uint64) bool {
	return slices.EqualFunc(p.of(r.Guess), p.of(r.Truth), func(a, b plan.Use) bool { return part(a) == part(b) })
}

// WeightsSame and KVSame tell whether these are right to the byte in each memory.
func (r Result) WeightsSame(p Place) bool {
	return r.same(p, func(u plan.Use) uint64 { return u.Weights })
}

// KVSame is for KV caches and states.
func (r Result) KVSame(p Place) bool { return r.same(p, func(u plan.Use) uint64 { return u.KV }) }

// WeightsOff, KVOff and ComputeOff are as Off, of these alone.
func (r Result) WeightsOff(p Place) float64 {
	return r.partOff(p, func(u plan.Use) uint64 { return u.Weights })
}

// KVOff is for KV caches and states.
func (r Result) KVOff(p Place) float64 { return r.partOff(p, func(u plan.Use) uint64 { return u.KV }) }

// ComputeOff is for compute buffers.
func (r Result) ComputeOff(p Place) float64 {
	return r.partOff(p, func(u plan.Use) uint64 { return u.Compute })
}

func (r Result) partOff(p Place, part func(plan.Use) uint64) float64 {
	sum := func(m *plan.Memory) (n uint64) {
		for _, u := range p.of(m) {
			n += part(u)
		}
		return n
	}
	return relative(sum(r.Guess), sum(r.Truth))
}
