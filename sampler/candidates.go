package sampler

import "slices"

// order is how upstream's array is ordered at this point, where ours need not be.
type order int8

const (
	asHeld    order = iota // as ours
	byLogit                // descending; ours is in the order of tokens
	byTypical              // by descending key; ours is in the order of tokens
)

// candidates are the tokens that are left.
type candidates struct {
	logit  []float32 // to be divided by temp
	token  []int32   // nil: each is its place, and logit may be borrowed
	temp   float32   // 1: nothing is left to do
	order  order
	key    []float32 // of byTypical
	large  span      // of byTypical: the largest, where they are known
	least  float32   // weight that these have at least
	cut    *cut      // of byTypical: what is behind it is no candidate, and only a draw follows
	sorted bool      // as upstream knows it: the logits descend

	shuffled bool // ours is not in the order of tokens

	// Tokens whose logit became minus infinity. They count as candidates upstream, and
	// behind all others.
	masked int

	// Of each block of logit; nil: not known. What writes to logit forgets it.
	max []float32
}

func (s *candidates) size() int {
	if s.cut != nil {
		return s.cut.size
	}
	return len(s.logit) + s.masked
}

// space is the memory of a chain. It grows to what its steps need of it.
type space struct {
	logit, key, weight []float32
	token              []int32
	max, rank, ones    []float32
	order              []float32
	terms              []float32
	large              span
	cut                cut
	sums               []float64
	masked             []float32
	words, spare       []uint64
	spans              [2]span
	parts              [maxParts]span
	prob               []float32
	second             struct {
		logit []float32
		token []int32
	}
}

// grown is s with a length of n, and room for what vectors write behind it.
func grown[T any](s []T, n int) []T {
	if cap(s) < n+lanes {
		return make([]T, n, n+n/8+2*lanes)
	}
	return s[:n]
}

// Candidates up to which upstream's own operations are the fastest.
const few = 1024

// start makes candidates of logits: the biases and the edits that lead the chain are on a
// copy.
func (c *Chain) start(logits []float32) error {
	s := &c.set
	*s = candidates{logit: logits, temp: 1}
	if len(c.bias) > 0 || c.params.Plain || len(c.steps) > 0 && c.steps[0].edit {
		c.space.logit = grown(c.space.logit, len(logits))
		copy(c.space.logit, logits)
		s.logit = c.space.logit
		for _, b := range c.bias {
			s.logit[b.Token] += b.Value
		}
	}
	if c.params.Plain {
		c.list()
	}
	c.space.max = grown(c.space.max, (len(logits)+block-1)/block)
	if maxima(c.space.max, s.logit) {
		return ErrNaN
	}
	if !c.params.Plain {
		s.max = c.space.max
	}
	top := c.top()
	if top == -inf32 {
		return ErrNoToken
	}
	if top == inf32 {
		c.only(inf32)
	}
	return nil
}

// only leaves the tokens with the largest logit, which is or becomes infinite, all equally
// likely: what is the limit where it grows.
func (c *Chain) only(top float32) {
	s := &c.set
	if s.order == byTypical {
		c.list()
	}
	c.gather(top)
	for i := range s.logit {
		s.logit[i] = 0
	}
	s.temp, s.masked, s.max = 1, 0, nil
}

// top is the largest logit, before the temperature.
func (c *Chain) top() float32 {
	s := &c.set
	from := s.logit
	switch {
	case s.sorted && s.shuffled:
		from = from[:min(1, len(from))]
	case s.max != nil || len(from) > few:
		from = c.blocks()
	}
	m := -inf32
	for _, x := range from {
		if x > m {
			m = x
		}
	}
	return m
}

// blocks are the maxima of the blocks of logits.
func (c *Chain) blocks() []float32 {
	s := &c.set
	if s.max == nil {
		c.space.max = grown(c.space.max, (len(s.logit)+block-1)/block)
		maxima(c.space.max, s.logit)
		s.max = c.space.max
	}
	return s.max
}

