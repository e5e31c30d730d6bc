package sampler

import "math"

// DRY makes tokens less likely that would go on with a repetition: by
// Multiplier × Base^(length - AllowedLength).
type DRY struct {
	Multiplier    float32 // 0: off
	Base          float32
	AllowedLength int
	Last          int       // tokens looked at; 0: off
	Breakers      [][]int32 // sequences that a repetition does not go beyond; see DRYBreakers
}

func (d *DRY) enabled() bool { return d.Multiplier != 0 && d.Base >= 1 && d.Last > 0 }

// dry finds repetitions at the end of a text (llama_sampler_dry_apply,
// src/llama-sampler.cpp@v0.5.0).
type dry struct {
	window
	params   DRY
	breakers map[int32][][]int32 // by their first token, without it
	alone    map[int32]bool      // tokens that are a breaker
	repeat   []int32             // Z function of the text read backwards
	longest  []int32             // by token: of the repetitions that it would go on with
	found    []int32             // tokens that have a longest
}

func newDRY(p DRY, vocab int) dry {
	d := dry{window: newWindow(p.Last), params: p, breakers: map[int32][][]int32{}, alone: map[int32]bool{},
		repeat: make([]int32, p.Last), longest: make([]int32, vocab), found: make([]int32, 0, min(p.Last, vocab)+1)}
	for _, b := range p.Breakers {
		if len(b) == 0 {
			continue
		}
		d.breakers[b[0]] = append(d.breakers[b[0]], append([]int32(nil), b[1:]...))
		if len(b) == 1 {
			d.alone[b[0]] = true
		}
	}
	d.params.Breakers = nil
	return d
}

func (d *dry) accept(token int32) {
	if d.ring != nil {
		d.push(token)
	}
}

// limit is how long a repetition can be: up to the last breaker.
func (d *dry) limit() int {
	for i := range d.n {
		longest := -1
		for _, tail := range d.breakers[d.back(i)] {
			if len(tail) > longest && len(tail) <= i && d.follows(tail, i) {
				longest = len(tail)
			}
		}
		if longest >= 0 {
			return i - longest
		}
	}
	return d.n
}

// follows says whether a sequence comes after the token that is i places back.
func (d *dry) follows(tail []int32, i int) bool {
	for j, t := range tail {
		if t != d.back(i-j-1) {
			return false
		}
	}
	return true
}

// measure sets repeat[k] to how many of the last tokens stand k places earlier too, at
// most limit: the Z algorithm. Like upstream's it goes on from lengths that are cut.
func (d *dry) measure(limit int) {
	n, left, right := d.n, 0, 0
	for k := 1; k < n; k++ {
		if k <= right {
			if known := int(d.repeat[k-left]); known < right-k+1 {
				d.repeat[k] = int32(min(known, limit))
				continue
			}
			i := right + 1
			for i < n && d.back(i) == d.back(i-k) {
				i++
			}
			d.repeat[k] = int32(min(i-k, limit))
			left, right = k, i-1
			continue
		}
		same := 0
		for same+k < n && d.back(same) == d.back(same+k) {
			same++
		}
		d.repeat[k] = int32(min(same, limit))
		if same > 0 {
			left, right = k, k+same-1
		}
	}
}

// penalties fills longest and found.
func (d *dry) penalties() {
	allowed := d.params.AllowedLength
	if d.n <= allowed {
		return
	}
	limit := d.limit()
	if limit < allowed {
		return
	}
	d.measure(limit)
	for k := d.n - 1; k >= 1; k-- {
		// The place 0 of upstream's counts is never written, and counts as 0.
		length := int(d.repeat[k])
		if length < allowed {
			continue
		}
		token := d.back(k - 1)
		if d.longest[token] == 0 {
			d.found = append(d.found, token)
		}
		d.longest[token] = max(d.longest[token], int32(length)+1)
	}
}

func (d *dry) forget() {
	for _, t := range d.found {
		d.longest[t] = 0
	}
	d.found = d.found[:0]
}

func (d *dry) penalty(token int32) float32 {
	if d.alone[token] {
		return 0
	}
	exponent := int(d.longest[token]) - 1 - d.params.AllowedLength
	most := 0
	if d.params.Base > 1.000001 {
		const logMaxFloat = 88.7228391
		most = int(float32(logMaxFloat) / log32(d.params.Base))
	}
	if most > 0 {
		exponent = min(exponent, most)
	}
	return float32(float64(d.params.Multiplier) * math.Pow(float64(d.params.Base), float64(exponent)))
}

func (c *Chain) applyDRY() {
	d, s := &c.dry, &c.set
	// Upstream leaves early, and what it knows as sorted as it is, when there is nothing.
	if d.n <= d.params.AllowedLength || d.limit() < d.params.AllowedLength {
		return
	}
	c.editable()
	d.penalties()
	if s.token == nil {
		for _, t := range d.found {
			s.logit[t] -= d.penalty(t)
		}
		c.renew(d.found)
	} else {
		for i, t := range s.token {
			if d.longest[t] > 0 {
				s.logit[i] -= d.penalty(t)
			}
		}
		s.max = nil
	}
	s.sorted = false
	d.forget()
}
