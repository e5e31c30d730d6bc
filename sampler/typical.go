package sampler

import "math"

// Typical over many candidates needs three sums as upstream has them in float32: of the
// weights and of the entropy by descending logits, of the probabilities by their distance
// from the entropy. Each goes over all candidates once, together with what it needs of
// them, a chunk at a time so that one loop finds near what another one wrote.

// cut is where typical ends, where only a draw follows.
type cut struct {
	size        int
	weight, all float64 // of what is kept, and of all
	near        span    // the candidates with the largest keys
}

// typicalOfMany keeps what is nearest to the entropy. Where only a draw follows no list is
// made of it.
func (c *Chain) typicalOfMany(p float32, last bool) {
	s := &c.set
	c.settle()
	if c.params.MinKeep > 1 {
		c.list()
		s.shuffled = true
		c.typical(p, last)
		return
	}
	n := len(s.logit)
	c.space.weight, c.space.key, c.space.terms = grown(c.space.weight, n), grown(c.space.key, n), grown(c.space.terms, n)
	all, h := c.inform()
	s.key = c.space.key
	s.order, s.sorted = byTypical, false
	x, near := c.sumNearest(h, all, math.Nextafter32(p, inf32))
	if !x.reached {
		s.large = span{} // their weights are others in a draw
		return
	}
	c.nearCut(x.choice, float64(p), 1)
	s.masked = 0
	if last && !x.tied {
		s.cut = &c.space.cut
		*s.cut = cut{all: all, near: near}
		s.cut.size, s.cut.weight = tally(s.key, c.space.weight, x.key)
		return
	}
	c.keepTypical(s.key, x.choice)
}

// drawTypical draws of what is kept, without a list of it.
func (c *Chain) drawTypical(u float64) int32 {
	t := c.set.cut
	target := t.weight * u
	if _, near := tally(t.near.key, t.near.weight, -inf32); target < near {
		return c.drawByKey(&t.near, target, near, t.weight)
	}
	return c.drawByKey(whole(c.set.key, c.space.weight), target, t.all, t.weight)
}

// inform makes probabilities of the logits, in space.weight, and their logarithms, in
// space.key. all is about the sum of the probabilities, h is their entropy.
func (c *Chain) inform() (all float64, h float32) {
	s := &c.set
	top := c.top()
	weight, logs, terms := c.space.weight, c.space.key, c.space.terms
	part, below := c.likely()
	m := len(part.key)
	inside, insideDot := expStore(part.weight, part.key, top, 1)
	sum, dot := 0.0, 0.0
	total := c.sumLikely(&part, below, inside, weight, &sum, func(from, to int) {
		x, y := expStore(weight[from:to], s.logit[from:to], top, 1)
		sum, dot = sum+x, dot+y
	})
	s.large = c.largest(&part)
	information(logs[:m], terms[:m], part.weight, total)
	part.weight = terms[:m]
	norm := math.Log(float64(total))
	inside, expected := (inside*norm-insideDot)/float64(total), (sum*norm-dot)/float64(total)
	h = c.sumLikely(&part, below, inside, terms, &expected, func(from, to int) {
		information(logs[from:to], terms[from:to], weight[from:to], total)
	})
	return sum / float64(total), h
}

// likely are the candidates with the largest logits, about one of sixteen: those from
// below on. They have no weights yet.
func (c *Chain) likely() (part span, below float32) {
	s := &c.set
	below = c.quantile(s.logit)
	all := &c.space.parts[0]
	all.grow(len(s.logit))
	m := filter(all.pos[:cap(all.pos)], all.key[:cap(all.key)], s.logit, below, 0)
	return all.first(m, below), below
}

