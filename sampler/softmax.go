package sampler

// softmax gives each candidate of a list its probability, as upstream sums them: in
// float32, in the order of the list. With sorting it sorts the list first
// (llama_sampler_softmax_impl, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) softmax(sorting bool) []float32 {
	if sorting {
		c.sort()
	}
	top, sum := c.softmaxSum()
	return c.probabilities(top, sum)
}

func (c *Chain) softmaxSum() (top, sum float32) {
	top = c.top()
	for _, x := range c.set.logit {
		sum += exp32(x - top)
	}
	return top, sum
}

func (c *Chain) probabilities(top, sum float32) []float32 {
	c.space.prob = grown(c.space.prob, len(c.set.logit))
	p := c.space.prob
	for i, x := range c.set.logit {
		p[i] = exp32(x-top) / sum
	}
	return p
}

// entropy is that of probabilities, in nats. Nothing comes from those that are 0, where
// upstream's typical has 0·log 0, which is not a number.
func entropy(p []float32) float32 {
	h := float32(0)
	for _, x := range p {
		if x > 0 {
			h -= float32(x * log32(x))
		}
	}
	return h
}
