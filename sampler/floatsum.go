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

// sumInOrder is the float32 sum of v, which has nothing negative, from the first to the
// last.
func sumInOrder(v []float32) (sum float32) {
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

// sumByKey is the float32 sum of weight/norm by descending keys, up to where it reaches
// stop. What is in the middle of two multiples is rounded to the even one, though the sum
// can make it the other: expected about once in a sum, by one unit of its last place.
func (c *Chain) sumByKey(key, weight []float32, norm, stop float32) crossing {
	x, below := c.sumHead(key, weight, norm, stop)
	n := len(key)
	c.space.rounded = grown(c.space.rounded, n)
	rounded := c.space.rounded
	for !x.reached && x.sum > 0 {
		unit := unitOf(x.sum)
		limit := min(float64(stop), 2*float64(unit))
		rest := roundStore(rounded, weight, key, below, norm, unit)
		if float64(x.sum)+rest < limit {
			x.sum = float32(float64(x.sum) + rest)
			return x
		}
		before := x.sum
		x.choice = c.find(key, rounded, limit-float64(before), rest, false)
		sum := float32(float64(before) + x.before)
		x.before, x.sum = float64(sum), sum+weight[x.pos]/norm
		if x.sum == sum {
			return x // nothing is left that counts
		}
		if x.reached = x.sum >= stop; !x.reached && x.tied {
			x.sumTied(key, weight, norm, stop)
		}
		below = x.key
	}
	x.after = float64(x.sum)
	return x
}

// sumTied goes on with the candidates that have the same key, whose weights are the same.
func (x *crossing) sumTied(key, weight []float32, norm, stop float32) {
	for i := x.pos + 1; i < len(key); i++ {
		if key[i] != x.key {
			continue
		}
		x.before, x.pos = float64(x.sum), i
		if x.sum += weight[i] / norm; x.sum >= stop {
			x.reached = true
			return
		}
	}
	x.tied = false
}

// sumHead sums the candidates with the largest keys, one by one, and returns the key from
// which on it did.
func (c *Chain) sumHead(key, weight []float32, norm, stop float32) (x crossing, below float32) {
	blocks := (len(key) + block - 1) / block
	c.space.rank, c.space.order = grown(c.space.rank, blocks), grown(c.space.order, blocks)
	largest := c.space.rank
	maxima(largest, key)
	copy(c.space.order, largest)
	below = quickselect(c.space.order, min(sortedAtOnce, blocks/4))
	words := c.space.words[:0]
	for b, top := range largest {
		if top < below {
			continue
		}
		from := b * block
		for i, k := range key[from:min(from+block, len(key))] {
			if k >= below {
				words = append(words, ranked(k, from+i))
			}
		}
	}
	c.space.words, c.space.spare = words, grown(c.space.spare, len(words))
	sortRanked(words, c.space.spare)
	for i, w := range words {
		x.pos, x.key, x.before = int(uint32(w)), keyOf(w), float64(x.sum)
		x.sum += weight[x.pos] / norm
		if x.sum >= stop {
			x.reached = true
			x.after = float64(x.sum)
			x.tied = i+1 < len(words) && keyOf(words[i+1]) == x.key
			break
		}
	}
	return x, below
}
