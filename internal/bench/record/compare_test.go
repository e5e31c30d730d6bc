package record_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// measured is the synthetic record with speeds and qualities that are drawn: faster by a factor,
// and further from the reference by another.
func measured(seed uint64, faster, further float64) *record.Record {
	r := synthetic("f16")
	draw := rand.New(rand.NewPCG(seed, 1))
	windows := rand.New(rand.NewPCG(99, 1)) // the same text
	hard := make([]float64, 48)
	for i := range hard {
		hard[i] = 0.5 + windows.Float64()
	}
	for i := range r.Rows {
		w := &r.Rows[i]
		if w.State != record.Measured {
			continue
		}
		for _, s := range []*record.Speed{w.Prompt, w.Generation} {
			for k := range s.Samples {
				s.Samples[k] = s.PerSecond.Value * faster * (1 + 0.005*draw.NormFloat64())
			}
		}
		for k := range w.Quality.PerChunk {
			c := &w.Quality.PerChunk[k]
			c.Divergence = made[i].kld * further * float64(c.Tokens) * hard[k] * (1 + 0.05*draw.NormFloat64())
		}
	}
	return r
}

func TestCompare(t *testing.T) {
	var b strings.Builder
	for _, c := range []struct {
		what string
		a, b func() *record.Record
	}{
		{"the same again", func() *record.Record { return measured(1, 1, 1) }, func() *record.Record { return measured(2, 1, 1) }},
		{"5 % faster, 20 % further", func() *record.Record { return measured(1, 1, 1) }, func() *record.Record { return measured(2, 1.05, 1.2) }},
		{"another machine and text", func() *record.Record { return measured(1, 1, 1) }, func() *record.Record {
			r := measured(3, 2, 1)
			r.Machine.CPU, r.Engine.Backend, r.Settings.Threads = "Another", "cuda", 1
			r.Machine.Devices = []record.Device{{Name: "CUDA0", Description: "A card"}}
			r.Text.SHA256 = "33"
			r.Rows = r.Rows[:3]
			return r
		}},
		{"another model", func() *record.Record { return measured(1, 1, 1) }, func() *record.Record {
			r := measured(1, 1, 1)
			r.Model.File, r.Model.Tensors, r.Model.Vocabulary = "b.gguf", "sha256:02", "sha256:12"
			r.Rows = r.Rows[:2]
			return r
		}},
		{"too few rounds", func() *record.Record {
			r := measured(1, 1, 1)
			r.Rows = r.Rows[:2]
			for i := range r.Rows {
				r.Rows[i].Generation.Samples = r.Rows[i].Generation.Samples[:2]
				r.Rows[i].Quality.PerChunk = r.Rows[i].Quality.PerChunk[:1]
			}
			return r
		}, func() *record.Record { return measured(2, 1, 1) }},
	} {
		got := record.Compare(c.a(), c.b(), 0.95, record.DefaultMargin)
		fmt.Fprintf(&b, "# %s\n", c.what)
		for _, d := range got.Differences {
			fmt.Fprintf(&b, "differs in %s\n", d)
		}
		if got.Unpaired != "" {
			fmt.Fprintf(&b, "quality: %s\n", got.Unpaired)
		}
		for _, r := range got.Rows[:2] {
			for _, x := range r.Ratios {
				between := "no interval"
				if x.Ratio.Known() {
					between = fmt.Sprintf("%.4f to %.4f", *x.Ratio.Low, *x.Ratio.High)
				}
				fmt.Fprintf(&b, "%s %s: %.4f, %s: %s\n", r.Level, x.What, x.Ratio.Value, between, x.Verdict)
			}
		}
		fmt.Fprintf(&b, "only in a: %v; only in b: %v\n\n", got.OnlyA, got.OnlyB)
	}
	path := filepath.Join("testdata", "compare.txt")
	if golden.Update() {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != b.String() {
		t.Errorf("%s differs:\n%s", path, b.String())
	}
}

// TestCompareCovers: where nothing differs, intervals of ratios have room for 1 as often as they
// say, and hardly ever is something called different.
func TestCompareCovers(t *testing.T) {
	const runs = 60
	wrong, all := 0, 0
	for seed := range uint64(runs) {
		a, b := measured(2*seed, 1, 1), measured(2*seed+1, 1, 1)
		a.Rows, b.Rows = a.Rows[1:4], b.Rows[1:4]
		for _, row := range record.Compare(a, b, 0.95, record.DefaultMargin).Rows {
			for _, x := range row.Ratios {
				if x.What == "size" || x.What == "memory" || x.What == "perplexity" {
					continue // these are the same
				}
				all++
				if x.Verdict == record.Different {
					wrong++
				}
			}
		}
	}
	// 540 intervals of 95 %: more than 7.5 % outside happens in fewer than 1 of 100 such tests.
	if share := float64(wrong) / float64(all); share > 0.075 || all != runs*9 {
		t.Errorf("%d of %d are called different, and none is", wrong, all)
	}
}
