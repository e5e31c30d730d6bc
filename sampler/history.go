package sampler

// window is the last tokens of a text, in a ring.
type window struct {
	ring  []int32
	first int // the oldest
	n     int
}

func newWindow(size int) window { return window{ring: make([]int32, size)} }

// push adds a token. The oldest one leaves a full window.
func (w *window) push(token int32) (left int32, full bool) {
	at := w.first + w.n
	if at >= len(w.ring) {
		at -= len(w.ring)
	}
	if w.n < len(w.ring) {
		w.ring[at] = token
		w.n++
		return 0, false
	}
	left = w.ring[at] // at is first
	w.ring[at] = token
	if w.first++; w.first == len(w.ring) {
		w.first = 0
	}
	return left, true
}

// back is the token i places before the last.
func (w *window) back(i int) int32 {
	at := w.first + w.n - 1 - i
	if at >= len(w.ring) {
		at -= len(w.ring)
	}
	return w.ring[at]
}

func (w *window) clear() { w.first, w.n = 0, 0 }

// counts are how often each token is in a window: add, remove and a walk over what is
// there take time for what changes only.
type counts struct {
	window
	of       []occurrence // by token
	distinct []int32      // the tokens with a count
}

type occurrence struct{ n, at int32 } // at: in distinct

func newCounts(size, vocab int) counts {
	return counts{window: newWindow(size), of: make([]occurrence, vocab), distinct: make([]int32, 0, min(size, vocab)+1)}
}

func (c *counts) add(token int32) {
	if c.of[token].n == 0 {
		c.of[token].at = int32(len(c.distinct))
		c.distinct = append(c.distinct, token)
	}
	c.of[token].n++
	if left, full := c.push(token); full {
		c.remove(left)
	}
}

func (c *counts) remove(token int32) {
	o := &c.of[token]
	if o.n--; o.n > 0 {
		return
	}
	last := c.distinct[len(c.distinct)-1]
	c.distinct[o.at] = last
	c.of[last].at = o.at
	c.distinct = c.distinct[:len(c.distinct)-1]
}

func (c *counts) clear() {
	for _, t := range c.distinct {
		c.of[t] = occurrence{}
	}
	c.distinct = c.distinct[:0]
	c.window.clear()
}
