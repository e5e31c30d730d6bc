package spelling

import "testing"

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"rtx4090", "rtx4090", 0}, {"rtx4091", "rtx4090", 1}, {"/hlep", "/help", 2}, {"kitten", "sitting", 3}} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
		if Distance(c.b, c.a) != Distance(c.a, c.b) {
			t.Errorf("%q and %q: one way is longer", c.a, c.b)
		}
	}
}
