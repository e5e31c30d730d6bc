package plan

import "sort"

// largest finds the largest number of which the placement fits, with few measurements: the
// next to be measured is the largest that is predicted to fit, and each measurement corrects
// the predictions. Where they do not converge it halves what is left. What fits need not be
// monotone in the number; what is returned has been measured. Nil: nothing was found.
func (s *search) largest(low, high int, at func(int) candidate) (*measured, error) {
	var best *measured
	below, above := low-1, high+1 // measured to fit, and not to; or the ends
	for wrong := 0; above-below > 1; {
		n, err := s.guessLargest(below, above, at)
		if err != nil {
			return nil, err
		}
		if wrong > 1 {
			n = below + (above-below)/2
		}
		m, expected, err := s.attempt(at(n))
		switch {
		case err != nil:
			return nil, err
		case m == nil:
			return best, nil
		case m.fits:
			best, below = m, n
		default:
			above = n
		}
		wrong++
		if expected {
			wrong = 0
		}
	}
	return best, nil
}

// attempt measures a placement; and where it does not fit, and is predicted to with another
// division among the devices after that, that one too. expected: what fits was predicted to,
// and what does not was not. Nil: there were enough measurements.
func (s *search) attempt(p candidate) (m *measured, expected bool, err error) {
	for range 3 {
		q, predicted := s.balanced(p)
		again, err := s.measure(q)
		if err != nil || again == nil || again == m {
			return m, expected, err
		}
		m, expected = again, again.fits == predicted
		if m.fits {
			break
		}
	}
	return m, expected, nil
}

// guessLargest is the largest number between two that is predicted to fit; the one above the
// lower end where none is, for it is to be measured that it does not.
func (s *search) guessLargest(below, above int, at func(int) candidate) (int, error) {
	var failed error
	ok := func(n int) bool {
		p := at(n)
		g, err := s.predict(p)
		if err != nil {
			failed = err
			return false
		}
		if s.fits(g, 0) {
			return true
		}
		_, ok := s.fill(p, 0)
		return ok
	}
	n := sort.Search(above-below-1, func(i int) bool { return !ok(below + 1 + i) })
	return max(below+n, below+1), failed
}

// balanced divides the layers among the devices so that they fit, where that is ours to do
// and the engine's own division does not fit; and says whether it is expected to.
func (s *search) balanced(p candidate) (candidate, bool) {
	if g, err := s.predict(p); err == nil && s.fits(g, 0) {
		return p, true
	}
	return s.split(p)
}

// split divides the layers of a placement among several devices: as evenly, in memory that
// stays free, as they can be. False: it is not ours to do, or no division is predicted to
// fit; then it is the one that lacks least.
func (s *search) split(p candidate) (candidate, bool) {
	const part = 16 << 20
	most := int64(0)
	for _, d := range s.use {
		most = max(most, int64(d.Free/part))
	}
	// How much stays free beyond the headroom; negative: of it.
	more := func(i int) int64 { return (int64(i) - most) * part }
	n := sort.Search(int(2*most), func(i int) bool { _, ok := s.fill(p, more(i)); return !ok })
	if n == 0 {
		return p, false
	}
	p.counts, _ = s.fill(p, more(n-1))
	return p, more(n-1) >= 0
}

// fill gives each device as many layers as are predicted to fit with so much left free, the
// first devices first. False: it is not ours to do, or they are too many.
func (s *search) fill(p candidate, more int64) ([]int, bool) {
	mode := s.Request.SplitMode
	if len(s.use) < 2 || s.Request.TensorSplit != nil || mode != "" && mode != "layer" || p.layers == 0 {
		return nil, false
	}
	counts := make([]int, len(s.use))
	left := p.layers
	for i := range s.use {
		fits := func(n int) bool {
			try := append([]int(nil), counts...)
			try[i] = n
			rest := left - n
			if i+1 < len(try) {
				try[i+1] = rest
			} else if rest > 0 {
				return false
			}
			q := p
			q.counts = try
			g, err := s.predict(q)
			if err != nil {
				return false
			}
			total := g.Devices[i].Total()
			return total == 0 || int64(total+s.Headroom)+more <= int64(s.use[i].Free)
		}
		n := left
		if !fits(left) {
			n = sort.Search(left, func(n int) bool { return !fits(n + 1) })
		}
		counts[i] = n
		left -= n
	}
	if left > 0 {
		return nil, false
	}
	q := p
	q.counts = counts
	g, err := s.predict(q)
	return counts, err == nil && s.fits(g, more)
}
