package stat

import "math"

// Interval is a confidence interval.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Contains tells whether x is in it, its ends included.
func (i Interval) Contains(x float64) bool { return i.Low <= x && x <= i.High }

// Mean is the mean of x and its standard error, from the spread of x: NaN of nothing, and
// an error of 0 of one.
func Mean(x []float64) (mean, standardError float64) {
	m := momentsOf(x)
	if m.n == 0 {
		return math.NaN(), 0
	}
	return m.mean, m.spread() / math.Sqrt(float64(m.n))
}

// MeanInterval contains the mean of what x is a sample of, with the given confidence:
// Student's interval, corrected for the skew of x with Hall's transformation. For figures
// of tokens, x are the means of clusters (windows of text) of one size, because the tokens
// of one window are not independent: the interval then holds whatever their dependence
// is. False: fewer than two observations.
func MeanInterval(x []float64, confidence float64) (Interval, bool) {
	if len(x) < 2 {
		return Interval{}, false
	}
	m := momentsOf(x)
	n := float64(m.n)
	return m.interval(StudentQuantile(0.5+confidence/2, n-1) / math.Sqrt(n)), true
}

// Wilson is Wilson's score interval for the share of which hits of n are a sample (Journal
// of the American Statistical Association 22, 209, 1927). n need not be whole, but above 0.
func Wilson(hits, n, confidence float64) Interval {
	z := NormalQuantile(0.5 + confidence/2)
	p := hits / n
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	w := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Interval{max(0, center-w), min(1, center+w)}
}

// ClusteredShare is Wilson's interval where the observations come in clusters: n becomes
// the number of independent ones that would spread as much, corrected for the few clusters
// that say so (Korn and Graubard, Survey Methodology 24, 193, 1998), and never more than
// there are. hits and sizes have an element for each cluster. False: fewer than two
// clusters, or none of the observations.
func ClusteredShare(hits, sizes []int, confidence float64) (Interval, bool) {
	all, n := 0.0, 0.0
	for i := range sizes {
		all += float64(hits[i])
		n += float64(sizes[i])
	}
	if len(sizes) < 2 || n == 0 {
		return Interval{}, false
	}
	p, c := all/n, float64(len(sizes))
	squares := 0.0
	for i := range sizes {
		d := float64(hits[i]) - p*float64(sizes[i])
		squares += d * d
	}
	effective := n
	if variance := squares * c / (c - 1) / (n * n); variance > 0 {
		ratio := NormalQuantile(0.5+confidence/2) / StudentQuantile(0.5+confidence/2, c-1)
		effective = min(n, p*(1-p)/variance*ratio*ratio)
	}
	return Wilson(p*effective, effective, confidence), true
}

// Quantile is between two neighbours of a sorted list, in proportion (definition 7 of
// Hyndman and Fan, The American Statistician 50, 361, 1996). NaN for an empty one.
func Quantile[F float32 | float64](sorted []F, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := min(max(p, 0), 1) * float64(len(sorted)-1)
	i := int(at)
	low, high := float64(sorted[i]), float64(sorted[min(i+1, len(sorted)-1)])
	return low + (at-float64(i))*(high-low)
}
