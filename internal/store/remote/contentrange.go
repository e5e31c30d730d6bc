package remote

import (
	"fmt"
	"strconv"
	"strings"
)

// contentRange is the header Content-Range of RFC 9110, 14.4.
type contentRange struct {
	first, last int64 // both included; -1 where the range asked for does not exist ("*/total")
	total       int64 // size of the file; -1 where it is not known ("*")
}

// parseContentRange errs with ErrBadRange on all that cannot be.
func parseContentRange(s string) (contentRange, error) {
	bad := fmt.Errorf("%w: Content-Range %.80q", ErrBadRange, s)
	unit, rest, ok1 := strings.Cut(s, " ")
	span, total, ok2 := strings.Cut(rest, "/")
	if !ok1 || !ok2 || !strings.EqualFold(unit, "bytes") {
		return contentRange{}, bad
	}
	r := contentRange{first: -1, last: -1, total: -1}
	ok := true
	if total != "*" {
		r.total, ok = digits(total)
	}
	if span == "*" {
		if !ok || r.total < 0 {
			return contentRange{}, bad
		}
		return r, nil
	}
	first, last, ok3 := strings.Cut(span, "-")
	var ok4, ok5 bool
	r.first, ok4 = digits(first)
	r.last, ok5 = digits(last)
	if !ok || !ok3 || !ok4 || !ok5 || r.first > r.last || r.total >= 0 && r.last >= r.total {
		return contentRange{}, bad
	}
	return r, nil
}

// digits takes at most 18 digits and nothing else: no sign, no space, no overflow later.
func digits(s string) (int64, bool) {
	if len(s) > 18 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
