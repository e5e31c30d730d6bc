package remote

import (
	"errors"
	"fmt"
	"testing"
)

var contentRanges = []struct {
	text string
	want contentRange
	ok   bool
}{
	{"bytes 0-99/100", contentRange{0, 99, 100}, true},
	{"Bytes 0-0/1", contentRange{0, 0, 1}, true},
	{"bytes 10-19/*", contentRange{10, 19, -1}, true},
	{"bytes */100", contentRange{-1, -1, 100}, true},
	{"bytes */0", contentRange{-1, -1, 0}, true},
	{"bytes 0-249999999/250000000", contentRange{0, 249_999_999, 250_000_000}, true},
	{"bytes 0-999999999999999997/999999999999999998", contentRange{0, 999_999_999_999_999_997, 999_999_999_999_999_998}, true},
	{"", contentRange{}, false},
	{"bytes", contentRange{}, false},
	{"bytes */*", contentRange{}, false},
	{"bytes 0-99", contentRange{}, false},
	{"bytes 0-99/", contentRange{}, false},
	{"bytes 0-100/100", contentRange{}, false},
	{"bytes 5-4/100", contentRange{}, false},
	{"bytes -5/100", contentRange{}, false},
	{"bytes 5-/100", contentRange{}, false},
	{"bytes 0-99/-1", contentRange{}, false},
	{"bytes +0-99/100", contentRange{}, false},
	{"bytes 0-99/100/100", contentRange{}, false},
	{"bytes  0-99/100", contentRange{}, false},
	{"bytes=0-99/100", contentRange{}, false},
	{"items 0-99/100", contentRange{}, false},
	{"bytes 0-99/1e3", contentRange{}, false},
	{"bytes 0-99/9999999999999999999", contentRange{}, false},
	{"bytes 0-99999999999999999999/*", contentRange{}, false},
	{"bytes 0-٩/*", contentRange{}, false},
}

func TestContentRange(t *testing.T) {
	for _, x := range contentRanges {
		got, err := parseContentRange(x.text)
		if got != x.want || (err == nil) != x.ok || err != nil && !errors.Is(err, ErrBadRange) {
			t.Errorf("%q: %v, %v", x.text, got, err)
		}
	}
}

func FuzzContentRange(f *testing.F) {
	for _, x := range contentRanges {
		f.Add(x.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseContentRange(s)
		if err != nil {
			if r != (contentRange{}) || len(err.Error()) > 700 {
				t.Fatalf("%q: %v, %v", s, r, err)
			}
			return
		}
		span, total := "*", "*"
		if r.first >= 0 {
			span = fmt.Sprintf("%d-%d", r.first, r.last)
		}
		if r.total >= 0 {
			total = fmt.Sprint(r.total)
		}
		again, err := parseContentRange("bytes " + span + "/" + total)
		if again != r || err != nil || r.first > r.last || r.total >= 0 && r.last >= r.total || r.first < 0 && r.total < 0 {
			t.Fatalf("%q: %v, then %v, %v", s, r, again, err)
		}
	})
}
