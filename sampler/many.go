package sampler

import "math"

// The steps where there are many candidates: passes over all of them that vectors make,
// no sorting, and lists only of what is left. The order that upstream's array has then is
// remembered, and matters to a draw alone.

// weigh gives each candidate its weight e^(x-top), and returns their sum.
func (c *Chain) weigh() float64 {
	s := &c.set
	c.space.weight = grown(c.space.weight, len(s.logit))
	sum, _ := expStore(c.space.weight, s.logit, c.top()/s.temp, s.temp)
	return sum
}

// weighInOrder is weigh with the float32 sum of the weights in the order of tokens.
func (c *Chain) weighInOrder() (sum float64, inOrder float32) {
	s := &c.set
	n := len(s.logit)
	c.space.weight = grown(c.space.weight, n)
	top := c.top() / s.temp
	for from := 0; from < n; from += chunk {
		to := min(from+chunk, n)
		part := c.space.weight[from:to]
		x, _ := expStore(part, s.logit[from:to], top, s.temp)
		sum += x
		inOrder = sumInOrder(inOrder, part)
	}
	return sum, inOrder
}

// topKOfMany finds the k-th logit and keeps what is above.
func (c *Chain) topKOfMany(k int) {
	s := &c.set
	if s.order == asHeld {
		c.settle()
	}
	s.sorted, s.masked = true, max(0, min(s.masked, k-len(s.logit)))
	if k >= len(s.logit) {
		s.order = byLogit
		return
	}
	if least, ok := c.floor(k); ok {
		c.gather(least)
		s.order = byLogit
		if len(s.logit) > 4*few {
			c.keepThrough(c.rank(k))
			return
		}
		c.list()
		s.truncate(k)
		return
	}
	c.keepThrough(c.rank(k))
	s.order = byLogit
}

// floor is a logit that at least k candidates reach, from the maxima of as many blocks;
// not, where there are few blocks.
func (c *Chain) floor(k int) (least float32, ok bool) {
	max := c.blocks()
	if 4*k > len(max) {
		return 0, false
	}
	c.space.rank = grown(c.space.rank, len(max))
	copy(c.space.rank, max)
	return quickselect(c.space.rank, k-1), true
}

// rank finds the k-th of the candidates by logit.
func (c *Chain) rank(k int) choice {
	s := &c.set
	for len(c.space.ones) < len(s.logit) {
		c.space.ones = append(c.space.ones, 1)
	}
	w := c.space.ones[:len(s.logit)]
	return c.find(whole(s.logit, w), float64(k), float64(len(w)), false)
}

// keepThrough keeps the candidates up to a choice, in the order of their logits.
func (c *Chain) keepThrough(to choice) {
	s := &c.set
	last := int32(to.pos)
	if s.token != nil {
		last = s.token[to.pos]
	}
	c.gather(to.key)
	if !to.tied {
		return
	}
	n := 0
	for i, x := range s.logit {
		if x > to.key || s.token[i] <= last {
			s.logit[n], s.token[n] = x, s.token[i]
			n++
		}
	}
	s.logit, s.token, s.max = s.logit[:n], s.token[:n], nil
}

// topPOfMany finds where the sum of the probabilities, from the largest on, reaches p.
func (c *Chain) topPOfMany(p float32) {
	s := &c.set
	if s.order == asHeld {
		c.settle()
	}
	total, norm := c.weighInOrder()
	divide(c.space.weight, c.space.weight, norm)
	x := c.sumByKey(s.logit, c.space.weight, total/float64(norm), p)
	if !x.reached {
		s.order, s.sorted = byLogit, true
		return
	}
	cut := x.choice
	if keep := min(c.params.MinKeep, len(s.logit)); keep > 1 {
		if at := c.rank(keep); at.key < cut.key || at.key == cut.key && at.pos > cut.pos {
			cut = at
		}
	}
	c.nearCut(cut, float64(p), 1)
	c.keepThrough(cut)
	s.order, s.sorted, s.masked = byLogit, true, max(0, min(s.masked, c.params.MinKeep-len(s.logit)))
}

func (c *Chain) nearCut(cut choice, target, total float64) {
	c.near((cut.after - target) / total)
	c.near((target - cut.before) / total)
}

// topNSigmaOfMany takes mean and deviation from the sums of the logits and their squares.
func (c *Chain) topNSigmaOfMany(n float32) {
	s := &c.set
	c.settle()
	size, top := s.size(), c.top()
	count, sum, squares := moments(s.logit)
	mean := sum / float64(count)
	deviation := math.Sqrt(max(0, squares/float64(count)-float64(mean*mean)))
	threshold := top - float32(n*float32(deviation))
	// A little more than is kept, to tell how close it was.
	c.gather(threshold - float32(1e-4*deviation))
	k := 0
	for i, x := range s.logit {
		c.near(math.Abs(float64(x-threshold)) / max(deviation, 1e-9))
		if x >= threshold {
			s.logit[k], s.token[k] = x, s.token[i]
			k++
		}
	}
	s.logit, s.token, s.max = s.logit[:k], s.token[:k], nil
	s.masked = size - k
}