// largest are the largest of a part, about one of sixteen, without keys and weights; none
// where many are the same.
func (c *Chain) largest(part *span) span {
	n := len(part.key)
	large := &c.space.large
	large.grow(n)
	m := filter(large.pos[:cap(large.pos)], large.key[:cap(large.key)], part.key, c.quantile(part.key), 0)
	if m > n/8 {
		return span{}
	}
	for i, at := range large.pos[:m] {
		large.pos[i] = part.pos[at]
	}
	return large.first(m, -inf32)
}

// sumLikely is the float32 sum by descending logits of weights that fill makes, a chunk at
// a time. part are the logits from below on, with their weights, whose sum is about
// inside. expected is about the sum of all: when they are made, or before.
func (c *Chain) sumLikely(part *span, below float32, inside float64, weight []float32, expected *float64, fill func(from, to int)) float32 {
	key := c.set.logit
	all := whole(key, weight)
	parted := below > -inf32 && len(part.key) <= len(key)/2
	var x crossing
	var unit float32
	rest, room := 0.0, 0.0 // what comes below, as far as there is no power of two in the way
	if parted {
		x = c.sumSpan(part, 1, inside, inf32)
		unit = unitOf(x.sum)
		room = 2*float64(unit) - float64(x.sum)
		if *expected-float64(x.sum) > 1.1*room {
			room = 0
		}
	}
	for from := 0; from < len(key); from += chunk {
		to := min(from+chunk, len(key))
		fill(from, to)
		if rest < room {
			rest += sumRounded(weight[from:to], key[from:to], below, unit)
		}
	}
	switch {
	case !parted:
		return c.sumSorted(all, inf32).sum
	case rest < room:
		return float32(float64(x.sum) + rest)
	}
	return c.sumRest(all, x, below, *expected, inf32).sum
}

// sumNearest makes keys of the logarithms in space.key, their distance from the entropy
// with a minus, and sums the probabilities by descending keys up to where they reach stop.
// all is about the sum of all. near are the candidates with the largest keys.
func (c *Chain) sumNearest(h float32, all float64, stop float32) (x crossing, near span) {
	key, weight := c.space.key, c.space.weight
	sample := c.sample(key)
	for i, x := range sample {
		sample[i] = -abs32(x + h)
	}
	below := quickselect(sample, len(sample)/16)
	part := &c.space.parts[0]
	part.grow(len(key))
	m, inside := 0, 0.0
	for from := 0; from < len(key); from += chunk {
		to := min(from+chunk, len(key))
		out := span{key: part.key[m:cap(part.key)], weight: part.weight[m:cap(part.weight)], pos: part.pos[m:cap(part.pos)]}
		k, w := nearest(&out, &span{key: key[from:to], weight: weight[from:to]}, below, -h, int32(from))
		m, inside = m+k, inside+w
	}
	c.set.least = inf32
	large := &c.set.large
	for i, at := range large.pos {
		large.key[i], large.weight[i] = key[at], weight[at]
		c.set.least = min(c.set.least, weight[at])
	}
	c.descend(large)
	near = part.first(m, below)
	return c.sumParted(whole(key, weight), &near, below, 0, inside, all, stop), near
}

// keepTypical keeps the candidates up to a choice, in the order of their keys.
func (c *Chain) keepTypical(key []float32, to choice) {
	s := &c.set
	n := len(s.logit)
	token, logit := grown(c.space.second.token, n), grown(c.space.second.logit, n)
	last := int32(to.pos)
	if s.token != nil {
		last = s.token[to.pos]
	}
	// The keys that are kept are written where the ones before are read, never ahead.
	out := span{key: key[:cap(key)], weight: logit[:cap(logit)], pos: token[:cap(token)]}
	m, _ := move(&out, &span{key: key, weight: s.logit, pos: s.token}, to.key)
	if to.tied {
		k := 0
		for i, t := range token[:m] {
			if key[i] > to.key || t <= last {
				token[k], logit[k], key[k] = t, logit[i], key[i]
				k++
			}
		}
		m = k
	}
	c.adopt(token[:m], logit[:m])
	s.key = key[:m]
}
