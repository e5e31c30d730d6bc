package levels_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/bench/report"
)

var made = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func head() record.Record {
	return record.Record{
		Kind: record.Kind, Schema: record.Schema,
		Program: record.Program{Version: "test"}, Engine: record.Engine{Name: "llama.cpp", Version: "v0.5.0"},
		Settings: record.Settings{Context: 4096, KVTypes: []string{"f16"}, Confidence: 0.95, Window: 512, Seed: 7, Prompt: 512, Generate: 64},
		Model:    record.Model{File: "model.F16.gguf", Architecture: "llama", Type: "F16", Tensors: "00"},
		Card:     &record.Card{Name: "2GiB", Devices: []record.Device{{Name: "2 GiB", Memory: 2 << 30}}},
	}
}

func options() levels.Options {
	return levels.Options{KVTypes: []string{"f16"}, Confidence: 0.95, Rounds: 8, Precision: 0.02, Wants: levels.Wants{Loss: 0.01}}
}

func wanted(t *testing.T, names ...string) []levels.Level {
	t.Helper()
	list, _, err := levels.Levels(model(t), names, func(*levels.Level) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (l *lab) run(t *testing.T, journal string, list []levels.Level, o levels.Options) (*record.Record, error) {
	t.Helper()
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	l.kill = kill
	if l.now.IsZero() {
		l.now = made
	}
	if l.slow == 0 {
		o.Now = func() time.Time { return l.now }
	}
	j := open(t, journal, "conditions")
	defer j.Close()
	return levels.Run(ctx, l, j, model(t), list, head(), o)
}

func TestRun(t *testing.T) {
	l := &lab{windows: 40, groups: 3}
	list := wanted(t, "Q8_0", "Q6_K", "Q4_K_M", "Q4_0", "IQ4_XS", "Q2_K", "folder/other.gguf")
	list = append(list, levels.Level{Name: "Q9", Unmade: "no type has nine bits"})
	r, err := l.run(t, filepath.Join(t.TempDir(), "journal"), list, options())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "run.txt", report.Terminal(r, 120, func(s string) string { return s }))
}

// TestResume: a run that is killed at any step and started again finds what it had finished, and
// ends with the same record as one that was not.
func TestResume(t *testing.T) {
	list := wanted(t, "Q8_0", "Q4_0")
	whole := &lab{windows: 24, groups: 1}
	want, err := whole.run(t, filepath.Join(t.TempDir(), "journal"), list, options())
	if err != nil {
		t.Fatal(err)
	}
	for stop := 1; stop <= whole.calls; stop += 1 + whole.calls/60 {
		journal := filepath.Join(t.TempDir(), "journal")
		killed := &lab{windows: 24, groups: 1, stop: stop}
		part, err := killed.run(t, journal, list, options())
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("killed at %d: %v", stop, err)
		}
		if err := part.Check(); err != nil {
			t.Fatalf("killed at %d: %v", stop, err)
		}
		if text := strings.Join(part.Notes, " "); !strings.Contains(text, "goes on with it") {
			t.Errorf("killed at %d: %q", stop, text)
		}
		again := &lab{windows: 24, groups: 1}
		got, err := again.run(t, journal, list, options())
		if err != nil {
			t.Fatalf("killed at %d: %v", stop, err)
		}
		if again.calls > whole.calls-(stop-1)+len(list) { // files are looked for again
			t.Errorf("killed at %d of %d steps: %d were done again", stop, whole.calls, again.calls)
		}
		for _, step := range again.steps {
			if slices.Contains(killed.steps, step) && !strings.HasPrefix(step, "make") {
				t.Errorf("killed at %d: %s was done twice", stop, step)
			}
		}
		if stop > 1 && got.Resumed != 1 {
			t.Errorf("killed at %d: resumed %d times", stop, got.Resumed)
		}
		got.Resumed, got.Seconds = want.Resumed, want.Seconds
		if !reflect.DeepEqual(got, want) {
			t.Errorf("killed at %d: another record", stop)
		}
	}
}

