package sampler

// dist draws a token (llama_sampler_dist_apply, src/llama-sampler.cpp@v0.5.0); negative
// when there is none.
func (c *Chain) dist() int32 {
	u := c.draw.float64()
	if c.isFew() {
		c.list()
		return c.drawOfList(u)
	}
	return c.drawOfMany(u)
}

// drawOfList goes through a list until the share u of the weights is passed.
func (c *Chain) drawOfList(u float64) int32 {
	s := &c.set
	top := c.top()
	if len(s.logit) == 0 || top == -inf32 {
		return -1
	}
	if len(s.logit) == 1 {
		return s.token[0]
	}
	c.space.prob = grown(c.space.prob, len(s.logit))
	weight, sum := c.space.prob, 0.0
	for i, x := range s.logit {
		weight[i] = exp32(x - top)
		sum += float64(weight[i])
	}
	target, run := sum*u, 0.0
	if sum == 0 {
		return c.greedy()
	}
	for i, w := range weight {
		if run += float64(w); run >= target {
			c.near((run - target) / sum)
			c.near((target - (run - float64(w))) / sum)
			return s.token[i]
		}
	}
	return c.greedy()
}

// greedy is the first of the likeliest.
func (c *Chain) greedy() int32 {
	s := &c.set
	top := c.top()
	if top == -inf32 {
		return -1
	}
	from := 0
	for b, x := range s.max {
		if x == top {
			from = b * block
			break
		}
	}
	for i, x := range s.logit[from:] {
		if x == top {
			if s.token != nil {
				return s.token[from+i]
			}
			return int32(from + i)
		}
	}
	return -1
}

// discrete draws one of probabilities as libstdc++'s discrete_distribution does: over
// their sums, divided by the whole, and without a number of the generator where there is
// one only.
func (c *Chain) discrete(p []float32, size int) int {
	if size < 2 || len(p) == 0 {
		return 0
	}
	sum := 0.0
	for _, x := range p {
		sum += float64(x)
	}
	u, run := c.draw.float64(), 0.0
	for i, x := range p {
		before := run
		run += float64(x) / sum
		if i == len(p)-1 {
			run = 1
		}
		if run >= u {
			c.near(run - u)
			c.near(u - before)
			return i
		}
	}
	return len(p) - 1
}
