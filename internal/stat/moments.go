package stat

import "math"

// moments of observations, kept up with each new one (Terriberry's update of the third,
// see Pébay, Sandia Report SAND2008-6212, 2008).
type moments struct {
	n      int
	mean   float64
	m2, m3 float64 // sums of squared and cubed distances from the mean
}

func (m *moments) add(x float64) {
	m.n++
	n := float64(m.n)
	d := x - m.mean
	step := d / n
	grown := d * step * (n - 1)
	m.mean += step
	m.m3 += grown*step*(n-2) - 3*step*m.m2
	m.m2 += grown
}

func momentsOf(x []float64) (m moments) {
	for _, v := range x {
		m.add(v)
	}
	return m
}

// spread is the standard deviation.
func (m *moments) spread() float64 {
	if m.n < 2 {
		return 0
	}
	return math.Sqrt(m.m2 / float64(m.n-1))
}

// straightened is u = (mean - μ)/spread without the skew that it has from that of the
// observations, so that √n·u is closer to Student's distribution; bent is its inverse
// (Hall, Journal of the Royal Statistical Society B 54, 221, 1992: the cubic
// transformation).
func (m *moments) straightened(u float64) float64 {
	k := m.skew()
	return u + k*u*u/3 + k*k*u*u*u/27 + k/(6*float64(m.n))
}

func (m *moments) bent(v float64) float64 {
	k := m.skew()
	if math.Abs(k) < 1e-6 {
		return v
	}
	return 3 / k * (math.Cbrt(1+k*(v-k/(6*float64(m.n)))) - 1)
}

// skew is the sample's, with Fisher's correction for few observations.
func (m *moments) skew() float64 {
	n := float64(m.n)
	if m.n < 3 || m.m2 <= 0 {
		return 0
	}
	return m.m3 / n / math.Pow(m.m2/n, 1.5) * math.Sqrt(n*(n-1)) / (n - 2)
}

// interval are the means whose straightened distance, in units of spread, is at most w.
func (m *moments) interval(w float64) Interval {
	s := m.spread()
	return Interval{m.mean - s*m.bent(w), m.mean - s*m.bent(-w)}
}
