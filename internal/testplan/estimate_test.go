package testplan

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/plan"
)

// estimated compares the arithmetic with the engine on so many rows of these files.
func estimated(t *testing.T, files []File, err error, n int) []Result {
	if err != nil {
		t.Fatal(err)
	}
	var e Engine
	defer e.Close()
	var a Arithmetic
	results, err := Compare(t.Context(), Sample(Rows(files), n), e.Plan, a.Plan)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// TestEstimateOfModels: on well-known models the arithmetic says what the engine says.
func TestEstimateOfModels(t *testing.T) {
	files, err := Files()
	for setting, results := range BySetting(estimated(t, files, err, 500)) {
		s := Summarize(results, Everywhere)
		t.Logf("%s: %+v", setting, s)
		if s.Answered+s.Missing > 0 || s.Weights < 1 || s.KV < 1 || s.Within1 < 0.99 || s.Within3 < 1 {
			t.Errorf("%s: %+v", setting, s)
			for _, w := range Worst(results, Everywhere, 3) {
				t.Errorf("%s:\n%+v\n%+v", w.Row, w.Guess, w.Truth)
			}
		}
	}
}

// TestEstimateOfTinyModels: of every architecture; docs/plan.md names those whose graphs are
// not modelled.
func TestEstimateOfTinyModels(t *testing.T) {
	files, err := TinyFiles()
	for setting, results := range BySetting(estimated(t, files, err, 800)) {
		s := Summarize(results, Main)
		t.Logf("%s: %+v", setting, s)
		if s.Answered+s.Missing > 0 || s.Weights < 1 || s.KV < 1 || s.Compute5 < 0.95 {
			t.Errorf("%s: %+v", setting, s)
		}
	}
}

// TestEstimateOfSeveralDevices: what crosses from one to the next, for each batch in flight, and
// layers that stay on the host.
func TestEstimateOfSeveralDevices(t *testing.T) {
	devices, err := plan.ParseDevices("24GiB+12GiB+8GiB")
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Type != "Q4_K_M" || !strings.Contains("llama-3.1-8b gpt-oss-20b deepseek-v2-lite qwen3-0.6b", f.Name) {
			continue
		}
		compareDevices(t, f.Path, devices)
	}
}

func compareDevices(t *testing.T, path string, devices []plan.Device) {
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := f.Hyper()
	if err != nil {
		t.Fatal(err)
	}
	o, err := oracle.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	e := plan.NewEstimator(h, f.Tensors, plan.RepackNone)
	for _, layers := range []int{-1, 20} {
		r := plan.DefaultRequest()
		r.Context, r.GPULayers, r.NoRepack = 8192, layers, true
		truth, err := o.Measure(t.Context(), devices, r)
		if err != nil {
			t.Fatal(err)
		}
		guess, err := e.Measure(t.Context(), devices, r)
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range truth.Devices {
			g := guess.Devices[i]
			if g.Weights != d.Weights || g.KV != d.KV || layers < 0 && g != d || !near(g.Compute, d.Compute) {
				t.Errorf("%s, %d layers, device %d: %+v, want %+v", path, layers, i, g, d)
			}
		}
	}
}

// near: within an eighth.
func near(a, b uint64) bool { return a <= b+b/8 && b <= a+a/8 }

func BenchmarkEstimate(b *testing.B) {
	files, err := Files()
	if err != nil {
		b.Fatal(err)
	}
	var a Arithmetic
	for _, row := range Rows(files) {
		if row.File.Name != "llama-3.1-70b" || row.File.Type != "Q4_K_M" {
			continue
		}
		_, cell, _ := strings.Cut(row.String(), ", ")
		b.Run(strings.ReplaceAll(cell, " ", "_"), func(b *testing.B) {
			for b.Loop() {
				if _, err := a.Plan(b.Context(), row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