// total is the sum of the weights of all candidates, and the logit at which it is 1.
func (c *Chain) total() (top float32, sum float64) {
	s := &c.set
	top = c.top() / s.temp
	for from := 0; from < len(s.logit); from += chunk {
		sum += expSum(s.logit[from:min(from+chunk, len(s.logit))], top, s.temp)
	}
	return top, sum
}

// totalByKey is the float32 sum of the weights from the largest on, as upstream has it of
// a sorted array.
func (c *Chain) totalByKey() (top, sum float32) {
	s := &c.set
	total := c.weigh()
	return c.top() / s.temp, c.sumByKey(s.logit, c.space.weight, total, inf32).sum
}

// Logits that are summed at a time, so that the sums are those of drawOfMany.
const chunk = 2048

// zipfOfMany is zipf, of what the likeliest tokens have of the whole.
func (c *Chain) zipfOfMany() int {
	s := &c.set
	top, sum := c.totalByKey()
	temp, size := s.temp, s.size()
	likeliest := c.likeliest(mirostatTokens)
	c.space.prob = grown(c.space.prob, len(likeliest))
	for i, w := range likeliest {
		c.space.prob[i] = exp32(keyOf(w)/temp-top) / sum
	}
	return c.zipf(c.space.prob, size)
}

// likeliest are the n likeliest candidates, which stay where they are, as ranked words.
func (c *Chain) likeliest(n int) []uint64 {
	s := &c.set
	least, ok := c.floor(n)
	if !ok {
		least = c.rank(n).key
	}
	c.space.spans[0].grow(len(s.logit))
	pos, val := c.space.spans[0].pos, c.space.spans[0].key
	m := c.collect(pos[:cap(pos)], val[:cap(val)], least)
	c.space.words, c.space.spare = grown(c.space.words, m), grown(c.space.spare, m)
	for i := range m {
		c.space.words[i] = ranked(val[i], int(pos[i]))
	}
	sortRanked(c.space.words, c.space.spare)
	return c.space.words[:min(n, m)]
}

// unsurprisingOfMany makes a sorted list of at least the tokens that have a surprise of
// at most mu, and of the one behind them, and returns their probabilities.
func (c *Chain) unsurprisingOfMany() []float32 {
	s := &c.set
	top, sum := c.totalByKey()
	// A little lower than where the surprise is mu; the caller looks at each.
	lowest := float64(top) + math.Log(float64(sum)) - float64(c.mu)*math.Ln2
	lowest -= 1e-3 + 1e-5*math.Abs(lowest)
	c.gather(min(float32(lowest*float64(s.temp)), c.top()))
	c.list()
	c.sort()
	return c.probabilities(top, sum)
}

// drawOfMany draws where the running sum of the weights passes the share u of it.
func (c *Chain) drawOfMany(u float64) int32 {
	s := &c.set
	switch {
	case s.cut != nil:
		return c.drawTypical(u)
	case s.order != asHeld:
		total := c.weigh()
		key := s.logit
		if s.order == byTypical {
			key = s.key
		}
		return c.drawByKey(whole(key, c.space.weight), total*u, total, total)
	}
	n := len(s.logit)
	c.space.sums = grown(c.space.sums, (n+chunk-1)/chunk)
	top, sum := c.top()/s.temp, 0.0
	for i := range c.space.sums {
		from := i * chunk
		c.space.sums[i] = expSum(s.logit[from:min(from+chunk, n)], top, s.temp)
		sum += c.space.sums[i]
	}
	target, run := sum*u, 0.0
	if sum == 0 {
		return c.greedy()
	}
	for i, x := range c.space.sums {
		if run+x < target {
			run += x
			continue
		}
		from := i * chunk
		part := s.logit[from:min(from+chunk, n)]
		c.space.prob = grown(c.space.prob, len(part))
		expStore(c.space.prob, part, top, s.temp)
		for j, w := range c.space.prob {
			before := run
			if run += float64(w); run >= target {
				c.near((run - target) / sum)
				c.near((target - before) / sum)
				return c.tokenAt(from + j)
			}
		}
	}
	c.near(0)
	return c.greedy()
}

// drawByKey draws the candidate at which the weights reach a target, by descending keys. all
// is the sum of the weights, and kept that of those that can be drawn.
func (c *Chain) drawByKey(from *span, target, all, kept float64) int32 {
	at := c.find(from, target, all, false)
	c.nearCut(at, target, kept)
	if c.set.order == byTypical && at.close {
		c.near(0)
	}
	return c.tokenAt(at.pos)
}

func (c *Chain) tokenAt(pos int) int32 {
	if c.set.token != nil {
		return c.set.token[pos]
	}
	return int32(pos)
}
