package sampler

// penalize makes tokens of the last ones less likely (llama_sampler_penalties_apply,
// src/llama-sampler.cpp@v0.5.0).
func (c *Chain) penalize() {
	s := &c.set
	c.editable()
	if s.token == nil {
		for _, t := range c.counts.distinct {
			s.logit[t] = c.penalized(s.logit[t], c.counts.of[t].n)
		}
		c.renew(c.counts.distinct)
	} else {
		for i, t := range s.token {
			if n := c.counts.of[t].n; n > 0 {
				s.logit[i] = c.penalized(s.logit[i], n)
			}
		}
		s.max = nil
	}
	s.sorted = false
}

func (c *Chain) penalized(logit float32, n int32) float32 {
	p := &c.params
	if logit <= 0 {
		logit *= p.RepeatPenalty
	} else {
		logit /= p.RepeatPenalty
	}
	frequency := float32(n) * p.FrequencyPenalty
	return logit - (frequency + p.PresencePenalty)
}

// editable makes sure that logits can be written to: what is borrowed is copied.
func (c *Chain) editable() {
	s := &c.set
	if s.order != asHeld || s.temp != 1 && s.token != nil {
		c.list()
	}
	if s.token != nil {
		return
	}
	if n := len(s.logit); n > 0 && (len(c.space.logit) != n || &s.logit[0] != &c.space.logit[0]) {
		c.space.logit = grown(c.space.logit, n)
		copy(c.space.logit, s.logit)
		s.logit = c.space.logit
	}
	c.settle()
}

// settle divides by the temperature what is to be divided. Logits that are borrowed are
// copied.
func (c *Chain) settle() {
	s := &c.set
	if s.temp == 1 {
		return
	}
	if s.token == nil {
		c.space.logit = grown(c.space.logit, len(s.logit))
		divide(c.space.logit, s.logit, s.temp)
		s.logit = c.space.logit
	} else {
		divide(s.logit, s.logit, s.temp)
	}
	divide(s.max, s.max, s.temp)
	s.temp = 1
}

// renew finds the maxima of the blocks of tokens again.
func (c *Chain) renew(tokens []int32) {
	s := &c.set
	for _, t := range tokens {
		b := int(t) / block
		maxima(s.max[b:b+1], s.logit[b*block:min((b+1)*block, len(s.logit))])
	}
}
