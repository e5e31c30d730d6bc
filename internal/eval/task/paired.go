package task

import (
	"math"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// pairedInterval is the score interval for the difference of two shares of the same n things,
// of which gained count for the second share only and lost for the first only. It holds where
// flips are few or none. (Tango, Statistics in Medicine 17, 891, 1998)
func pairedInterval(lost, gained, n int, confidence float64) stat.Interval {
	if n == 0 {
		return stat.Interval{Low: -1, High: 1}
	}
	z := stat.NormalQuantile((1 + confidence) / 2)
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
	return stat.Interval{Low: edge(middle, -1), High: edge(middle, 1)}
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
