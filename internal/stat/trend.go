package stat

import (
	"maps"
	"math"
	"slices"
)

// exactTrend is up to how many values the distribution of Trend is computed.
const exactTrend = 60

// Trend tells whether values rise or fall with their order (Mann 1945, Kendall's tau): tau is
// 1 where each is larger than those before it and -1 where each is smaller; p is how often
// values in random order would be as orderly, in either direction. Five values are the fewest
// that can have a p below 0.05.
func Trend(v []float64) (tau, p float64) {
	n := len(v)
	if n < 2 {
		return 0, 1
	}
	s := 0
	for i := range v {
		for j := range i {
			switch {
			case v[i] > v[j]:
				s++
			case v[i] < v[j]:
				s--
			}
		}
	}
	pairs := n * (n - 1) / 2
	tau = float64(s) / float64(pairs)
	if s < 0 {
		s = -s
	}
	if n > exactTrend {
		sd := math.Sqrt(float64(n) * float64(n-1) * float64(2*n+5) / 18)
		return tau, min(math.Erfc(float64(s-1)/sd/math.Sqrt2), 1)
	}
	for inversions, chance := range inversionChances(n) {
		if abs := pairs - 2*inversions; max(abs, -abs) >= s {
			p += chance
		}
	}
	return tau, min(p, 1)
}

// inversionChances is the distribution of the number of inversions of a random order: the
// n-th value stands behind 0 to n-1 of the others, each as likely.
func inversionChances(n int) []float64 {
	chances := []float64{1}
	for i := 2; i <= n; i++ {
		next := make([]float64, len(chances)+i-1)
		for k, p := range chances {
			for j := range i {
				next[k+j] += p / float64(i)
			}
		}
		chances = next
	}
	return chances
}

// Drift is by what share values changed from the first third of the rounds to the last, and the
// p of Trend over all rounds. series are values of several things by their round; of each round
// the mean counts, of values relative to the median of their series.
func Drift(series []map[int]float64) (change, p float64) {
	sums, counts := map[int]float64{}, map[int]int{}
	for _, s := range series {
		median := Median(slices.Collect(maps.Values(s)))
		for round, x := range s {
			sums[round] += x / median
			counts[round]++
		}
	}
	var v []float64
	for _, round := range slices.Sorted(maps.Keys(sums)) {
		v = append(v, sums[round]/float64(counts[round]))
	}
	if len(v) == 0 {
		return 0, 1
	}
	_, p = Trend(v)
	third := max(len(v)/3, 1)
	return Median(v[len(v)-third:])/Median(v[:third]) - 1, p
}
