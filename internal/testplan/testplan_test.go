package testplan

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/plan"
)

// TestEngineIsItsOwnTruth: on a few rows of every setting, a planner that says what the engine
// does is off by nothing, and refuses what it refuses.
func TestEngineIsItsOwnTruth(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f File) bool {
		return f.Type != "Q4_K_M" || !strings.Contains("qwen3-0.6b flan-t5-base lfm2-1.2b", f.Name)
	})
	rows := Rows(files)
	var e, again Engine
	defer e.Close()
	defer again.Close()
	results, err := Compare(t.Context(), rows, e.Plan, again.Plan)
	if err != nil || len(results) != len(rows) || len(rows) != 3*len(Cells()) {
		t.Fatalf("%d results of %d rows: %v", len(results), len(rows), err)
	}
	for _, place := range []Place{Main, Everywhere} {
		s := Summarize(results, place)
		// One model takes one sequence only.
		want := Summary{Rows: len(rows) * 5 / 6, Refused: len(rows) / 6, Weights: 1, Weights1: 1, KV: 1, KV1: 1, Within1: 1, Within3: 1, Within5: 1, Compute5: 1}
		if s != want {
			t.Errorf("%+v\nwant %+v", s, want)
		}
	}
	for name, part := range BySetting(results) {
		if len(part) != len(rows)/4 {
			t.Errorf("%s: %d rows", name, len(part))
		}
	}
}

func memory(devices ...plan.Use) *plan.Memory {
	return &plan.Memory{Devices: devices[1:], Host: devices[0]}
}

// TestSummarize: a host with a card; what is off on one of them is not evened out by the other.
func TestSummarize(t *testing.T) {
	host, card := plan.Use{Weights: 50, KV: 0, Compute: 50, Output: 7}, plan.Use{Weights: 600, KV: 300, Compute: 100}
	truth := memory(host, card)
	moved, more, less := card, card, card
	moved.Weights, more.Compute, less.KV = 610, 120, 200
	results := []Result{
		{Truth: truth, Guess: truth},
		{Truth: truth, Guess: memory(plan.Use{Weights: 40, Compute: 50}, moved)},
		{Truth: truth, Guess: memory(host, more)},
		{Truth: truth, Guess: memory(host, less)},
		{Truth: truth}, {Guess: truth}, {},
	}
	want := Summary{Rows: 4, Refused: 1, Answered: 1, Missing: 1, Weights: 0.75, Weights1: 0.75, KV: 0.75, KV1: 0.75, Within1: 0.5, Within3: 0.75, Within5: 0.75,
		Under1: 0.25, Under3: 0.25, Compute5: 0.75, Median: 0.02, P90: 0.1, WorstOver: 0.02, WorstUnder: -0.1}
	if s := Summarize(results, Main); s != want {
		t.Errorf("%+v\nwant %+v", s, want)
	}
	want.Weights1 = 1 // what moved is still there
	want.Within1, want.Median, want.WorstOver, want.P90, want.WorstUnder = 0.5, 20/1100., 20/1100., 100/1100., -100/1100.
	if s := Summarize(results, Everywhere); math.Abs(s.Median-want.Median) > 1e-9 || s != want {
		t.Errorf("everywhere: %+v\nwant %+v", s, want)
	}
	if worst := Worst(results, Main, 2); len(worst) != 2 || worst[0].Guess.Devices[0] != less || worst[1].Guess.Devices[0] != more {
		t.Errorf("the worst: %+v", worst)
	}
	if s := Summarize(nil, Main); s != (Summary{}) {
		t.Errorf("of nothing: %+v", s)
	}
}

// TestCompareStops: what is no refusal ends a comparison, and names the row.
func TestCompareStops(t *testing.T) {
	refuse := func(context.Context, Row) (*plan.Memory, error) { return nil, &plan.Impossible{Reason: "no"} }
	fail := func(context.Context, Row) (*plan.Memory, error) { return nil, errors.New("broken") }
	rows := Rows([]File{{"m", "F16", ""}})
	results, err := Compare(t.Context(), rows[:2], refuse, refuse)
	if err != nil || len(results) != 2 || results[0].Truth != nil || results[0].Guess != nil {
		t.Errorf("%+v: %v", results, err)
	}
	_, err = Compare(t.Context(), rows, refuse, fail)
	if err == nil || !strings.Contains(err.Error(), "broken") || !strings.Contains(err.Error(), rows[0].String()) {
		t.Error(err)
	}
}

// TestSample: the same rows each time, in order, of all settings alike.
func TestSample(t *testing.T) {
	files := make([]File, 78)
	rows := Rows(files)
	for i := range rows {
		rows[i].File.Name = string(rune(i))
	}
	sample := Sample(rows, 400)
	last, per := -1, map[string]int{}
	for _, r := range sample {
		i := slices.IndexFunc(rows, func(x Row) bool { return x.File.Name == r.File.Name })
		if i <= last {
			t.Fatalf("row %d behind row %d", i, last)
		}
		last = i
		per[r.Cell.Setting.Name]++
	}
	if len(sample) != 400 || len(per) != 4 {
		t.Errorf("%d rows, %v", len(sample), per)
	}
	for name, n := range per {
		if n < 80 || n > 120 {
			t.Errorf("%s: %d rows of %d", name, n, len(sample))
		}
	}
	if len(Sample(rows, len(rows)+1)) != len(rows) {
		t.Error("a sample of more than all")
	}
}
