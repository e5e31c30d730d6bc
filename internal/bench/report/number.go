package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// gib is an amount of memory in GiB, with the digits that a person needs.
func gib(bytes float64) string {
	g := bytes / (1 << 30)
	switch {
	case g == 0:
		return "0"
	case g < 0.1:
		return fmt.Sprintf("%.3f", g)
	case g < 100:
		return fmt.Sprintf("%.2f", g)
	}
	return fmt.Sprintf("%.0f", g)
}

// significant writes a number with so many digits and no exponent, as long as it is not tiny.
func significant(x float64, digits int) string {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return strconv.FormatFloat(x, 'g', -1, 64)
	}
	if a := math.Abs(x); a < 1e-5 {
		return strconv.FormatFloat(x, 'e', digits-1, 64)
	}
	return strconv.FormatFloat(x, 'f', max(0, digits-1-int(math.Floor(math.Log10(math.Abs(x))))), 64)
}

// decimals are how many digits behind the point show an error with one digit, or with two where
// the first is a 1.
func decimals(err float64) int {
	if err <= 0 || math.IsInf(err, 0) {
		return -1
	}
	power := math.Floor(math.Log10(err))
	n := -int(power)
	if err < 1.95*math.Pow(10, power) {
		n++
	}
	return min(max(0, n), 9)
}

// estimate is a figure with its uncertainty: "0.0123 ± 0.0004", the larger half of the interval.
// scale multiplies both, such as by 100 for per cent; without an interval it has digits
// significant ones.
func estimate(e *record.Estimate, scale float64, digits int) string {
	if e == nil {
		return "-"
	}
	value := e.Value * scale
	if !e.Known() {
		return significant(value, digits)
	}
	half := scale * max(e.Value-*e.Low, *e.High-e.Value, 0)
	n := decimals(half)
	if n < 0 {
		return significant(value, digits) + " ± 0"
	}
	if math.Abs(value) < 1e-5 && value != 0 {
		return significant(value, 2) + " ± " + significant(half, 2)
	}
	return strconv.FormatFloat(value, 'f', n, 64) + " ± " + strconv.FormatFloat(half, 'f', n, 64)
}

func float(x *float64, digits int) string {
	if x == nil {
		return "-"
	}
	return significant(*x, digits)
}

// duration is a time for a person.
func duration(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 100:
		return significant(seconds, 3) + " s"
	case seconds < 3600:
		return fmt.Sprintf("%d min %d s", int(seconds)/60, int(seconds)%60)
	}
	return fmt.Sprintf("%d h %d min", int(seconds)/3600, int(seconds)/60%60)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
