package sampler

import "bytes"

// infill suits the middle of a text: it merges tokens that begin the same way and ends
// the text where no token stands out (llama_sampler_infill_apply,
// src/llama-sampler.cpp@v0.5.0).
func (c *Chain) infill() {
	s, v := &c.set, c.params.Vocabulary
	c.list()
	p := c.softmax(true)
	text, end := float32(0), float32(0)
	for i, t := range s.token {
		if v.EndsText(t) {
			end += p[i]
		} else {
			text += p[i]
		}
	}
	if float32(float32(3*end)*float32(s.size())) > text {
		c.keep(p, func(i int) bool { return v.EndsText(s.token[i]) })
		return
	}
	c.mergePrefixes(p)
	others := 0
	sum, p := c.keep(p, func(i int) bool {
		if v.EndsText(s.token[i]) {
			return true
		}
		if p[i] < 0.2 {
			return false
		}
		others++
		return true
	})
	if others == 0 {
		end := v.EndOfTurn()
		s.logit, s.token, s.masked, s.max = s.logit[:0], s.token[:0], 0, nil
		if end >= 0 {
			s.logit, s.token = append(s.logit, 1), append(s.token, end)
		}
		return
	}
	for i := range p {
		p[i] /= sum
	}
	threshold := float32(1 / float64(others+1))
	c.keep(p, func(i int) bool { return p[i] >= threshold || v.EndsText(s.token[i]) })
}

// keep leaves what is wanted of a list and of its probabilities, whose sum it returns.
func (c *Chain) keep(p []float32, wanted func(i int) bool) (sum float32, kept []float32) {
	s := &c.set
	n := 0
	for i := range s.token {
		if wanted(i) {
			sum += p[i]
			s.token[n], s.logit[n], p[n] = s.token[i], s.logit[i], p[i]
			n++
		}
	}
	s.token, s.logit, s.masked, s.max = s.token[:n], s.logit[:n], 0, nil
	return sum, p[:n]
}

// mergePrefixes adds the probability of a token to that of another that begins with its
// text, or the other way round where it is the likelier one.
func (c *Chain) mergePrefixes(p []float32) {
	s, v := &c.set, c.params.Vocabulary
	for i, t := range s.token {
		piece := v.Piece(t)
		for j := range s.token {
			if s.logit[i] == -inf32 {
				break
			}
			if i == j || s.logit[j] == -inf32 || len(piece) == 0 || !bytes.HasPrefix(v.Piece(s.token[j]), piece) {
				continue
			}
			to, from := i, j
			if p[j] > p[i] {
				to, from = j, i
			}
			p[to] += p[from]
			s.logit[from], p[from] = -inf32, 0
		}
	}
}
