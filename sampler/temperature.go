package sampler

// temperature divides the logits (llama_sampler_temp_ext_apply,
// src/llama-sampler.cpp@v0.5.0).
func (c *Chain) temperature() {
	p, s := &c.params, &c.set
	if p.DynatempRange <= 0 {
		c.cool(p.Temperature)
		return
	}
	n := s.size()
	if n <= 1 {
		return
	}
	low, high := max(0, p.Temperature-p.DynatempRange), p.Temperature+p.DynatempRange
	most := -log32(1 / float32(n))
	c.list()
	h := entropy(c.softmax(true))
	scaled := float32((high - low) * pow32(h/most, p.DynatempExponent))
	c.cool(low + scaled)
}

// cool divides by a temperature; at 0 and below only the first of the likeliest stays
// (llama_sampler_temp_impl).
func (c *Chain) cool(temp float32) {
	s := &c.set
	switch {
	case temp <= 0:
		c.onlyTop()
	case c.top()/temp == inf32:
		c.only(c.top())
	case c.isFew():
		c.list()
		for i := range s.logit {
			s.logit[i] /= temp
		}
		s.max = nil
	default:
		if s.temp != 1 {
			c.list()
		}
		s.temp = temp
	}
}

// onlyTop masks all but the first of the likeliest.
func (c *Chain) onlyTop() {
	s := &c.set
	if s.order == byTypical || c.isFew() {
		c.list()
	}
	size, top := s.size(), c.top()
	if s.shuffled || c.params.Plain {
		for i, x := range s.logit {
			if x == top {
				s.logit[0], s.token[0] = x, s.token[i]
				break
			}
		}
	} else {
		c.gather(top)
	}
	s.logit, s.token = s.logit[:1], s.token[:1]
	s.order, s.masked, s.max = asHeld, size-1, nil
	if s.temp != 1 {
		c.list()
	}
}
