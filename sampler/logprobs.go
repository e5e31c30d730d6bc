package sampler

import (
	"fmt"
	"math"
)

// Logprobs are the log-probability of a token under the logits as they are, before any
// step, and the likeliest tokens with theirs, as many as top has room for. It is asked for
// apart from Sample, and forgets what that left but the trace.
func (c *Chain) Logprobs(logits []float32, token int32, top []int32, logprobs []float32) (float32, error) {
	if len(logits) != c.vocab || token < 0 || int(token) >= c.vocab || len(top) != len(logprobs) || len(top) > c.vocab {
		return 0, fmt.Errorf("sampler: log-probabilities of token %d and the %d likeliest of %d logits, in a vocabulary of %d", token, len(top), len(logits), c.vocab)
	}
	s := &c.set
	*s = candidates{logit: logits, temp: 1}
	c.space.max = grown(c.space.max, (len(logits)+block-1)/block)
	if maxima(c.space.max, logits) {
		return 0, fmt.Errorf("sampler: log-probabilities: %w", ErrNaN)
	}
	s.max = c.space.max
	largest, sum := c.total()
	norm := float64(largest) + math.Log(sum)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return 0, fmt.Errorf("sampler: log-probabilities: the largest logit is %v", largest)
	}
	own := float32(float64(logits[token]) - norm)
	if len(top) > 0 {
		c.topK(len(top))
		c.list()
		for i, t := range s.token {
			top[i], logprobs[i] = t, float32(float64(s.logit[i])-norm)
		}
	}
	return own, nil
}
