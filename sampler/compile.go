package sampler

// step is one that does something: those that their parameters turn off are left out.
type step struct {
	kind Step
	name string
	edit bool // changes logits of a few tokens
	last bool // only a draw follows
}

// compile makes the steps of what the parameters say, in the order of
// common_sampler_init (common/sampling.cpp@v0.5.0).
func (c *Chain) compile() {
	p := &c.params
	order := p.Order
	if order == nil {
		order = DefaultOrder()
	}
	switch p.Mirostat {
	case 1:
		c.last, order = selectMirostat, []Step{Temperature}
		p.DynatempRange = 0
	case 2:
		c.last, order = selectMirostat2, []Step{Temperature}
		p.DynatempRange = 0
	}
	for _, kind := range order {
		if kind == AdaptiveP && p.Mirostat == 0 {
			c.last = selectAdaptive
		}
		if c.enabled(kind) {
			c.steps = append(c.steps, step{kind: kind, name: kind.String(), edit: kind == Penalties || kind == DRYStep})
		}
	}
	for _, s := range c.steps {
		switch s.kind {
		case Penalties:
			if c.counts.ring == nil {
				c.counts = newCounts(p.PenaltyLast, c.vocab)
			}
		case DRYStep:
			if c.dry.ring == nil {
				c.dry = newDRY(p.DRY, c.vocab)
			}
		}
	}
	if c.last == selectDist && p.Temperature <= 0 && !p.Plain {
		c.compileGreedy()
	}
	if n := len(c.steps); n > 0 && c.last == selectDist {
		c.steps[n-1].last = true
	}
}

func (c *Chain) enabled(kind Step) bool {
	p := &c.params
	switch kind {
	case Penalties:
		return p.PenaltyLast > 0 && (p.RepeatPenalty != 1 || p.FrequencyPenalty != 0 || p.PresencePenalty != 0)
	case DRYStep:
		return p.DRY.enabled()
	case TopNSigma:
		return p.TopNSigma > 0
	case TopK:
		return p.TopK > 0
	case Typical:
		return p.TypicalP < 1
	case TopP:
		return p.TopP < 1
	case MinP:
		return p.MinP > 0
	case XTC:
		return p.XTCProbability > 0 && p.XTCThreshold <= 0.5
	case Temperature:
		return p.Temperature != 1 || p.DynatempRange > 0
	case Infill:
		return true
	}
	return false // adaptive-p is the end of a chain
}

// compileGreedy leaves out what cannot change the likeliest token, where that token is
// the result: with temperature 0 or less, after steps that keep it.
func (c *Chain) compileGreedy() {
	var edits []step
	cold := false
	for _, s := range c.steps {
		switch s.kind {
		case Penalties, DRYStep:
			if len(edits) > 0 && !edits[len(edits)-1].edit || cold {
				return
			}
			edits = append(edits, s)
		case Temperature:
			if c.params.DynatempRange > 0 {
				return
			}
			cold = true
		case TopK, TopP, MinP, TopNSigma:
			if hasEdit(c.steps, s) {
				return
			}
		default:
			return
		}
	}
	if cold {
		c.steps, c.last = edits, selectGreedy
	}
}

// hasEdit says whether an edit comes after a step: then it works on what the step left.
func hasEdit(steps []step, after step) bool {
	seen := false
	for _, s := range steps {
		if s.kind == after.kind {
			seen = true
		} else if seen && s.edit {
			return true
		}
	}
	return false
}

// apply takes one step.
func (c *Chain) apply(s *step) {
	p := &c.params
	switch s.kind {
	case Penalties:
		c.penalize()
	case DRYStep:
		c.applyDRY()
	case TopNSigma:
		c.topNSigma(p.TopNSigma)
	case TopK:
		c.topK(p.TopK)
	case Typical:
		c.typical(p.TypicalP, s.last)
	case TopP:
		c.topP(p.TopP)
	case MinP:
		c.minP(p.MinP)
	case XTC:
		c.applyXTC()
	case Temperature:
		c.temperature()
	case Infill:
		c.infill()
	}
}

// pick ends the chain; negative: there is no token.
func (c *Chain) pick() int32 {
	before := c.set.size()
	var token int32
	switch c.last {
	case selectGreedy:
		token = c.greedy()
	case selectMirostat:
		token = c.mirostat()
	case selectMirostat2:
		token = c.mirostat2()
	case selectAdaptive:
		token = c.adaptiveP()
	default:
		token = c.dist()
	}
	c.trace = append(c.trace, Count{selectorNames[c.last], before, 1})
	return token
}
