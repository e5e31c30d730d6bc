package sampler

// adaptive is the moving average of the probabilities of what was chosen.
type adaptive struct {
	sum, weight float32
	pending     int32 // token chosen and not accepted yet; negative: none
	prob        float32
	original    []float32
}

func (a *adaptive) reset(p *Params) {
	decay := adaptiveDecay(p)
	a.sum, a.weight, a.pending = p.AdaptiveTarget/(1-decay), 1/(1-decay), -1
}

func adaptiveDecay(p *Params) float32 { return min(max(p.AdaptiveDecay, 0), 0.99) }

func (c *Chain) acceptAdaptive(token int32) {
	a, decay := &c.adaptive, adaptiveDecay(&c.params)
	if c.last == selectAdaptive && a.pending == token {
		a.sum = a.prob + float32(decay*a.sum)
		a.weight = 1 + float32(decay*a.weight)
	}
	a.pending = -1
}

// adaptiveP draws a token near a probability that keeps the average at the target
// (llama_sampler_adaptive_p_apply, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) adaptiveP() int32 {
	s, a := &c.set, &c.adaptive
	c.list()
	if len(s.logit) == 0 {
		return -1
	}
	p := c.softmax(false)
	if c.params.AdaptiveTarget < 0 {
		return s.token[c.discrete(p, s.size())]
	}
	a.original = append(a.original[:0], p...)
	target := min(max(c.params.AdaptiveTarget, 0), 1)
	aim := target
	if a.weight != 0 {
		aim = 2*target - a.sum/a.weight
	}
	aim = min(max(aim, 0), 1)

	const peak, sharpness = 5, 10
	const inverseWidth = float32(1) / float32(0.3)
	for i, x := range s.logit {
		if x == -inf32 {
			continue
		}
		d := abs32((p[i] - aim) * inverseWidth)
		s.logit[i] = peak - float32(float32(float32(sharpness*d)*d)/(1+d))
	}
	s.max = nil
	// Upstream takes the first of a sorted list for the largest, which it is no more.
	from := s.logit[0]
	if !s.sorted {
		from = c.top()
	}
	sum := float32(0)
	for _, x := range s.logit {
		sum += exp32(x - from)
	}
	at := c.discrete(c.probabilities(from, sum), s.size())
	a.pending, a.prob = s.token[at], a.original[at]
	return s.token[at]
}
