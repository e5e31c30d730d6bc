package sampler

import (
	"math"
	"slices"
)

// choice is the candidate at which the weights, summed up by descending keys, reach a
// target.
type choice struct {
	pos           int
	key           float32
	before, after float64 // sums without and with it
	tied          bool    // the next one has the same key
	close         bool    // a neighbour's key is so near that rounding could swap them
}

// Keys of a sample, of many candidates or of fewer, and how many of them are taken on
// each side of where the target is expected: two standard deviations of a rank among them.
const (
	sampleSize  = 256
	sampleSide  = 16
	samplesMany = 16384

	smallSample     = 48
	smallSampleSide = 7
)

// The largest weights that a guess looks at.
const mostLarge = 2048

// Candidates that are sorted to choose among them; of more, a bracket is faster.
const sortedAtOnce = 72

// find is the first candidate, by descending keys and then by places, with which
// the sum of the weights reaches target, or passes it when strict; total is that of all.
// Its place is that in the span, or that which the span has for it.
// A sample of the keys tells about where the target is, one pass sums what is above and
// keeps what is there, and so on until there are few enough to sort (after Floyd and
// Rivest, 1975).
func (c *Chain) find(all *span, target, total float64, strict bool) choice {
	out := &c.space.span
	target = max(target, math.SmallestNonzeroFloat64)
	from, above, rest := *all, 0.0, total
	low, high := -inf32, inf32
	for tries := 0; len(from.key) > sortedAtOnce && tries < 16; tries++ {
		out.grow(len(all.key))
		l, h := c.bracket(&from, target-above, rest, high, 0)
		l, h = max(l, low), min(h, high)
		n, inside, over := split(out, &from, l, h)
		if reached := above + over; !passes(reached, target, strict) && passes(reached+inside, target, strict) {
			above, rest = reached, inside
			low, high = l, h
			shrunk := n < len(from.key)
			if from = out.first(n, low); !shrunk {
				break
			}
			continue
		} else if !passes(reached, target, strict) {
			high = l // it is below
		} else {
			low = h
		}
		if low >= high {
			low, high = -inf32, inf32
			break
		}
		n, inside, above = split(out, all, low, high)
		rest = inside
		from = out.first(n, low)
	}
	if low >= high || len(from.key) == 0 {
		from, above = *all, 0
	}
	return c.walk(&from, above, target, strict)
}

func passes(sum, target float64, strict bool) bool {
	return sum > target || sum == target && !strict
}

// findRounded is find of the keys below a bound, with weights rounded to the precision of
// unit, in one pass where the guess is right; else it finds nothing. total is about what
// the weights add up to.
func (c *Chain) findRounded(s *span, target, total float64, below, unit float32) (found choice, ok bool) {
	out := &c.space.span
	out.grow(len(s.key))
	low, high := c.bracket(s, target, total, below, unit)
	n, inside, above := splitRounded(out, s, low, high, below, unit)
	if passes(above, target, false) || !passes(above+inside, target, false) {
		return choice{}, false
	}
	from, rest := out.first(n, low), inside
	for len(from.key) > sortedAtOnce {
		low, high = c.bracket(&from, target-above, rest, high, unit)
		n, inside, over := split(out, &from, low, high)
		if passes(above+over, target, false) || !passes(above+over+inside, target, false) {
			return choice{}, false
		}
		shrunk := n < len(from.key)
		if from, above, rest = out.first(n, low), above+over, inside; !shrunk {
			break
		}
	}
	return c.walk(&from, above, target, false), true
}

