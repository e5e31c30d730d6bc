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

// What is taken on each side of where the target would be if the weights were spread
// evenly: a share of the whole, because they are not, and more where fewer of them make
// it up, by chance.
const (
	evenSide   = 1.0 / 12
	evenChance = 1.25 // over the square root of how many they are
)

// The largest weights that a guess looks at.
const mostLarge = 2048

// Candidates that are sorted to choose among them; of more, a guess is faster. After
// mostGuesses what is left is sorted, however many they are.
const (
	sortedAtOnce = 72
	mostGuesses  = 32
)

// find is the first candidate, by descending keys and then by places, with which
// the sum of the weights reaches target, or passes it when strict; total is that of all.
// Its place is that in the span, or that which the span has for it.
func (c *Chain) find(all *span, target, total float64, strict bool) choice {
	target = max(target, math.SmallestNonzeroFloat64)
	at, reached := c.search(all, target, total, strict, inf32, 0)
	if !reached { // but for the rounding of the sums
		at = c.walk(all, 0, target, strict)
	}
	return at
}

// search is find of the keys below a bound, with weights rounded to the precision of unit,
// or as they are with 0; total is about what they add up to. Where they do not reach the
// target, after is what they do add up to.
//
// A guess tells between which keys the target is, one pass sums what is above and keeps
// what is there, and so on until there are few enough to sort (after Floyd and Rivest,
// 1975).
func (c *Chain) search(all *span, target, total float64, strict bool, below, unit float32) (at choice, reached bool) {
	out, next := &c.space.spans[0], &c.space.spans[1]
	low, high := -inf32, below
	from, above, rest := *all, 0.0, total
	raw, how := unit > 0, evenly // raw: the weights are still to be rounded
	for tries := 0; tries < mostGuesses && how <= between && (raw || len(from.key) > sortedAtOnce); tries++ {
		if how == evenly && high-from.from == inf32 {
			how = bySample
		}
		l, h := c.guess(how, &from, target-above, rest, low, high, unit)
		out.grow(len(from.key))
		n, inside, over := 0, 0.0, 0.0
		if raw {
			n, inside, over = splitRounded(out, &from, l, h, below, unit)
		} else {
			n, inside, over = split(out, &from, l, h)
		}
		switch over += above; {
		case passes(over, target, strict):
			low = h
		case passes(over+inside, target, strict):
			if how++; n < len(from.key)*3/4 || how > between && n < len(from.key) {
				how = evenly
			}
			low, high, above, rest = l, h, over, inside
			from, raw = out.first(n, l), false
			out, next = next, out
			continue
		case l == -inf32:
			return choice{after: over + inside}, false
		default:
			high = l
		}
		if how++; low >= high { // the sum of the same as other parts was another, by its last bits
			from, above = *all, 0
			break
		}
	}
	at = c.walk(&from, above, target, strict)
	return at, passes(at.after, target, strict)
}

func passes(sum, target float64, strict bool) bool {
	return sum > target || sum == target && !strict
}

// guessing is how two keys are found between which a target is: the next way is taken
// where one was wrong, or kept too much.
type guessing int8

const (
	evenly   guessing = iota // as if the weights were spread evenly between two ends
	bySample                 // from a sample
	between                  // all that is left
)

// guess is two keys, from low to high, between which the target is likely. rest is about
// the sum of all weights.
func (c *Chain) guess(how guessing, s *span, target, rest float64, low, high, unit float32) (l, h float32) {
	switch how {
	case between:
		return low, high
	case bySample:
		l, h = c.bracket(s, target, rest, high, unit)
	case evenly:
		width := float64(high - s.from)
		at, side := target/rest, evenSide+evenChance/math.Sqrt(float64(len(s.key)))
		l, h = high-float32((at+side)*width), high-float32((at-side)*width)
	}
	return max(l, low), min(h, high)
}

// bracket is a guess from a sample of the keys below a bound. It goes from the end, where
// a sample tells the sum well, because no weight there is so large that the sample misses
// much of it. In the order of typical that is so only without the largest weights, which
// are all looked at.
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
	next := len(large.key)
	for next > 0 && large.key[next-1] < s.from {
		next--
	}
	at, left := len(words), rest-target
	for ; at > 0; at-- {
		word := words[at-1]
		key := keyOf(word)
		if key >= below {
			continue
		}
		for ; next > 0 && large.key[next-1] < key; next-- {
			left -= float64(rounded(large.weight[next-1], unit))
		}
		left -= each * float64(rounded(s.weight[uint32(word)], unit))
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

// heaviest are the candidates with the largest weights, by descending keys, and the weight
// that they have at least; none where many weigh the same.
func (c *Chain) heaviest(s *span) (large span, least float32) {
	if large = c.set.large; large.key != nil {
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
	c.descend(&large)
	return large, least
}

// descend sorts keys and weights by descending keys.
func (c *Chain) descend(s *span) {
	n := len(s.key)
	c.space.words, c.space.spare = grown(c.space.words, n), grown(c.space.spare, n)
	words := c.space.words
	for i, k := range s.key {
		words[i] = ranked(k, int(math.Float32bits(s.weight[i])))
	}
	sortRanked(words, c.space.spare)
	for i, w := range words {
		s.key[i], s.weight[i] = keyOf(w), math.Float32frombits(uint32(w))
	}
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