// gather keeps the candidates with a logit of at least threshold, in the order of ours.
func (c *Chain) gather(threshold float32) {
	s := &c.set
	token, logit := grown(c.space.second.token, len(s.logit)), grown(c.space.second.logit, len(s.logit))
	n := c.collect(token[:cap(token)], logit[:cap(logit)], threshold)
	if s.token != nil {
		for i, at := range token[:n] {
			token[i] = s.token[at]
		}
	}
	c.adopt(token[:n], logit[:n])
}

// collect stores places and logits of the candidates with at least threshold. Blocks of
// logits without any are not looked at.
func (c *Chain) collect(pos []int32, val []float32, threshold float32) (n int) {
	s := &c.set
	if s.max == nil {
		return filter(pos, val, s.logit, threshold, 0)
	}
	for b := 0; b < len(s.max); b++ {
		if s.max[b] < threshold {
			continue
		}
		from := b * block
		for b+1 < len(s.max) && s.max[b+1] >= threshold && b*block-from < 8*block {
			b++
		}
		to := min((b+1)*block, len(s.logit))
		n += filter(pos[n:], val[n:], s.logit[from:to], threshold, int32(from))
	}
	return n
}

// adopt makes candidates of what was written to the second list, which becomes the first.
func (c *Chain) adopt(token []int32, logit []float32) {
	c.space.second.token, c.space.token = c.space.token, token
	c.space.second.logit, c.space.logit = c.space.logit, logit
	c.set.token, c.set.logit, c.set.max, c.set.large = token, logit, nil, span{}
}

// list makes a list of tokens of all candidates, in upstream's order and with nothing
// left to do to the logits.
func (c *Chain) list() {
	s := &c.set
	if s.token == nil {
		n := len(s.logit)
		token, logit := grown(c.space.second.token, n), grown(c.space.second.logit, n)
		for i := range token {
			token[i] = int32(i)
		}
		copy(logit, s.logit)
		c.adopt(token, logit)
	}
	switch s.order {
	case byLogit:
		c.sortByKey(s.logit)
		s.sorted, s.shuffled = true, true
	case byTypical:
		c.sortByKey(s.key)
		s.shuffled = true
		c.nearKeys(len(s.logit))
	}
	s.order = asHeld
	c.settle()
	s.max = nil
}

// sortByKey orders the list by descending keys, and by tokens where they are the same.
func (c *Chain) sortByKey(key []float32) {
	s := &c.set
	n := len(s.logit)
	words := grown(c.space.words, n)
	spare := grown(c.space.spare, n)
	c.space.words, c.space.spare = words, spare
	for i, k := range key {
		words[i] = ranked(k, i)
	}
	sortRanked(words, spare)
	token, logit := grown(c.space.second.token, n), grown(c.space.second.logit, n)
	for i, w := range words {
		at := uint32(w)
		token[i], logit[i] = s.token[at], s.logit[at]
	}
	c.adopt(token, logit)
}

// sort is upstream's: a list by descending logits, unless it is.
func (c *Chain) sort() {
	s := &c.set
	if s.sorted {
		return
	}
	s.sorted, s.shuffled, s.max = true, true, nil
	n := len(s.logit)
	c.space.words, c.space.spare = grown(c.space.words, n), grown(c.space.spare, n)
	words := c.space.words
	ascending := true
	for i, x := range s.logit {
		words[i] = ranked(x, int(s.token[i]))
		ascending = ascending && (i == 0 || s.token[i-1] < s.token[i])
	}
	if ascending {
		sortRanked(words, c.space.spare)
	} else {
		slices.Sort(words)
	}
	for i, w := range words {
		s.token[i], s.logit[i] = int32(uint32(w)), keyOf(w)
	}
}

// truncate keeps the first n of a list.
func (s *candidates) truncate(n int) {
	if n < len(s.logit) {
		s.logit, s.token = s.logit[:n], s.token[:n]
		s.masked = 0
	} else {
		s.masked = min(s.masked, n-len(s.logit))
	}
	s.max = nil
}
