package sampler

import "math"

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

// Candidates that are sorted to choose among them; of more, a bracket is faster.
const sortedAtOnce = 72

// choose1 finds the first candidate, by descending keys and then by places, with which
// the sum of the weights reaches target, or passes it when strict; total is that of all.
// A sample of the keys tells about where the target is, one pass sums what is above and
// keeps what is there, and so on until there are few enough to sort (after Floyd and
// Rivest, 1975).
func (c *Chain) find(key, weight []float32, target, total float64, strict bool) choice {
	all := span{key: key, weight: weight}
	out := &c.space.span
	target = max(target, math.SmallestNonzeroFloat64)
	from, above, rest := all, 0.0, total
	low, high := -inf32, inf32
	for tries := 0; len(from.key) > sortedAtOnce && tries < 16; tries++ {
		out.grow(len(key))
		l, h := c.bracket(&from, target-above, rest, inf32)
		l, h = max(l, low), min(h, high)
		n, inside, over := split(out, &from, l, h)
		if reached := above + over; !passes(reached, target, strict) && passes(reached+inside, target, strict) {
			above, rest = reached, inside
			low, high = l, h
			shrunk := n < len(from.key)
			if from = out.first(n); !shrunk {
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
		n, inside, above = split(out, &all, low, high)
		rest = inside
		from = out.first(n)
	}
	if low >= high || len(from.key) == 0 {
		from, above = all, 0
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
	low, high := c.bracket(s, target, total, below)
	n, inside, above := splitRounded(out, s, low, high, below, unit)
	if passes(above, target, false) || !passes(above+inside, target, false) {
		return choice{}, false
	}
	from, rest := out.first(n), inside
	for len(from.key) > sortedAtOnce {
		low, high := c.bracket(&from, target-above, rest, inf32)
		n, inside, over := split(out, &from, low, high)
		if passes(above+over, target, false) || !passes(above+over+inside, target, false) {
			return choice{}, false
		}
		shrunk := n < len(from.key)
		if from, above, rest = out.first(n), above+over, inside; !shrunk {
			break
		}
	}
	return c.walk(&from, above, target, false), true
}

// bracket guesses two keys between which the target is. rest is the sum of all weights;
// keys from below on count for nothing.
// The guess goes from the end, where a sample tells the sum well, because no weight there
// is so large that the sample misses much of it. In the order of typical that is so only
// without the largest weights, which are all looked at.
func (c *Chain) bracket(s *span, target, rest float64, below float32) (low, high float32) {
	n, size, side := len(s.key), smallSample, smallSampleSide
	if n > samplesMany {
		size, side = sampleSize, sampleSide
	}
	words, heavy := c.space.words[:0], inf32
	if c.set.order == byTypical {
		words, heavy = c.heaviest(s, words)
	}
	each := float64(n) / float64(size)
	for i := range size {
		at := i * n / size
		if s.weight[at] < heavy {
			words = append(words, ranked(s.key[at], at))
		}
	}
	c.space.words, c.space.spare = words, grown(c.space.spare, len(words))
	sortRanked(words, c.space.spare)
	stands := func(word uint64) (weight float64, sampled bool) {
		if keyOf(word) >= below {
			return 0, true
		}
		w := s.weight[uint32(word)]
		return float64(w), w < heavy
	}
	at, left := len(words), rest-target
	for ; at > 0; at-- {
		w, sampled := stands(words[at-1])
		if sampled {
			w *= each
		}
		if left -= w; left < 0 {
			break
		}
	}
	beside := func(i, step int) float32 {
		for left := side; i >= 0 && i < len(words); i += step {
			if _, sampled := stands(words[i]); sampled {
				if left--; left == 0 {
					return keyOf(words[i])
				}
			}
		}
		return float32(step) * -inf32
	}
	low, high = beside(at, 1), beside(at-1, -1)
	if low == high {
		high = math.Nextafter32(high, inf32)
	}
	return low, high
}

// heaviest appends the candidates with the largest weights to words, and returns the
// weight that they have at least; none where many weigh the same.
func (c *Chain) heaviest(s *span, words []uint64) ([]uint64, float32) {
	c.space.rank = grown(c.space.rank, (len(s.weight)+block-1)/block)
	largest := c.space.rank
	maxima(largest, s.weight)
	n := len(s.weight)
	c.space.order = append(c.space.order[:0], largest...)
	least := quickselect(c.space.order, len(largest)*3/4)
	c.space.second.token, c.space.second.logit = grown(c.space.second.token, n), grown(c.space.second.logit, n)
	pos, weight := c.space.second.token, c.space.second.logit
	found := filter(pos[:cap(pos)], weight[:cap(weight)], s.weight, least, 0)
	if found > 16*sampleSize {
		return words, inf32
	}
	for _, at := range pos[:found] {
		words = append(words, ranked(s.key[at], int(at)))
	}
	return words, least
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

// first is the part of a span that was written; the room behind it is the span's.
func (s *span) first(n int) span {
	return span{key: s.key[:n], weight: s.weight[:n], pos: s.pos[:n]}
}

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
