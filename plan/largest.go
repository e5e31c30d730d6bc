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
		p, expected := s.balanced(at(n))
		m, err := s.measure(p)
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
		if m.fits == expected {
			wrong = 0
		}
	}
	return best, nil
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
// stays free, as they can be. False: it is not ours to do, or no division is predicted to fit.
func (s *search) split(p candidate) (candidate, bool) {
	fill := func(more uint64) ([]int, bool) { return s.fill(p, more) }
	counts, ok := fill(0)
	if !ok {
		return p, false
	}
	// As much as possible stays free beyond the headroom.
	const part = 64 << 20
	var most uint64
	for _, d := range s.use {
		most = max(most, d.Free/part)
	}
	n := sort.Search(int(most), func(i int) bool { _, ok := fill(uint64(i+1) * part); return !ok })
	if n > 0 {
		counts, _ = fill(uint64(n) * part)
	}
	p.counts = counts
	return p, true
}

// fill gives each device as many layers as are predicted to fit with so much left free, the
// first devices first.
func (s *search) fill(p candidate, more uint64) ([]int, bool) {
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
			n64 := g.Devices[i].Total()
			return n64 == 0 || n64+s.Headroom+more <= s.use[i].Free
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
