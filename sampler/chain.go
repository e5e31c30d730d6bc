package sampler

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// ErrNaN: a logit is not a number, so that nothing can be said of any token.
var ErrNaN = errors.New("a logit is not a number (NaN)")

// ErrNoToken: every logit is minus infinity.
var ErrNoToken = errors.New("no token is left: every logit is minus infinity")

// Chain samples tokens. One goroutine at a time.
type Chain struct {
	params Params
	vocab  int
	steps  []step
	last   selector
	seed   uint32

	counts counts // of penalties
	dry    dry
	bias   []Bias

	xtc      generator
	draw     generator // of the step that selects
	mu       float32   // of mirostat
	adaptive adaptive

	set        candidates
	space      space
	trace      []Count
	margin     float64
	constraint Constraint
}

// selector is how a chain ends.
type selector int8

const (
	selectDist selector = iota
	selectGreedy
	selectMirostat
	selectMirostat2
	selectAdaptive
)

var selectorNames = [...]string{"dist", "greedy", "mirostat", "mirostat_v2", "adaptive_p"}

// Count is how many candidates a step found, and how many it left.
type Count struct {
	Step          string
	Before, After int
}

// New makes a chain for a vocabulary of so many tokens. It keeps no reference to p's
// slices.
func New(vocab int, p Params) (*Chain, error) {
	if err := p.Check(vocab); err != nil {
		return nil, err
	}
	c := &Chain{params: p, vocab: vocab, bias: append([]Bias(nil), p.Bias...)}
	c.compile()
	c.trace = make([]Count, 0, len(c.steps)+1)
	c.Reset()
	return c, nil
}

// Reset forgets the text and begins the sequence of draws anew. A chain without a seed
// draws another.
func (c *Chain) Reset() {
	for c.seed = c.params.Seed; c.seed == RandomSeed; {
		c.seed = rand.Uint32()
	}
	c.draw.seed(c.seed)
	c.xtc.seed(c.seed)
	c.counts.clear()
	c.dry.clear()
	c.mu = 2 * c.params.MirostatTau
	c.adaptive.reset(&c.params)
}

// Reseed is Reset with another seed; RandomSeed draws one.
func (c *Chain) Reseed(seed uint32) {
	c.params.Seed = seed
	c.Reset()
}

// Seed is the seed in use, also where it was drawn.
func (c *Chain) Seed() uint32 { return c.seed }

// Accept tells the chain that a token is now part of the text. generated: false for
// tokens of the prompt, which a constraint does not see. A token that the vocabulary does
// not have is an error, and so is one that the constraint refuses.
func (c *Chain) Accept(token int32, generated bool) error {
	if token < 0 || int(token) >= c.vocab {
		return fmt.Errorf("sampler: accept token %d; the vocabulary has %d", token, c.vocab)
	}
	if generated && c.constraint != nil {
		if err := c.constraint.Accept(token); err != nil {
			return err
		}
	}
	if c.counts.ring != nil {
		c.counts.add(token)
	}
	c.dry.accept(token)
	c.acceptAdaptive(token)
	return nil
}

// Sample chooses a token. The logits, one for each token of the vocabulary, are only
// read. Errors are ErrNaN and ErrNoToken, a wrong number of logits, and those of the
// constraint.
func (c *Chain) Sample(logits []float32) (int32, error) {
	if len(logits) != c.vocab {
		return -1, fmt.Errorf("sampler: %d logits for a vocabulary of %d", len(logits), c.vocab)
	}
	if c.constraint != nil {
		return c.sampleConstrained(logits)
	}
	return c.choose(logits)
}

// choose runs the chain.
func (c *Chain) choose(logits []float32) (int32, error) {
	c.margin = 1
	c.trace = c.trace[:0]
	if err := c.start(logits); err != nil {
		return -1, fmt.Errorf("sampler: %w", err)
	}
	for i := range c.steps {
		before := c.set.size()
		c.apply(&c.steps[i])
		c.trace = append(c.trace, Count{c.steps[i].name, before, c.set.size()})
	}
	token := c.pick()
	if token < 0 {
		return -1, fmt.Errorf("sampler: %w", ErrNoToken)
	}
	return token, nil
}

// Trace is what the steps of the last Sample removed. It is valid until the next one.
func (c *Chain) Trace() []Count { return c.trace }

// Margin is how close the last Sample came to another token: the smallest distance of a
// draw, or of a cut that sums decide, to its boundary, as a share of the whole. Where it
// is below 1e-5 or so, sums in another order can choose differently.
func (c *Chain) Margin() float64 { return c.margin }

func (c *Chain) near(distance float64) {
	if distance < c.margin {
		c.margin = max(distance, 0)
	}
}
