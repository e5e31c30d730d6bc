package levels_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
)

func fixture(t *testing.T, name string) *record.Record {
	t.Helper()
	r, err := record.Open(filepath.Join("..", "record", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// cases are what a level is chosen of.
var cases = []struct {
	name, fixture string
	change        func(r *record.Record)
	wants         levels.Wants
}{
	{"usual", "synthetic", nil, levels.Wants{Loss: 0.01}},
	{"no loss is allowed", "synthetic", nil, levels.Wants{}},
	{"no card", "synthetic", func(r *record.Record) {
		r.Card = nil
		for i := range r.Rows {
			if r.Rows[i].Memory != nil {
				r.Rows[i].Memory.Fits = nil
			}
		}
	}, levels.Wants{Loss: 0.01}},
	{"no card, no loss", "synthetic", func(r *record.Record) {
		for i := range r.Rows {
			r.Rows[i].Memory = nil
		}
	}, levels.Wants{}},
	{"a small card", "synthetic", func(r *record.Record) { fit(r, "Q4_0", "IQ4_XS", "Q2_K") }, levels.Wants{Loss: 0.01}},
	{"one fits", "synthetic", func(r *record.Record) { fit(r, "Q2_K") }, levels.Wants{Loss: 0.01}},
	{"none fits", "synthetic", func(r *record.Record) {
		fit(r)
		r.Find("Q2_K", "f16").Memory.Why = "3.34 GiB are needed and 2.00 GiB may be used"
	}, levels.Wants{Loss: 0.01}},
	{"fast", "synthetic", nil, levels.Wants{Loss: 0.01, MinSpeed: 80}},
	{"none is fast enough", "synthetic", nil, levels.Wants{Loss: 0.01, MinSpeed: 1000}},
	{"worse in the tasks", "synthetic", func(r *record.Record) { r.Find("Q6_K", "f16").Tasks.Verdict = record.Worse }, levels.Wants{Loss: 0.01}},
	{"all worse in the tasks", "synthetic", func(r *record.Record) {
		fit(r, "Q4_0", "Q2_K")
		r.Find("Q4_0", "f16").Tasks.Verdict = record.Worse
	}, levels.Wants{Loss: 0.01}},
	{"from a quantized file", "from-quantized", nil, levels.Wants{Loss: 0.01}},
	{"the quantized file itself", "from-quantized", func(r *record.Record) {
		r.Card = nil
		for i := range r.Rows {
			if r.Rows[i].Memory != nil {
				r.Rows[i].Memory.Fits = nil
			}
		}
	}, levels.Wants{}},
	{"KV types", "synthetic-kv", nil, levels.Wants{Loss: 0.01}},
	{"uncertain, on generated text", "synthetic", func(r *record.Record) {
		r.Ranking.Certain, r.Ranking.Open = false, []string{"Q4_0 and IQ4_XS"}
		r.Text.Kind = "generated"
	}, levels.Wants{Loss: 0.01}},
	{"much is uncertain", "synthetic", func(r *record.Record) {
		r.Ranking.Certain, r.Ranking.Open = false, []string{"a and b", "a and c", "a and d", "b and c", "b and d", "c and d", "d and e"}
	}, levels.Wants{Loss: 0.01}},
	{"nothing measured", "synthetic", func(r *record.Record) {
		for i := range r.Rows {
			r.Rows[i] = record.Row{Level: r.Rows[i].Level, KV: "f16", State: record.Failed, Why: "no"}
		}
	}, levels.Wants{Loss: 0.01}},
	{"only part was measured", "synthetic", func(r *record.Record) {
		for i := range r.Rows {
			r.Rows[i].Quality = nil
		}
	}, levels.Wants{Loss: 0.01}},
}

// fit lets these levels alone fit the card.
func fit(r *record.Record, names ...string) {
	for i := range r.Rows {
		if m := r.Rows[i].Memory; m != nil {
			yes := slices.Contains(names, r.Rows[i].Level)
			m.Fits = &yes
		}
	}
}

func TestChoose(t *testing.T) {
	var b strings.Builder
	for _, c := range cases {
		r := fixture(t, c.fixture)
		if c.change != nil {
			c.change(r)
		}
		levels.Pareto(r)
		choice := levels.Choose(r, c.wants)
		fmt.Fprintf(&b, "# %s\n%s\n", c.name, choice.Sentence)
		for _, text := range choice.Reasons {
			fmt.Fprintf(&b, "  · %s\n", text)
		}
		for _, text := range choice.Caveats {
			fmt.Fprintf(&b, "  ! %s\n", text)
		}
		b.WriteString("\n")
		if choice.Level != "" && r.Find(choice.Level, choice.KV) == nil {
			t.Errorf("%s: %s with KV %s is no row", c.name, choice.Level, choice.KV)
		}
	}
	golden.Compare(t, "choose.txt", b.String())
}

func TestPareto(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"synthetic", "synthetic-kv"} {
		r := fixture(t, name)
		levels.Pareto(r)
		for i := range r.Rows {
			row := &r.Rows[i]
			says := "not known"
			if row.Pareto {
				says = "no other beats it"
			} else if row.DominatedBy != "" {
				says = "beaten by " + row.DominatedBy
			}
			fmt.Fprintf(&b, "%-14s %-20s %s\n", name, row.Name(r.Several()), says)
		}
	}
	golden.Compare(t, "pareto.txt", b.String())
}

// TestParetoIntervals: what intervals leave open beats nobody.
func TestParetoIntervals(t *testing.T) {
	r := fixture(t, "synthetic")
	a, b := r.Find("Q4_K_M", "f16"), r.Find("Q4_0", "f16")
	b.File.Bytes = a.File.Bytes
	a.Generation.Samples, b.Generation.Samples = nil, nil
	b.Generation.PerSecond = *record.Between(a.Generation.PerSecond.Value-0.1, a.Generation.PerSecond.Value-1, a.Generation.PerSecond.Value+1, 9)
	b.Quality.Divergence = record.Between(a.Quality.Divergence.Value, a.Quality.Divergence.Value/2, a.Quality.Divergence.Value*2, 9)
	levels.Pareto(r)
	if !a.Pareto || !b.Pareto {
		t.Errorf("two that nobody can tell apart: %v, %v", a.Pareto, b.Pareto)
	}
	b.Quality.Divergence = record.Between(0.5, 0.4, 0.6, 9)
	levels.Pareto(r)
	if !a.Pareto || b.Pareto || b.DominatedBy != "Q4_K_M" {
		t.Errorf("one is certainly worse: %v, %v by %q", a.Pareto, b.Pareto, b.DominatedBy)
	}
}

// TestParetoRounds: a machine that becomes slower makes intervals wide, and hides no difference
// that every round shows.
func TestParetoRounds(t *testing.T) {
	r := fixture(t, "synthetic")
	a, b := r.Find("Q4_K_M", "f16"), r.Find("Q4_0", "f16")
	b.File.Bytes, b.Quality.Divergence = a.File.Bytes, a.Quality.Divergence
	speeds := func(factor float64) *record.Speed {
		s := &record.Speed{PerSecond: *record.Between(100*factor, 50*factor, 150*factor, 8)}
		for i := range 8 {
			s.Samples = append(s.Samples, factor*(150-12*float64(i)))
		}
		return s
	}
	a.Generation, b.Generation = speeds(1), speeds(1.03)
	if levels.Pareto(r); a.Pareto || !b.Pareto || a.DominatedBy != "Q4_0" {
		t.Errorf("3 %% faster in each round: %v, %v by %q", a.Pareto, b.Pareto, a.DominatedBy)
	}
	a.Generation.Samples = a.Generation.Samples[:5]
	if levels.Pareto(r); !a.Pareto || !b.Pareto {
		t.Errorf("without the rounds: %v, %v", a.Pareto, b.Pareto)
	}
}

func TestExplain(t *testing.T) {
	r := fixture(t, "from-quantized")
	set := func(level string, kld, bits float64, fell int, became map[string]int) {
		row := r.Find(level, "f16")
		row.Quality.Divergence = record.Between(kld, kld*0.95, kld*1.05, 48)
		row.File.Bits, row.File.Tensors, row.File.FellBack, row.File.Became = bits, 272, fell, became
	}
	set("Q3_K_M", 0.02, 6.1, 180, map[string]int{"IQ4_NL": 150, "Q5_0": 30}) // above Q4_K_M
	set("Q2_K", 0.0201, 6, 180, map[string]int{"Q4_0": 180})
	text := strings.Join(levels.Explain(r), "\n") + "\n"
	golden.Compare(t, "explain.txt", text)
}
