package stat

import (
	"math"
	"slices"
)

// Bounds enclose a value that is not known: they do so in a share Coverage of all
// measurements like this one. Where there are too few values for the confidence that was
// asked for, they are the widest that the values give, and Coverage is less.
type Bounds struct{ Low, High, Coverage float64 }

// Half is half the width of the bounds relative to a value in them.
func (b Bounds) Half(value float64) float64 { return (b.High - b.Low) / 2 / math.Abs(value) }

// Covers tells whether the bounds are an interval at a confidence: few values have none.
func (b Bounds) Covers(confidence float64) bool { return b.Coverage >= confidence-0.005 }

// Median is the middle of the values, NaN where there are none.
func Median(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

// MedianBounds are those of the median of what the values are drawn from, by order
// statistics, which assume nothing of its distribution (Thompson 1936): the k-th value from
// either end, where a binomial count of n tosses stays below k seldom enough. Six values are
// the fewest that give 95 %.
func MedianBounds(v []float64, confidence float64) Bounds {
	n := len(v)
	if n == 0 {
		return Bounds{math.NaN(), math.NaN(), 0}
	}
	v = slices.Sorted(slices.Values(v))
	k, below := 0, 0.0 // below: the probability of fewer than k+1 heads
	for k < (n-1)/2 {
		next := below + tosses(n, k)
		if k > 0 && 1-2*next < confidence {
			break
		}
		below = next
		k++
	}
	if k == 0 { // one value or two
		return Bounds{v[0], v[n-1], max(1-2*tosses(n, 0), 0)}
	}
	return Bounds{v[k-1], v[n-k], 1 - 2*below}
}

// tosses is the probability of k heads in n.
func tosses(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(a - b - c - float64(n)*math.Ln2)
}

// MeanDeviation is the mean of the values and their sample standard deviation, which is 0 for
// one value.
func MeanDeviation(v []float64) (mean, deviation float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	if len(v) < 2 {
		return mean, 0
	}
	for _, x := range v {
		deviation += (x - mean) * (x - mean) / float64(len(v)-1)
	}
	return mean, math.Sqrt(deviation)
}

// consistent makes a median absolute deviation of a normal distribution its standard
// deviation: 1/Φ⁻¹(3/4).
const consistent = 1.4826022185056018

// MAD is the median absolute deviation from the median, scaled to be the standard deviation
// where the values are normal.
func MAD(v []float64) float64 {
	center := Median(v)
	away := make([]float64, len(v))
	for i, x := range v {
		away[i] = math.Abs(x - center)
	}
	return consistent * Median(away)
}

// outlying is how many MAD from the median a value is called an outlier. The usual 3.5 (Iglewicz
// and Hoaglin 1993) is for many values: of six normal ones, whose MAD is often small by chance,
// it calls one an outlier in 15 % of all cases, and 6 does in 4 %.
const outlying = 6

// enoughForOutliers is the fewest values of which one may be called an outlier.
const enoughForOutliers = 6

// Outliers are the places of values that are more than 6 MAD from the median and more than the
// share least of it: where most values are alike, the smallest difference would be one. Of
// fewer than six values none is.
func Outliers(v []float64, least float64) (places []int) {
	if len(v) < enoughForOutliers {
		return nil
	}
	center := Median(v)
	limit := max(outlying*MAD(v), least*math.Abs(center))
	for i, x := range v {
		if math.Abs(x-center) > limit {
			places = append(places, i)
		}
	}
	return places
}
