package task

import (
	"math"
	"slices"
)

// mcNemar is the exact two-sided p-value of McNemar's test: how likely flips are at least as
// one-sided as lost against gained, were both directions as likely. (McNemar, Psychometrika
// 12, 153, 1947; exact by the binomial distribution: the sign test of the flips.)
func mcNemar(lost, gained int) float64 {
	n, few := lost+gained, min(lost, gained)
	if n == 0 {
		return 1
	}
	tail, whole := 0.0, logChoose(n)-float64(n)*math.Ln2
	for k := 0; k <= few; k++ {
		a, _ := math.Lgamma(float64(k + 1))
		b, _ := math.Lgamma(float64(n - k + 1))
		tail += math.Exp(whole - a - b)
	}
	return min(1, 2*tail)
}

// logChoose is the part of the logarithm of n over k that does not depend on k.
func logChoose(n int) float64 {
	v, _ := math.Lgamma(float64(n + 1))
	return v
}

// holm adjusts p-values of several tests, so that comparing each with α makes a false
// rejection anywhere at most α likely. (Holm, Scandinavian Journal of Statistics 6, 65, 1979)
func holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	adjusted, most := make([]float64, len(p)), 0.0
	for rank, i := range order {
		most = max(most, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = most
	}
	return adjusted
}

// pairedInterval is the score interval for the difference of two shares of the same n things,
// of which gained count for the second share only and lost for the first only. It holds where
// flips are few or none. (Tango, Statistics in Medicine 17, 891, 1998)
func pairedInterval(lost, gained, n int, confidence float64) (low, high float64) {
	if n == 0 {
		return -1, 1
	}
	z := math.Sqrt2 * math.Erfinv(confidence)
	middle := float64(gained-lost) / float64(n)
	edge := func(in, out float64) float64 { // the last difference from in to out with a score within ±z
		for range 60 {
			m := (in + out) / 2
			if math.Abs(score(lost, gained, n, m)) <= z {
				in = m
			} else {
				out = m
			}
		}
		return in
	}
	return edge(middle, -1), edge(middle, 1)
}

// score is Tango's statistic of a difference d: how many standard errors, as they are where
// d is true, the counts are away from it.
func score(lost, gained, n int, d float64) float64 {
	x, y, m := float64(gained), float64(lost), float64(n)
	off := x - y - m*d
	if off == 0 {
		return 0
	}
	a, b, c := 2*m, -x-y+(2*m-x+y)*d, -y*d*(1-d)
	likeliest := (math.Sqrt(max(0, b*b-4*a*c)) - b) / (2 * a) // share of the lost, given d
	variance := m * (2*likeliest + d*(1-d))
	if variance <= 0 {
		return math.Copysign(math.Inf(1), off)
	}
	return off / math.Sqrt(variance)
}
