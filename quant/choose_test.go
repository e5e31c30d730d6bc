package quant

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"
)

// within fits what has at most so many bytes, at the speed of a memory that reads so many
// bytes a second; 0: the speed is unknown.
func within(limit int64, bandwidth float64) func(Level) Fit {
	return func(l Level) Fit {
		f := Fit{OK: l.Size <= limit, Why: fmt.Sprintf("%s of %s", gigabytes(l.Size), gigabytes(limit))}
		if bandwidth > 0 {
			f.Speed, f.Estimated = bandwidth/float64(l.Size), true
		}
		return f
	}
}

// withOwn has measurements of this machine for some of the levels, by name.
func withOwn(levels []Level, divergences map[string]float64) []Level {
	for i := range levels {
		if d, ok := divergences[levels[i].String()]; ok {
			levels[i].Quality = &Quality{Divergence: d, Model: "the model", Own: true}
		}
	}
	return levels
}

// unmeasured are levels of which nobody knows how good they are.
func unmeasured(levels []Level) []Level {
	for i := range levels {
		levels[i].Quality = nil
	}
	return levels
}

func only(levels []Level, names ...string) (list []Level) {
	for _, name := range names {
		for _, l := range levels {
			if l.String() == name {
				list = append(list, l)
			}
		}
	}
	return list
}

// TestChoose: each choice with its reasons.
func TestChoose(t *testing.T) {
	small, large, rows := dense8B.source().Levels, dense70B.source().Levels, odd.source().Levels
	var b strings.Builder
	for _, c := range []struct {
		name   string
		levels []Level
		fits   func(Level) Fit
		wants  Wants
	}{
		{"8B within 6 GB", small(), within(6e9, 0), Wants{}},
		{"8B within 100 GB", small(), within(100e9, 0), Wants{}},
		{"8B within 3 GB, without a matrix", small(), within(3e9, 0), Wants{NoMatrix: true}},
		{"8B, a file of at most 4 GB", small(), within(6e9, 0), Wants{MaxSize: 4e9}},
		{"8B within 6 GB, 100 tokens a second", small(), within(6e9, 400e9), Wants{MinSpeed: 100}},
		{"8B within 6 GB, 1000 tokens a second", small(), within(6e9, 400e9), Wants{MinSpeed: 1000}},
		{"8B within 6 GB, a speed where none is known", small(), within(6e9, 0), Wants{MinSpeed: 10}},
		{"8B within 1 GB", small(), within(1e9, 0), Wants{}},
		{"70B within 24 GB", large(), within(24e9, 0), Wants{}},
		{"70B within 24 GB, never measured", unmeasured(large()), within(24e9, 0), Wants{}},
		{"rows of 576 within 100 MB", rows(), within(100e6, 0), Wants{}},
		{"8B, measured here: Q4_K_S is better than Q4_K_M", withOwn(small(), map[string]float64{"Q4_K_M": 0.03, "Q4_K_S": 0.02, "Q4_0": 0.025}), within(5e9, 0), Wants{}},
		{"8B, all that there is measured here", only(withOwn(small(), map[string]float64{"Q4_K_M": 0.03, "Q4_1": 0.02}), "Q4_K_M", "Q4_1"), within(6e9, 0), Wants{}},
		{"8B, one measured elsewhere, one not", only(small(), "Q4_K_M", "IQ4_XS"), within(6e9, 0), Wants{}},
		{"nothing to choose from", nil, within(6e9, 0), Wants{}},
	} {
		got := Choose(c.levels, c.fits, c.wants)
		fmt.Fprintf(&b, "%s:\n", c.name)
		for _, r := range got.Reasons {
			fmt.Fprintf(&b, "  %s\n", r)
		}
		for _, p := range got.Passed {
			fmt.Fprintf(&b, "    not %s: %s\n", p.Level.String(), p.Why)
		}
	}
	golden.Compare(t, "choose.txt", b.String())
}

// TestChooseIsConsistent: what is chosen fits, no level is lost, and a larger budget never
// leads to a level that ranks lower.
func TestChooseIsConsistent(t *testing.T) {
	levels := dense8B.source().Levels()
	ranked, _ := rank(levels)
	place := map[string]int{}
	for i, l := range ranked {
		place[l.String()] = i
	}
	if len(place) != len(levels) {
		t.Fatalf("%d of %d levels are ranked", len(place), len(levels))
	}
	last := len(levels)
	for limit := int64(1e9); limit < 40e9; limit += 1e8 {
		c := Choose(levels, within(limit, 0), Wants{})
		n := len(c.Passed)
		if c.Level != nil {
			n++
			if c.Level.Size > limit {
				t.Errorf("%d bytes: %s has %d", limit, c.Level, c.Level.Size)
			}
			if at := place[c.Level.String()]; at > last {
				t.Errorf("%d bytes: %s ranks lower than with less", limit, c.Level)
			} else {
				last = at
			}
		}
		if n != len(levels) {
			t.Errorf("%d bytes: %d levels of %d come back", limit, n, len(levels))
		}
	}
	if last == len(levels) {
		t.Error("nothing was ever chosen")
	}
}
