package sampler

// The full passes over the logits. Each has a vector version (kernels_amd64.go) that
// takes a number of floats that vectors divide, and one in plain Go, which gives the same
// bits: sums are kept in 16 lanes of double precision and added up in one order.

const (
	lanes = 16
	block = 256 // floats that one maximum stands for
)

// maxima stores the largest logit of each block of 256, and of what is left over, and
// says whether there is a NaN.
func maxima(dst, src []float32) (nan bool) {
	n := len(src) / block
	if n > 0 {
		nan = maximaBlocks(dst[:n], src[:n*block])
	}
	if n*block < len(src) {
		m := -inf32
		for _, x := range src[n*block:] {
			nan = nan || x != x
			m = max(m, x)
		}
		dst[n] = m
	}
	return nan
}

// filter stores the places, counted from base, and the values of what is at least
// threshold. pos and val have room for 16 more than src.
func filter(pos []int32, val, src []float32, threshold float32, base int32) int {
	body := len(src) &^ (lanes - 1)
	n := 0
	if body > 0 {
		n = filterLanes(pos, val, src[:body], threshold, base)
	}
	for i, x := range src[body:] {
		if x >= threshold {
			pos[n], val[n] = base+int32(body+i), x
			n++
		}
	}
	return n
}

// expSum is the sum of e^(x/temp-top).
func expSum(src []float32, top, temp float32) float64 {
	body := len(src) &^ (lanes - 1)
	sum := 0.0
	if body > 0 {
		sum = expSumLanes(src[:body], top, temp)
	}
	for _, x := range src[body:] {
		sum += float64(exp32(x/temp - top))
	}
	return sum
}

// expStore stores e^d, where d = x/temp-top, and returns the sums of it and of d·e^d.
func expStore(dst, src []float32, top, temp float32) (sum, dot float64) {
	body := len(src) &^ (lanes - 1)
	if body > 0 {
		sum, dot = expStoreLanes(dst[:body], src[:body], top, temp)
	}
	for i, x := range src[body:] {
		d := x/temp - top
		e := exp32(d)
		dst[body+i] = e
		sum += float64(e)
		if e > 0 {
			dot += float64(float64(e) * float64(d))
		}
	}
	return sum, dot
}

// span are candidates on the way to a choice among them: keys, weights, and where each
// was at first.
type span struct {
	key, weight []float32
	pos         []int32 // nil: each is where it was
	from        float32 // all keys are at least this
}

// split moves what has a key from low to below high into out, which may be s itself, and
// returns how many there are, their weight, and the weight of what is not below high. out
// has room for 16 more than s.
func split(out, s *span, low, high float32) (n int, inside, above float64) {
	body := len(s.key) &^ (lanes - 1)
	if body > 0 {
		n, inside, above = splitLanes(out, s, body, low, high)
	}
	for i := body; i < len(s.key); i++ {
		switch k := s.key[i]; {
		case k >= high:
			above += float64(s.weight[i])
		case k >= low:
			inside += float64(s.weight[i])
			at := int32(i)
			if s.pos != nil {
				at = s.pos[i]
			}
			out.key[n], out.weight[n], out.pos[n] = k, s.weight[i], at
			n++
		}
	}
	return n, inside, above
}

// move moves what has a key from low on into out, which may be s itself but for its
// weights, and returns how many there are and about their weight. out has room for 16 more
// than s.
func move(out, s *span, low float32) (n int, inside float64) {
	body := len(s.key) &^ (lanes - 1)
	if body > 0 {
		n, inside = moveLanes(out, s, body, low)
	}
	for i := body; i < len(s.key); i++ {
		if k := s.key[i]; k >= low {
			inside += float64(s.weight[i])
			at := int32(i)
			if s.pos != nil {
				at = s.pos[i]
			}
			out.key[n], out.weight[n], out.pos[n] = k, s.weight[i], at
			n++
		}
	}
	return n, inside
}

// nearest makes keys of what they are away from center, with a minus, and moves what has
// one from low on as move does, with places counted from base.
func nearest(out, s *span, low, center float32, base int32) (n int, inside float64) {
	body := len(s.key) &^ (lanes - 1)
	if body > 0 {
		n, inside = nearestLanes(out, s, body, low, center, base)
	}
	for i := body; i < len(s.key); i++ {
		k := -abs32(s.key[i] - center)
		if s.key[i] = k; k >= low {
			inside += float64(s.weight[i])
			out.key[n], out.weight[n], out.pos[n] = k, s.weight[i], base+int32(i)
			n++
		}
	}
	return n, inside
}

