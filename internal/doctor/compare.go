package doctor

import "math"

// Compare compares rows of vocab logits with those of the reference, of which there are
// as many.
func Compare(reference, logits []float32, vocab int) Check {
	c := Check{Tokens: len(reference) / vocab, Vocab: vocab}
	var wrong, all float64
	for i := range c.Tokens {
		r, l := reference[i*vocab:(i+1)*vocab], logits[i*vocab:(i+1)*vocab]
		w, a := c.row(r, l)
		if nmse := w / a; !(nmse <= float64(c.WorstNMSE)) && !math.IsNaN(float64(c.WorstNMSE)) { // NaN is worst
			c.WorstNMSE, c.WorstAt = Float(nmse), i
		}
		wrong, all = wrong+w, all+a
		if !math.IsNaN(w) && argmax(r) == argmax(l) {
			c.Top1++
		}
	}
	c.NMSE = Float(wrong / all)
	return c
}

// row returns the sums of squares, of differences and of the reference, and counts what
// stands out.
func (c *Check) row(reference, logits []float32) (wrong, all float64) {
	for i, r := range reference {
		d := float64(logits[i]) - float64(r)
		if math.IsNaN(d) || math.IsInf(d, 0) {
			c.NotFinite++
		}
		wrong += d * d
		all += float64(r) * float64(r)
		c.MaxDiff = max(c.MaxDiff, Float(math.Abs(d)))
	}
	return wrong, all
}

func argmax(row []float32) (best int) {
	for i, v := range row {
		if v > row[best] {
			best = i
		}
	}
	return best
}
