package stat

import (
	"math"
	"slices"
)

// SignTest is the exact two-sided p-value of wins against losses where each is as likely
// as the other; ties are left out. For the pairs of answers of which one alone is right it
// is McNemar's exact test. It is 1 where there are none. Negative counts are taken as 0.
func SignTest(wins, losses int) float64 {
	wins, losses = max(0, wins), max(0, losses)
	n, k := wins+losses, min(wins, losses)
	// The sum of the binomial probabilities up to k, from its largest term down.
	ln, _ := math.Lgamma(float64(n + 1))
	lk, _ := math.Lgamma(float64(k + 1))
	lr, _ := math.Lgamma(float64(n - k + 1))
	largest := ln - lk - lr - float64(n)*math.Ln2
	sum, term := 0.0, 1.0
	for i := k; i >= 0 && term > 1e-18; i-- {
		sum += term
		term *= float64(i) / float64(n-i+1)
	}
	return min(1, 2*math.Exp(largest)*sum)
}

// Holm makes p-values of several hypotheses that can each be compared with the chance of
// one wrong rejection among all of them (Holm, Scandinavian Journal of Statistics 6, 65,
// 1979). The order stays.
func Holm(p []float64) []float64 {
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
	adjusted := make([]float64, len(p))
	largest := 0.0
	for rank, i := range order {
		largest = max(largest, min(1, p[i]*float64(len(p)-rank)))
		adjusted[i] = largest
	}
	return adjusted
}
