package levels_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/quant"
)

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		list string
		want []string // nil: refused
		says string
	}{
		{"Q8_0,Q4_K_M", []string{"Q8_0", "Q4_K_M"}, ""},
		{" q8_0 , q4_k_m ", []string{"Q8_0", "Q4_K_M"}, ""},
		{"auto", []string{"auto"}, ""},
		{"AUTO,dir/mine.gguf", []string{"auto", "dir/mine.gguf"}, ""},
		{"other.GGUF,Q4_0", []string{"other.GGUF", "Q4_0"}, ""},
		{"", nil, "empty name"},
		{"Q8_0,", nil, "empty name"},
		{"Q8_0,q8_0", nil, "Q8_0 is there twice"},
		{"auto,Q8_0", nil, "leave out Q8_0"},
		{"Q9_0", nil, `"Q9_0"`},
		{"COPY", nil, "COPY"},
	} {
		got, err := levels.Wanted(c.list)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%q: %q, %v", c.list, got, err)
		}
		if err != nil && (!errors.Is(err, levels.ErrWanted) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%q: %v", c.list, err)
		}
	}
}

// TestLevels: which levels a list stands for, and what is said of those that are left out.
func TestLevels(t *testing.T) {
	var b strings.Builder
	largest := func(bytes int64) func(*levels.Level) bool {
		return func(l *levels.Level) bool { return l.Recipe.Data <= bytes }
	}
	quantized := model(t)
	quantized.Type, quantized.Bytes = quant.Q4_1, 1_600_000
	for _, c := range []struct {
		what   string
		m      *levels.Model
		wanted []string
		fits   func(*levels.Level) bool
	}{
		{"named", model(t), []string{"Q2_K", "IQ1_S", "Q8_0"}, nil},
		{"the model's own type", model(t), []string{"F16", "Q8_0"}, nil},
		{"auto, all fit", model(t), []string{"auto"}, largest(1 << 40)},
		{"auto, some fit", model(t), []string{"auto"}, largest(1_500_000)},
		{"auto, hardly any fits", model(t), []string{"auto"}, largest(1_000_000)},
		{"auto, nothing fits", model(t), []string{"auto"}, largest(0)},
		{"auto, with a file", model(t), []string{"auto", "a/b.gguf"}, largest(1_400_000)},
		{"auto, of a quantized file", quantized, []string{"auto"}, largest(1 << 40)},
		{"two of a name", model(t), []string{"a/b.gguf", "c/b.gguf"}, nil},
	} {
		list, notes, err := levels.Levels(c.m, c.wanted, c.fits)
		fmt.Fprintf(&b, "# %s\n", c.what)
		for _, l := range list {
			fmt.Fprintf(&b, "%s", l.Name)
			if l.Recipe != nil {
				fmt.Fprintf(&b, " %d bytes", l.Recipe.Data)
			}
			if l.Imatrix {
				b.WriteString(", with an importance matrix")
			}
			if l.Path != "" {
				fmt.Fprintf(&b, ", %s", l.Path)
			}
			b.WriteString("\n")
		}
		for _, n := range notes {
			fmt.Fprintf(&b, "  %s\n", n)
		}
		if err != nil {
			fmt.Fprintf(&b, "  %v\n", err)
		}
		b.WriteString("\n")
	}
	golden.Compare(t, "levels.txt", b.String())
}
