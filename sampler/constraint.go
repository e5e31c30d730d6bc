package sampler

import "errors"

// Constraint lets only some tokens follow a text: a grammar, a schema. A chain asks it
// about the token that it chose, and for a mask only where that one is refused, because a
// mask looks at the whole vocabulary.
type Constraint interface {
	// Allows says whether a token can come next.
	Allows(token int32) (bool, error)
	// Mask sets the logits of all tokens that cannot come next to minus infinity.
	Mask(logits []float32) error
	// Accept moves on by a token that was generated; an error where it cannot come.
	Accept(token int32) error
	// Forced are the tokens that come next whatever the logits are, where that is known.
	Forced() []int32
	// Done says whether nothing but the end of the text can come.
	Done() bool
}

// ErrConstraint: no token of the vocabulary fits the constraint.
var ErrConstraint = errors.New("sampler: no token of the vocabulary fits the constraint")

// Constrain makes the chain sample what the constraint allows from now on; nil ends that.
func (c *Chain) Constrain(constraint Constraint) { c.constraint = constraint }

// sampleConstrained samples, and once more from what is allowed if need be, as upstream's
// common_sampler_sample does (common/sampling.cpp@v0.5.0). A forced token takes no number
// of the generator.
func (c *Chain) sampleConstrained(logits []float32) (int32, error) {
	if forced := c.constraint.Forced(); len(forced) > 0 {
		return forced[0], nil
	}
	token, err := c.choose(logits)
	if err != nil {
		return -1, err
	}
	if ok, err := c.constraint.Allows(token); ok || err != nil {
		return token, err
	}
	c.space.masked = grown(c.space.masked, len(logits))
	copy(c.space.masked, logits)
	if err := c.constraint.Mask(c.space.masked); err != nil {
		return -1, err
	}
	token, err = c.choose(c.space.masked)
	if errors.Is(err, ErrNoToken) {
		err = ErrConstraint
	}
	return token, err
}