// bracket guesses two keys between which the target is. rest is the sum of all weights;
// keys from below on count for nothing, and weights as they are rounded to the precision of
// unit, or as they are with 0.
// The guess goes from the end, where a sample tells the sum well, because no weight there
// is so large that the sample misses much of it. In the order of typical that is so only
// without the largest weights, which are all looked at.
func (c *Chain) bracket(s *span, target, rest float64, below, unit float32) (low, high float32) {
	n, size, side := len(s.key), smallSample, smallSampleSide
	if n > samplesMany {
		size, side = sampleSize, sampleSide
	}
	var large span
	least := inf32
	if c.set.order == byTypical {
		large, least = c.heaviest(s)
	}
	each := float64(n) / float64(size)
	words := c.space.words[:0]
	for i := range size {
		if at := i * n / size; s.weight[at] < least {
			words = append(words, ranked(s.key[at], at))
		}
	}
	c.space.words, c.space.spare = words, grown(c.space.spare, len(words))
	sortRanked(words, c.space.spare)
	c.space.sums = grown(c.space.sums, len(words)+1)
	between := c.space.sums // of the large ones, before each of the sample
	clear(between)
	for i, k := range large.key {
		if k >= s.from && k < below {
			at, _ := slices.BinarySearch(words, ranked(k, 0))
			between[at] += float64(float32(large.weight[i]+unit) - unit)
		}
	}
	at, left := len(words), rest-target
	for ; at > 0; at-- {
		left -= between[at]
		if word := words[at-1]; keyOf(word) < below {
			left -= each * float64(float32(s.weight[uint32(word)]+unit)-unit)
		}
		if left < 0 {
			break
		}
	}
	low, high = -inf32, inf32
	if i := at + side - 1; i < len(words) {
		low = keyOf(words[i])
	}
	if i := at - side; i >= 0 {
		high = keyOf(words[i])
	}
	if low == high {
		high = math.Nextafter32(high, inf32)
	}
	return low, high
}

// heaviest are the candidates with the largest weights of a span, or of all that it is a
// part of, and the weight that they have at least; none where many weigh the same.
func (c *Chain) heaviest(s *span) (large span, least float32) {
	if large = c.set.large; large.key != nil && len(s.key) > samplesMany/2 {
		return large, c.set.least
	}
	n := len(s.weight)
	c.space.rank = grown(c.space.rank, (n+block-1)/block)
	maxima(c.space.rank, s.weight)
	least = quickselect(c.space.rank, len(c.space.rank)/2)
	large = span{key: c.space.second.logit, weight: c.space.order, pos: c.space.second.token}
	large.grow(n)
	c.space.second.logit, c.space.order, c.space.second.token = large.key, large.weight, large.pos
	found := filter(large.pos[:cap(large.pos)], large.weight[:cap(large.weight)], s.weight, least, 0)
	if found > mostLarge { // many weigh the same
		least = math.Nextafter32(least, inf32)
		found = filter(large.pos[:cap(large.pos)], large.weight[:cap(large.weight)], s.weight, least, 0)
	}
	if found > mostLarge {
		return span{}, inf32
	}
	large = large.first(found, -inf32)
	for i, at := range large.pos {
		large.key[i] = s.key[at]
	}
	return large, least
}

// walk sorts what is left and sums it up.
func (c *Chain) walk(s *span, above, target float64, strict bool) choice {
	n := len(s.key)
	c.space.words, c.space.spare = grown(c.space.words, n), grown(c.space.spare, n)
	words := c.space.words
	for i, k := range s.key {
		words[i] = ranked(k, i)
	}
	sortRanked(words, c.space.spare)
	run := above
	at, before := n-1, run
	for i, w := range words {
		before = run
		run += float64(s.weight[uint32(w)])
		if passes(run, target, strict) {
			at = i
			break
		}
	}
	chosen := choice{pos: int(uint32(words[at])), key: keyOf(words[at]), before: before, after: run}
	for _, i := range [2]int{at - 1, at + 1} {
		if i >= 0 && i < n {
			d := abs32(keyOf(words[i]) - chosen.key)
			chosen.close = chosen.close || d <= 3e-7*max(1, abs32(chosen.key))
			chosen.tied = chosen.tied || i > at && d == 0
		}
	}
	if s.pos != nil {
		chosen.pos = int(s.pos[chosen.pos])
	}
	return chosen
}

func (s *span) grow(n int) {
	s.key, s.weight, s.pos = grown(s.key, n), grown(s.weight, n), grown(s.pos, n)
}

// first is the part of a span that was written, with keys from a bound on; the room behind
// it is the span's.
func (s *span) first(n int, from float32) span {
	return span{key: s.key[:n], weight: s.weight[:n], pos: s.pos[:n], from: from}
}

// whole is a span of all candidates.
func whole(key, weight []float32) *span { return &span{key: key, weight: weight, from: -inf32} }

// quickselect is the value at place k, counted from 0, of v by descending order. It
// reorders v.
func quickselect(v []float32, k int) float32 {
	for low, high := 0, len(v)-1; low < high; {
		pivot := v[low+(high-low)/2]
		i, j := low, high
		for i <= j {
			for v[i] > pivot {
				i++
			}
			for v[j] < pivot {
				j--
			}
			if i <= j {
				v[i], v[j] = v[j], v[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return v[k]
		}
	}
	return v[k]
}
