package stat

import "math"

// NormalQuantile is the z below which a standard normal variable is with probability p.
func NormalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// StudentCDF is the probability that a variable of Student's distribution with df > 0
// degrees of freedom is below t: by the regularized incomplete beta function (Abramowitz
// and Stegun, Handbook of Mathematical Functions, 26.7.1).
func StudentCDF(t, df float64) float64 {
	if math.IsInf(df, 1) {
		return 0.5 * math.Erfc(-t/math.Sqrt2)
	}
	tail := 0.5 * incompleteBeta(df/2, 0.5, df/(df+t*t))
	if t > 0 {
		return 1 - tail
	}
	return tail
}

// StudentQuantile is the t below which that variable is with probability p, 0 < p < 1.
func StudentQuantile(p, df float64) float64 {
	switch {
	case p == 0.5:
		return 0
	case p > 0.5:
		return -StudentQuantile(1-p, df)
	case math.IsInf(df, 1):
		return NormalQuantile(p)
	}
	low, high := -1.0, 0.0
	for StudentCDF(low, df) > p && !math.IsInf(low, -1) {
		low *= 2
	}
	for range 200 {
		mid := low + (high-low)/2
		if mid == low || mid == high {
			break
		}
		if StudentCDF(mid, df) > p {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// incompleteBeta is the regularized incomplete beta function I_x(a, b), by its continued
// fraction (Abramowitz and Stegun, 26.5.8), evaluated from the front with Lentz's method
// (Applied Optics 15, 668, 1976).
func incompleteBeta(a, b, x float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2): // where the fraction converges slowly, by symmetry
		return 1 - incompleteBeta(b, a, 1-x)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab-la-lb+a*math.Log(x)+b*math.Log1p(-x)) / a
	const tiny = 1e-300
	c, d := 1.0, 0.0
	f := 1.0
	for i := range 10_000 {
		m := float64(i / 2)
		var term float64
		switch {
		case i == 0:
			term = 1
		case i%2 == 0:
			term = m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		default:
			term = -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		}
		d = 1 + term*d
		if math.Abs(d) < tiny {
			d = tiny
		}
		d = 1 / d
		c = 1 + term/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		f *= c * d
		if i > 0 && math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return front * (f - 1)
}
