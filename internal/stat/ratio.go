package stat

import (
	"math"
	"slices"
)

// Ratio is how many times as large what a is drawn from is as that of b, all values above 0:
// the median of all ratios of one to one (Hodges and Lehmann 1963, on logarithms). Its bounds
// are those ratios that a rank-sum test does not reject, whatever the distributions are, if
// they are alike but for the factor. They are of independent values; see PairedRatio.
func Ratio(a, b []float64, confidence float64) (float64, Bounds) {
	all := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			all = append(all, x/y)
		}
	}
	if len(all) == 0 {
		return math.NaN(), Bounds{math.NaN(), math.NaN(), 0}
	}
	slices.Sort(all)
	k, below := rankSumTail(len(a), len(b), (1-confidence)/2)
	return Median(all), Bounds{all[k-1], all[len(all)-k], max(1-2*below, 0)}
}

// PairedRatio is Ratio where a[i] and b[i] were measured one after the other, so that what
// changes with time changes both: the median of the ratios of the pairs.
func PairedRatio(a, b []float64, confidence float64) (float64, Bounds) {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return Median(ratios), MedianBounds(ratios, confidence)
}

// exactPairs is up to where the distribution of rank sums is computed; above it the normal
// one is near enough.
const exactPairs = 2500

// rankSumTail is the largest k, 1 or more, for which Mann and Whitney's U of m and n values
// is less than k with a probability of at most tail; and that probability.
func rankSumTail(m, n int, tail float64) (k int, below float64) {
	if m*n > exactPairs {
		mean, sd := float64(m*n)/2, math.Sqrt(float64(m)*float64(n)*float64(m+n+1)/12)
		k = max(int(mean-sd*math.Sqrt2*math.Erfinv(1-2*tail)), 1)
		return k, math.Erfc((mean-float64(k)+0.5)/sd/math.Sqrt2) / 2
	}
	p := rankSums(m, n)
	k, below = 1, p[0]
	for k < len(p)/2 && below+p[k] <= tail {
		below += p[k]
		k++
	}
	return k, below
}

// rankSums is the distribution of U, by the recurrence of Mann and Whitney (1947): the
// largest of all values is one of the m, above all n others, or one of the n.
func rankSums(m, n int) []float64 {
	rows := make([][]float64, n+1) // for i values of the one and each number of the other
	for j := range rows {
		rows[j] = []float64{1}
	}
	for i := 1; i <= m; i++ {
		for j := 1; j <= n; j++ {
			row := make([]float64, i*j+1)
			ours := float64(i) / float64(i+j)
			for u, p := range rows[j] { // i-1 and j
				row[u+j] += ours * p
			}
			for u, p := range rows[j-1] { // i and j-1
				row[u] += (1 - ours) * p
			}
			rows[j] = row
		}
	}
	return rows[n]
}