// TestFailures: what is wrong with one level is said of that one, and the others are compared.
func TestFailures(t *testing.T) {
	l := &lab{windows: 24, groups: 4, noCases: true, broken: map[string]error{
		"make Q6_K":         errors.New("the disk is full"),
		"refuse other.gguf": errors.New("its vocabulary is another"),
		"Q4_0/f16":          errors.New("logits of window 3 are not numbers"),
	}}
	r, err := l.run(t, filepath.Join(t.TempDir(), "journal"), wanted(t, "Q8_0", "Q6_K", "Q4_0", "Q2_K", "a/other.gguf"), options())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	for level, why := range map[string]string{"Q6_K": "make it: the disk is full", "other.gguf": "its vocabulary is another", "Q4_0": "score: logits of window 3 are not numbers"} {
		if row := r.Find(level, "f16"); row.State != record.Failed || row.Why != why {
			t.Errorf("%s: %s, %q", level, row.State, row.Why)
		}
	}
	for _, level := range []string{"F16", "Q8_0", "Q2_K"} {
		if row := r.Find(level, "f16"); row.State != record.Measured || row.Quality == nil {
			t.Errorf("%s: %s, %q", level, row.State, row.Why)
		}
	}
	if r.Choice.Level != "Q8_0" {
		t.Errorf("%s is recommended", r.Choice.Level)
	}
}

// TestReferenceFails: without the reference there is no quality, and the run says so.
func TestReferenceFails(t *testing.T) {
	l := &lab{windows: 24, broken: map[string]error{"F16/f16": errors.New("no")}}
	_, err := l.run(t, filepath.Join(t.TempDir(), "journal"), wanted(t, "Q8_0"), options())
	if err == nil || !strings.Contains(err.Error(), "score the reference: no") {
		t.Error(err)
	}
}

// TestStops: windows are read until the order is certain, and no longer; two levels that are
// alike are read to the end, and the record says that their order is open.
func TestStops(t *testing.T) {
	for _, c := range []struct {
		q4_0    float64
		certain bool
		windows int
	}{{0.06, true, 16}, {0.0300001, false, 64}} {
		before := losses["Q4_0"]
		losses["Q4_0"] = c.q4_0
		l := &lab{windows: 64, groups: 3, noCases: true}
		r, err := l.run(t, filepath.Join(t.TempDir(), "journal"), wanted(t, "Q8_0", "Q4_K_M", "Q4_0"), options())
		losses["Q4_0"] = before
		if err != nil {
			t.Fatal(err)
		}
		if k := r.Ranking; k.Certain != c.certain || c.certain != (len(k.Open) == 0) || r.Rows[1].Quality.Chunks != c.windows {
			t.Errorf("a divergence of %g: %+v after %d windows", c.q4_0, k, r.Rows[1].Quality.Chunks)
		}
	}
}

// TestKVTypes: each level is a row with each type, and the reference has the first.
func TestKVTypes(t *testing.T) {
	o := options()
	o.KVTypes = []string{"f16", "q8_0"}
	l := &lab{windows: 24, groups: 8, noCases: true}
	r, err := l.run(t, filepath.Join(t.TempDir(), "journal"), wanted(t, "Q8_0"), o)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range r.Rows {
		names = append(names, fmt.Sprintf("%s %v", r.Rows[i].Name(true), r.Rows[i].Quality.Divergence != nil))
	}
	if want := []string{"F16 · KV f16 false", "Q8_0 · KV f16 true", "F16 · KV q8_0 true", "Q8_0 · KV q8_0 true"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}

// TestDrift: a machine that becomes slower is said to, and one that does not is not.
func TestDrift(t *testing.T) {
	for tires, says := range map[float64]bool{0: false, 0.05: true} {
		o := options()
		o.Rounds, o.Precision = 8, 0
		l := &lab{windows: 16, groups: 1, tires: tires}
		r, err := l.run(t, filepath.Join(t.TempDir(), "journal"), wanted(t, "Q8_0", "Q4_K_M"), o)
		if err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(r.Notes, " "); strings.Contains(text, "slower while speed was measured") != says {
			t.Errorf("%g a round: %q", tires, text)
		}
	}
}

// TestTime: a run that is given too little time ends each phase when its share is over, and says
// what is missing.
func TestTime(t *testing.T) {
	o := options()
	o.TimeLimit, o.Rounds, o.Precision = 150*time.Millisecond, 1000, 0
	l := &lab{windows: 5000, groups: 1, slow: time.Millisecond}
	r, err := l.run(t, filepath.Join(t.TempDir(), "journal"), wanted(t, "Q8_0", "Q4_K_M"), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(append(r.Notes, r.Ranking.Why), " ")
	if !strings.Contains(text, "rounds of 1000: the time for it was over") {
		t.Errorf("speed: %q", text)
	}
	if !strings.Contains(text, "time") || r.Ranking.Certain && r.Rows[1].Quality.Chunks == 5000 {
		t.Errorf("quality: %q", text)
	}
	if len(r.Rows[1].Generation.Samples) == 1000 {
		t.Error("all rounds were measured")
	}
}
