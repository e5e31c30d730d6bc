package sampler

import "math"

// Upstream sums probabilities in float32, one after the other. Where many small ones are
// added to a large sum most of their bits are lost, and what is left decides which tokens
// a cut keeps. The same sum can be had out of order: as long as it stays below the next
// power of two, each number that is added counts as much as is left of it when it is
// rounded to the precision of the sum, and these add up exactly.

// unitOf is the power of two at or below a positive x, whose precision x has.
func unitOf(x float32) float32 {
	return math.Float32frombits(math.Float32bits(x) &^ (1<<23 - 1))
}

// Sums below are made one by one: their precision has no power of two.
const smallestUnit = 0x1p-100

// sumInOrder goes on with a float32 sum, from the first to the last of v, which has
// nothing negative.
func sumInOrder(sum float32, v []float32) float32 {
	for from := 0; from < len(v); from += block {
		part := v[from:min(from+block, len(v))]
		if unit := unitOf(sum); unit >= smallestUnit {
			// An x in the middle of two multiples is rounded by the last bit of the sum.
			rounded, tie := roundSum(part, unit, unit*0x1p-24)
			if next := float64(sum) + rounded; !tie && next < 2*float64(unit) {
				sum = float32(next)
				continue
			}
		}
		for _, x := range part {
			sum += x
		}
	}
	return sum
}

// crossing is where a sum by descending keys reaches a limit.
type crossing struct {
	choice
	sum     float32 // with all that was added
	reached bool
}

// sumByKey is the float32 sum of weight by descending keys, up to where it reaches
// stop. What is in the middle of two multiples is rounded to the even one, though the sum
// can make it the other: expected about once in a sum, by one unit of its last place.
//
// total is about what all weights add up to.
func (c *Chain) sumByKey(key, weight []float32, total float64, stop float32) crossing {
	return c.sumSpan(whole(key, weight), 0, total, stop)
}

// Candidates that are sorted to sum them.
const sortedSum = 640

// Parts of parts that are summed first, at most.
const maxParts = 5

// sumSpan sums the part with the largest keys first, as it does a whole, because the sum
// passes most powers of two there. Places are those in the span.
func (c *Chain) sumSpan(s *span, depth int, total float64, stop float32) crossing {
	n := len(s.key)
	below := -inf32
	if depth < maxParts && n > sortedSum {
		below = c.quantile(s.key)
	}
	part := &c.space.parts[min(depth, maxParts-1)]
	part.grow(n)
	m, inside := move(part, &span{key: s.key, weight: s.weight}, below)
	first := part.first(m, below)
	return c.sumParted(s, &first, below, depth, inside, total, stop)
}

// sumParted sums a span of which part are the keys from below on, and inside about what
// their weights add up to.
func (c *Chain) sumParted(s, part *span, below float32, depth int, inside, total float64, stop float32) crossing {
	if below == -inf32 || len(part.key) > len(s.key)/2 {
		return c.sumSorted(s, stop)
	}
	x := c.sumSpan(part, depth+1, inside, stop)
	x.pos = int(part.pos[x.pos])
	if x.reached {
		return x
	}
	return c.sumRest(s, x, below, total, stop)
}

// sumRest goes on with the keys below a bound.
func (c *Chain) sumRest(s *span, x crossing, below float32, total float64, stop float32) crossing {
	bare := span{key: s.key, weight: s.weight, from: s.from}
	for x.sum > 0 {
		unit := unitOf(x.sum)
		before := float64(x.sum)
		target := min(float64(stop), 2*float64(unit)) - before
		expected := total - before - lost(s, below, unit)
		if expected <= target {
			if expected = sumRounded(s.weight, s.key, below, unit); expected < target {
				x.sum = float32(before + expected)
				return x
			}
		}
		at, reached := c.search(&bare, target, expected, false, below, unit)
		if !reached {
			x.sum = float32(before + at.after)
			return x
		}
		x.choice = at
		sum := float32(before + x.before)
		x.before, x.sum = float64(sum), sum+s.weight[x.pos]
		x.after = float64(x.sum)
		if x.reached = x.sum >= stop; x.reached || x.sum == sum {
			return x // or nothing is left that counts
		}
		if x.tied {
			if x.sumTied(s, stop); x.reached {
				return x
			}
		}
		below = x.key
	}
	return x
}

// Weights that tell what rounding loses.
const lostSample = 64

// lost is about what the weights of keys below a bound lose when they are rounded to the
// precision of unit.
func lost(s *span, below, unit float32) float64 {
	n, sum := len(s.key), 0.0
	for i := range lostSample {
		if at := i * n / lostSample; s.key[at] < below {
			sum += float64(s.weight[at] - rounded(s.weight[at], unit))
		}
	}
	return sum * float64(n) / lostSample
}

// sumTied goes on with the candidates that have the same key, whose weights are the same.
func (x *crossing) sumTied(s *span, stop float32) {
	for i := x.pos + 1; i < len(s.key); i++ {
		if s.key[i] != x.key {
			continue
		}
		x.before, x.pos = float64(x.sum), i
		x.sum += s.weight[i]
		if x.after = float64(x.sum); x.sum >= stop {
			x.reached = true
			return
		}
	}
	x.tied = false
}

// sumSorted sums all of a span, one by one.
func (c *Chain) sumSorted(s *span, stop float32) (x crossing) {
	n := len(s.key)
	c.space.words, c.space.spare = grown(c.space.words, n), grown(c.space.spare, n)
	words := c.space.words
	for i, k := range s.key {
		words[i] = ranked(k, i)
	}
	sortRanked(words, c.space.spare)
	for i, w := range words {
		x.pos, x.key, x.before = int(uint32(w)), keyOf(w), float64(x.sum)
		x.sum += s.weight[x.pos]
		if x.sum >= stop {
			x.reached = true
			x.tied = i+1 < n && keyOf(words[i+1]) == x.key
			break
		}
	}
	x.after = float64(x.sum)
	return x
}

// quantile is a key that about one of sixteen reaches.
func (c *Chain) quantile(key []float32) float32 {
	sample := c.sample(key)
	return quickselect(sample, len(sample)/16)
}

// sample are some of the keys.
func (c *Chain) sample(key []float32) []float32 {
	const size = 64
	c.space.order = grown(c.space.order, size)
	sample := c.space.order
	for i := range sample {
		sample[i] = key[uint64(i)*uint64(len(key))/size]
	}
	return sample
}
