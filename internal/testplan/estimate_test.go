package testplan

import (
	"strings"
	"testing"
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
