package sampler

// The steps that remove candidates, over a list. Where there are many candidates they
// have a way of their own, in many.go.

// isFew says that a step is taken as upstream does.
func (c *Chain) isFew() bool {
	return c.params.Plain || len(c.set.logit) <= few || c.set.shuffled
}

// topK keeps the k likeliest (llama_sampler_top_k_impl, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) topK(k int) {
	s := &c.set
	k = min(k, s.size())
	if s.order == byTypical {
		c.list()
	}
	if c.isFew() {
		c.list()
		c.sort()
		s.truncate(k)
		return
	}
	c.topKOfMany(k)
}

// topP keeps the likeliest that have the probability p together
// (llama_sampler_top_p_apply, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) topP(p float32) {
	s := &c.set
	if s.order == byTypical {
		c.list()
	}
	if !c.isFew() {
		c.topPOfMany(p)
		return
	}
	c.list()
	top, total := c.softmaxSum() // in the order before
	c.sort()
	sum, keep := float32(0), s.size()
	for i, x := range c.probabilities(top, total) {
		sum += x
		if sum >= p && i+1 >= c.params.MinKeep {
			c.near(float64(sum - p))
			c.near(float64(p - (sum - x)))
			keep = i + 1
			break
		}
	}
	if sum >= p { // masked ones may have to fill up
		keep = min(keep, max(len(s.logit), c.params.MinKeep))
	}
	s.truncate(keep)
}

// minP keeps what is at least p times as likely as the likeliest
// (llama_sampler_min_p_apply, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) minP(p float32) {
	s := &c.set
	if s.order == byTypical || s.order == byLogit && s.temp != 1 || c.isFew() {
		c.list()
	}
	c.settle()
	threshold := c.top() + log32(p)
	if keep := min(c.params.MinKeep, s.size()); keep > 1 && c.atLeast(threshold) < keep {
		c.topK(keep)
		return
	}
	if !c.isFew() {
		c.gather(threshold)
		s.masked = 0
		return
	}
	n := 0
	for i, x := range s.logit {
		if x >= threshold {
			s.logit[n], s.token[n] = x, s.token[i]
			n++
		}
	}
	s.logit, s.token, s.masked, s.max = s.logit[:n], s.token[:n], 0, nil
}

// atLeast is how many logits there are from threshold on.
func (c *Chain) atLeast(threshold float32) (n int) {
	for _, x := range c.set.logit {
		if x >= threshold {
			n++
		}
	}
	return n
}

// typical keeps what has about as much information as is to be expected, up to a
// probability of p together (llama_sampler_typical_apply,
// src/llama-sampler.cpp@v0.5.0). last: only a draw follows.
func (c *Chain) typical(p float32, last bool) {
	s := &c.set
	if s.order == byTypical || s.order == byLogit && s.temp != 1 {
		c.list()
	}
	if !c.isFew() {
		c.typicalOfMany(p, last)
		return
	}
	c.list()
	prob := c.softmax(true)
	h := entropy(prob)
	n := len(prob)
	c.space.key = grown(c.space.key, n)
	key := c.space.key
	for i, x := range prob {
		key[i] = -abs32(-log32(x) - h)
	}
	s.sorted, s.shuffled = false, true
	c.sortByKey(key)
	c.orderTies()
	sum, keep := float32(0), n
	for i := range n {
		x := prob[c.space.words[i]&(1<<32-1)]
		sum += x
		if sum > p && i+1 >= c.params.MinKeep {
			c.near(float64(sum - p))
			c.near(float64(p - (sum - x)))
			keep = i + 1
			break
		}
	}
	c.nearKeys(keep)
	if sum > p {
		keep = max(keep, min(c.params.MinKeep, s.size()))
	} else {
		keep = s.size()
	}
	s.truncate(keep)
}

// orderTies puts candidates with the same score in the order of tokens, after sortByKey.
func (c *Chain) orderTies() {
	s, words := &c.set, c.space.words
	for i := 1; i < len(words); i++ {
		for j := i; j > 0 && words[j]>>32 == words[j-1]>>32 && s.token[j] < s.token[j-1]; j-- {
			words[j], words[j-1] = words[j-1], words[j]
			s.token[j], s.token[j-1] = s.token[j-1], s.token[j]
			s.logit[j], s.logit[j-1] = s.logit[j-1], s.logit[j]
		}
	}
}

// nearKeys notes where typical's scores are so close that rounding orders them.
func (c *Chain) nearKeys(n int) {
	words := c.space.words
	for i := 1; i <= n && i < len(words); i++ {
		if a, b := keyOf(words[i-1]), keyOf(words[i]); a-b <= 3e-7*max(1, -b) {
			c.near(0)
		}
	}
}

// topNSigma masks what is more than n standard deviations below the largest logit
// (llama_sampler_top_n_sigma_apply, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) topNSigma(n float32) {
	s := &c.set
	if s.order == byTypical || s.order == byLogit && s.temp != 1 {
		c.list()
	}
	if s.size() <= 1 {
		return
	}
	if !c.isFew() {
		c.topNSigmaOfMany(n)
		return
	}
	c.list()
	top, sum, count := c.top(), float32(0), 0
	for _, x := range s.logit {
		if x != -inf32 {
			sum += x
			count++
		}
	}
	mean := sum / float32(count)
	squares := float32(0)
	for _, x := range s.logit {
		if x != -inf32 {
			d := float64(x - mean)
			squares = float32(float64(squares) + float64(d*d))
		}
	}
	deviation := sqrt32(squares / float32(count))
	threshold := top - float32(n*deviation)
	for i, x := range s.logit {
		c.near(float64(abs32(x-threshold) / max(deviation, 1e-9)))
		if x < threshold {
			s.logit[i] = -inf32
		}
	}
	s.max = nil
}

// applyXTC sometimes removes the likeliest down to the last one above a threshold
// (llama_sample_xtc_apply, src/llama-sampler.cpp@v0.5.0).
func (c *Chain) applyXTC() {
	s, p := &c.set, &c.params
	if s.size() < 2 || c.xtc.float32() > p.XTCProbability {
		return
	}
	c.list()
	last := 0
	for i, x := range c.softmax(true) {
		if x < p.XTCThreshold {
			break
		}
		last = i
	}
	if last > 0 && s.size()-last >= p.MinKeep {
		s.logit, s.token, s.max = s.logit[last:], s.token[last:], nil
	}
}
