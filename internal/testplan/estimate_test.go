package testplan

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
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
		if s.Answered+s.Missing > 0 || s.Weights < 1 || s.KV < 1 || s.Compute5 < 0.9 {
			t.Errorf("%s: %+v", setting, s)
		}
	}
}

// TestEstimateOfDamage: whatever is missing of a model, or is of another size, ends nothing.
func TestEstimateOfDamage(t *testing.T) {
	files, err := TinyFiles()
	if err != nil {
		t.Fatal(err)
	}
	sizes := []uint64{0, 1, 3, 1 << 20, 1 << 40}
	r := plan.DefaultRequest()
	r.Context = 4096
	for i, f := range files {
		file, err := gguf.Open(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		h, err := file.Hyper()
		if err != nil {
			t.Fatal(err)
		}
		for k := range file.Tensors {
			damaged := append([]gguf.Tensor(nil), file.Tensors...)
			d := append([]uint64(nil), damaged[k].Dims...)
			d[(i+k)%len(d)] = sizes[k%len(sizes)]
			damaged[k].Dims = d
			if k%7 == 0 {
				damaged = append(damaged[:k], damaged[k+1:]...)
			}
			r.KeyType, r.ValueType = gguf.F16, gguf.F16
			if k%3 == 0 {
				r.KeyType, r.ValueType = gguf.Q8_0, gguf.Q8_0
			}
			e := plan.NewEstimator(h, damaged, plan.RepackNone)
			for _, s := range Settings() {
				r.Outputs = s.Outputs
				if _, err := e.Measure(t.Context(), s.Devices, r); err != nil && strings.Contains(err.Error(), "runtime") {
					t.Fatal(err)
				}
			}
		}
		file.Close()
	}
}

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
