package sampler

import "math"

// What the vector kernels compute, in plain Go.

func maximaGo(dst, src []float32) (nan bool) {
	for b := range dst {
		m := -inf32
		for _, x := range src[b*block : (b+1)*block] {
			nan = nan || x != x
			if x > m {
				m = x
			}
		}
		dst[b] = m
	}
	return nan
}

func filterGo(pos []int32, val, src []float32, threshold float32, base int32) int {
	n := 0
	for i, x := range src {
		if x >= threshold {
			pos[n], val[n] = base+int32(i), x
			n++
		}
	}
	return n
}

// lanewise are sums of lanes that vector registers hold.
type lanewise [lanes]float64

// total adds the halves of the lanes, then the halves of those.
func (l *lanewise) total() float64 {
	for half := lanes / 2; half > 0; half /= 2 {
		for i := range half {
			l[i] += l[i+half]
		}
	}
	return l[0]
}

func expSumGo(src []float32, top, temp float32) float64 {
	var sum lanewise
	for i := 0; i < len(src); i += lanes {
		for j, x := range src[i : i+lanes] {
			sum[j] += float64(exp32(x/temp - top))
		}
	}
	return sum.total()
}

func expStoreGo(dst, src []float32, top, temp float32) (float64, float64) {
	var sum, dot lanewise
	for i := 0; i < len(src); i += lanes {
		for j, x := range src[i : i+lanes] {
			d := x/temp - top
			e := exp32(d)
			dst[i+j] = e
			sum[j] += float64(e)
			if e > 0 {
				dot[j] = math.FMA(float64(e), float64(d), dot[j])
			}
		}
	}
	return sum.total(), dot.total()
}

func splitGo(out, s *span, body int, low, high float32) (n int, inside, above float64) {
	var in, over lanewise
	for i := range body {
		k, w := s.key[i], s.weight[i]
		switch {
		case k >= high:
			over[i%lanes] += float64(w)
		case k >= low:
			in[i%lanes] += float64(w)
			at := int32(i)
			if s.pos != nil {
				at = s.pos[i]
			}
			out.key[n], out.weight[n], out.pos[n] = k, w, at
			n++
		}
	}
	return n, in.total(), over.total()
}

// lanewise32 are lanes of floats. They are exact for numbers of one precision as long as
// their sum is one of it.
type lanewise32 [lanes]float32

func (l *lanewise32) total() float64 {
	var d lanewise
	for i, x := range l {
		d[i] = float64(x)
	}
	return d.total()
}

func moveGo(out, s *span, body int, low float32) (n int, inside float64) {
	var in lanewise32
	for i := range body {
		if k := s.key[i]; k >= low {
			in[i%lanes] += s.weight[i]
			at := int32(i)
			if s.pos != nil {
				at = s.pos[i]
			}
			out.key[n], out.weight[n], out.pos[n] = k, s.weight[i], at
			n++
		}
	}
	return n, in.total()
}

func nearestGo(out, s *span, body int, low, center float32, base int32) (n int, inside float64) {
	var in lanewise32
	for i, x := range s.key[:body] {
		k := -abs32(x - center)
		if s.key[i] = k; k >= low {
			in[i%lanes] += s.weight[i]
			out.key[n], out.weight[n], out.pos[n] = k, s.weight[i], base+int32(i)
			n++
		}
	}
	return n, in.total()
}

func splitRoundedGo(out, s *span, body int, low, high, below, unit float32) (n int, inside, above float64) {
	var in, over lanewise32
	for i := range body {
		k, w := s.key[i], rounded(s.weight[i], unit)
		switch {
		case k >= below || k < low:
		case k >= high:
			over[i%lanes] += w
		default:
			in[i%lanes] += w
			out.key[n], out.weight[n], out.pos[n] = k, w, int32(i)
			n++
		}
	}
	return n, in.total(), over.total()
}

func momentsGo(src []float32) (n int, sum, squares float64) {
	var s, q lanewise
	for i, x := range src {
		if x > -inf32 {
			n++
			s[i%lanes] += float64(x)
			q[i%lanes] = math.FMA(float64(x), float64(x), q[i%lanes])
		}
	}
	return n, s.total(), q.total()
}

func tallyGo(key, weight []float32, low float32) (n int, total float64) {
	var sum lanewise
	for i, k := range key {
		if k >= low {
			n++
			sum[i%lanes] += float64(weight[i])
		}
	}
	return n, sum.total()
}

func divideGo(dst, src []float32, by float32) {
	for i, x := range src {
		dst[i] = x / by
	}
}

func roundSumGo(src []float32, unit, half float32) (total float64, tie bool) {
	var sum lanewise32
	for i, x := range src {
		w := rounded(x, unit)
		tie = tie || abs32(x-w) == half
		sum[i%lanes] += w
	}
	return sum.total(), tie
}

func sumRoundedGo(weight, key []float32, below, unit float32) float64 {
	var sum lanewise32
	for i, k := range key {
		if k < below {
			sum[i%lanes] += rounded(weight[i], unit)
		}
	}
	return sum.total()
}

func informationGo(logs, terms, weight []float32, total float32) {
	for i, w := range weight {
		p := w / total
		weight[i], logs[i], terms[i] = p, log32(p), 0
		if p > 0 {
			terms[i] = -float32(p * logs[i])
		}
	}
}

func gapGo(weight, a, b []float32) float64 {
	var sum lanewise
	for i, w := range weight {
		if w > 0 {
			sum[i%lanes] = math.FMA(float64(w), float64(a[i]-b[i]), sum[i%lanes])
		}
	}
	return sum.total()
}
