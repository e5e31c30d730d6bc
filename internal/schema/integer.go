package schema

import (
	"math"
	"strconv"
	"strings"
)

// maxBound: the converter writes integers with at most 16 digits.
const maxBound = 999_999_999_999_999

// integer reads the bounds of integers and refuses those for which the converter's
// build_min_max_int (common/json-schema-to-grammar.cpp@v0.5.0) makes other bounds.
func integer(v *value, at string) *Error {
	lo, hasLo, err := bound(v, at, "minimum", "exclusiveMinimum", math.Ceil, 1)
	if err != nil {
		return err
	}
	hi, hasHi, err := bound(v, at, "maximum", "exclusiveMaximum", math.Floor, -1)
	if err != nil {
		return err
	}
	switch {
	case hasLo && hasHi && lo > hi:
		return wrong(at, "minimum", "no integer is at least %d and at most %d", lo, hi)
	case hasHi && !hasLo && hi < 0:
		return wrong(at, "maximum", "a negative maximum needs a minimum beside it in a grammar; add one")
	case hasLo && !hasHi && lo >= 10:
		// Without a maximum, a 0 or 1 after the first digit and before the last gets lost.
		digits := strconv.FormatInt(lo, 10)
		if strings.ContainsAny(digits[1:len(digits)-1], "01") {
			return wrong(at, "minimum", "a grammar cannot hold %d without a maximum beside it; add one", lo)
		}
	}
	return nil
}

// bound is the last integer that a bound admits; inwards rounds towards it.
func bound(v *value, at, inclusive, exclusive string, inwards func(float64) float64, step int64) (int64, bool, *Error) {
	keyword := inclusive
	b := v.get(inclusive)
	if e := v.get(exclusive); e != nil {
		if b != nil {
			return 0, false, wrong(at, exclusive, "has no effect beside %s; keep one of them", inclusive)
		}
		b, keyword = e, exclusive
	}
	if b == nil {
		return 0, false, nil
	}
	if b.kind != number {
		return 0, false, wrong(at, keyword, "must be a number")
	}
	f, _ := strconv.ParseFloat(b.text, 64)
	if math.Abs(f) > maxBound {
		return 0, false, wrong(at, keyword, "a grammar counts to %d at most", int64(maxBound))
	}
	i := int64(inwards(f))
	if keyword == exclusive && float64(i) == f {
		i += step
	}
	return i, true, nil
}