// rounded is a weight rounded to the precision of unit, or as it is with 0.
func rounded(weight, unit float32) float32 { return float32(weight+unit) - unit }

// splitRounded is split of the keys below a bound, with weights rounded to the precision of
// unit. s has no places, and is not out. The sums are exact where they are at most unit.
func splitRounded(out, s *span, low, high, below, unit float32) (n int, inside, above float64) {
	body := len(s.key) &^ (lanes - 1)
	if body > 0 {
		n, inside, above = splitRoundedLanes(out, s, body, low, high, below, unit)
	}
	for i := body; i < len(s.key); i++ {
		k, w := s.key[i], rounded(s.weight[i], unit)
		switch {
		case k >= below || k < low:
		case k >= high:
			above += float64(w)
		default:
			inside += float64(w)
			out.key[n], out.weight[n], out.pos[n] = k, w, int32(i)
			n++
		}
	}
	return n, inside, above
}

// moments are how many logits are above minus infinity, their sum and that of their
// squares.
func moments(src []float32) (n int, sum, squares float64) {
	body := len(src) &^ (lanes - 1)
	if body > 0 {
		n, sum, squares = momentsLanes(src[:body])
	}
	for _, x := range src[body:] {
		if x > -inf32 {
			n++
			sum += float64(x)
			squares += float64(float64(x) * float64(x))
		}
	}
	return n, sum, squares
}

// tally is how many candidates have a key from low on, and their weight.
func tally(key, weight []float32, low float32) (n int, sum float64) {
	body := len(key) &^ (lanes - 1)
	if body > 0 {
		n, sum = tallyLanes(key[:body], weight[:body], low)
	}
	for i := body; i < len(key); i++ {
		if key[i] >= low {
			n++
			sum += float64(weight[i])
		}
	}
	return n, sum
}

// divide stores x/by.
func divide(dst, src []float32, by float32) {
	body := len(src) &^ (lanes - 1)
	if body > 0 {
		divideLanes(dst[:body], src[:body], by)
	}
	for i, x := range src[body:] {
		dst[body+i] = x / by
	}
}

// roundSum is the sum of x rounded to the precision of unit, a power of two that no x
// reaches, exact where it is at most unit, and whether an x was half of that precision away, which half is.
func roundSum(src []float32, unit, half float32) (sum float64, tie bool) {
	body := len(src) &^ (lanes - 1)
	if body > 0 {
		sum, tie = roundSumLanes(src[:body], unit, half)
	}
	for _, x := range src[body:] {
		w := rounded(x, unit)
		tie = tie || abs32(x-w) == half
		sum += float64(w)
	}
	return sum, tie
}

// sumRounded is the sum of the weights whose keys are below a bound, rounded to the
// precision of unit, and exact in the same way.
func sumRounded(weight, key []float32, below, unit float32) (sum float64) {
	body := len(key) &^ (lanes - 1)
	if body > 0 {
		sum = sumRoundedLanes(weight[:body], key[:body], below, unit)
	}
	for i := body; i < len(key); i++ {
		if key[i] < below {
			sum += float64(rounded(weight[i], unit))
		}
	}
	return sum
}

// information makes probabilities of weights, whose sum is total, and stores their
// logarithms, and what they have of the entropy, -p·log p.
func information(logs, terms, weight []float32, total float32) {
	body := len(weight) &^ (lanes - 1)
	if body > 0 {
		informationLanes(logs[:body], terms[:body], weight[:body], total)
	}
	informationGo(logs[body:], terms[body:], weight[body:], total)
}

// gap is the sum of weight·(a-b) over the weights above 0. Others have no part in it,
// whatever a and b are.
func gap(weight, a, b []float32) float64 {
	body := len(weight) &^ (lanes - 1)
	sum := 0.0
	if body > 0 {
		sum = gapLanes(weight[:body], a[:body], b[:body])
	}
	for i, w := range weight[body:] {
		if w > 0 {
			sum += float64(float64(w) * float64(a[body+i]-b[body+i]))
		}
	}
	return sum
}
