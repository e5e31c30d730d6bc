package lab_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/bench/lab"
	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/bench/report"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/plan"
)

// card is one that the tiny model fits in some levels only.
func card(t *testing.T, text string) []plan.Device {
	t.Helper()
	devices, err := plan.ParseDevices(text)
	if err != nil {
		t.Fatal(err)
	}
	return devices
}

func setup(t *testing.T, cache string) lab.Options {
	t.Helper()
	return lab.Options{
		Context: 256, KVTypes: []string{"f16"}, Cache: cache, Window: 32, Seed: 1, Chunks: 1, Prompt: 8, Generate: 2,
		Load: lab.Load{Threads: 1, Batch: 64, Ubatch: 32, GPULayers: -1}, Text: lab.Text{Windows: 24},
	}
}

func open(t *testing.T, path string, o lab.Options) *lab.Lab {
	t.Helper()
	l, err := lab.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// run is all that the command does, but for what it prints.
func run(t *testing.T, l *lab.Lab, wanted ...string) *record.Record {
	t.Helper()
	if err := l.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, _, err := levels.Levels(&l.Model, wanted, func(*levels.Level) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	o := levels.Options{KVTypes: l.KVTypes, Confidence: 0.95, Rounds: 1, Wants: levels.Wants{Loss: 0.01}}
	head, err := l.Head(record.Program{Version: "test"}, &o, "1MiB", nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := l.Key(&head, list)
	if err != nil {
		t.Fatal(err)
	}
	j, err := levels.OpenJournal(l.JournalPath(key), key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := levels.Run(t.Context(), l, j, &l.Model, list, head, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Remove(); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun compares levels of a tiny model in 16 bits, from making them to choosing one: nothing
// falls back in it, so that types with fewer bits are further from the reference.
func TestRun(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	path := testgguf.Quantizable(1).Write(t, "model.gguf")
	other := testgguf.BytePairs(1).Write(t, "other.gguf")
	l := open(t, path, setup(t, cache))
	r := run(t, l, "Q8_0", "Q4_K_M", "Q2_K", "IQ2_XXS", other)
	for i, name := range []string{"F16", "Q8_0", "Q4_K_M", "Q2_K", "IQ2_XXS"} {
		row := &r.Rows[i]
		switch {
		case row.Level != name || row.State != record.Measured:
			t.Fatalf("%s is %s: %s", row.Level, row.State, row.Why)
		case row.Quality == nil || row.Generation == nil || row.Prompt == nil || row.Load == nil:
			t.Errorf("%s lacks figures", name)
		// The engine's buffers have some padding that the tensors of a mapped file have not.
		case *row.Memory.Real > *row.Memory.Planned || *row.Memory.Planned-*row.Memory.Real > 1024:
			t.Errorf("%s: %d bytes are planned and %d taken", name, *row.Memory.Planned, *row.Memory.Real)
		case row.File.FellBack != 0 || row.From != "":
			t.Errorf("%s: %d tensors fell back, %q", name, row.File.FellBack, row.From)
		}
		if i > 1 && row.Quality.Divergence.Value <= r.Rows[i-1].Quality.Divergence.Value*0.5 {
			t.Errorf("%s is much closer than %s", name, r.Rows[i-1].Level)
		}
	}
	if row := r.Rows[5]; row.State != record.Failed || !strings.Contains(row.Why, "vocabular") || !row.Given {
		t.Errorf("a model with another vocabulary: %s, %q", row.State, row.Why)
	}
	if r.Rows[4].File.Imatrix == "" || r.Rows[1].File.Imatrix != "" {
		t.Errorf("importance matrices: %q and %q", r.Rows[4].File.Imatrix, r.Rows[1].File.Imatrix)
	}
	if r.Text.Kind != "generated" || r.Text.Chunks != 24 {
		t.Errorf("%+v", r.Text)
	}
	if page, err := report.HTML(r); err != nil || !strings.Contains(page, "IQ2_XXS") {
		t.Error(err)
	}
	if err := r.Write(filepath.Join(dir, "record.json")); err != nil {
		t.Error(err)
	}

	// What was made is there for the next run, and quality is the same again.
	again := run(t, open(t, path, setup(t, cache)), "Q8_0", "Q4_K_M")
	for i := 1; i < 3; i++ {
		a, b := &r.Rows[i], &again.Rows[i]
		if b.File.Seconds != nil || a.File.Recipe != b.File.Recipe {
			t.Errorf("%s was made again", a.Level)
		}
		if *a.Quality.P99 != *b.Quality.P99 && a.Quality.Chunks == b.Quality.Chunks {
			t.Errorf("%s: 99 of 100 positions within %g, then within %g", a.Level, *a.Quality.P99, *b.Quality.P99)
		}
	}
}

// TestCard: what the card holds decides what fits, by the layers that are on it.
func TestCard(t *testing.T) {
	o := setup(t, t.TempDir())
	o.Card = card(t, "8MiB")
	l := open(t, testgguf.Quantizable(1).Write(t, "model.gguf"), o)
	list, _, err := levels.Levels(&l.Model, []string{"Q8_0", "Q2_K"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var before uint64
	for i := range list {
		m, err := l.Plan(t.Context(), &list[i], "f16", true)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Card) != 1 || m.Fits == nil || *m.Fits != (m.Why == "") || len(m.Curve) == 0 {
			t.Fatalf("%s: %+v", list[i].Name, m)
		}
		if n := m.Card[0].Weights; i > 0 && n >= before {
			t.Errorf("%s has %d bytes on the card, the level before %d", list[i].Name, n, before)
		}
		before = m.Card[0].Weights
	}
	l.Card = card(t, "1GiB")
	if m, err := l.Plan(t.Context(), &list[0], "f16", false); err != nil || !*m.Fits {
		t.Errorf("1 GiB: %+v, %v", m, err)
	}
	l.Card = card(t, "1MiB")
	if m, err := l.Plan(t.Context(), &list[0], "f16", false); err != nil || *m.Fits || m.Why == "" {
		t.Errorf("1 MiB: %+v, %v", m, err)
	}
}

// TestTexts: texts that cannot be scored are refused in words, with the file's name.
func TestTexts(t *testing.T) {
	path := testgguf.Quantizable(1).Write(t, "model.gguf")
	for name, c := range map[string]struct {
		content string
		prompts bool
		want    error
	}{
		"short":        {"a b", false, eval.ErrShort},
		"empty":        {" \n", false, eval.ErrText},
		"binary":       {"a\x00b", false, eval.ErrText},
		"not UTF-8":    {"a\xffb", false, eval.ErrText},
		"no prompts":   {"\n", true, eval.ErrText},
		"not JSON":     {"hello\n", true, eval.ErrText},
		"short prompt": {`"a"`, true, eval.ErrShort},
	} {
		o := setup(t, t.TempDir())
		file := filepath.Join(t.TempDir(), "text")
		if err := os.WriteFile(file, []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		o.Text = lab.Text{File: file}
		if c.prompts {
			o.Text = lab.Text{Prompts: file}
		}
		l := open(t, path, o)
		if err := l.Prepare(t.Context()); !errors.Is(err, c.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o := setup(t, t.TempDir())
	o.Text = lab.Text{File: t.TempDir()}
	if err := open(t, path, o).Prepare(t.Context()); !errors.Is(err, eval.ErrText) {
		t.Errorf("a folder: %v", err)
	}
}

// TestNoText: without a text all but quality is measured.
func TestNoText(t *testing.T) {
	o := setup(t, t.TempDir())
	o.Text = lab.Text{None: true}
	r := run(t, open(t, testgguf.Quantizable(1).Write(t, "model.gguf"), o), "Q8_0")
	if r.Text != nil || r.Rows[1].Quality != nil || r.Rows[1].Generation == nil || r.Choice.Level != "" {
		t.Errorf("%+v", r.Choice)
	}
}

// TestCancelled: a lab that is told to stop does.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lab.Open(ctx, testgguf.Quantizable(1).Write(t, "model.gguf"), setup(t, t.TempDir())); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
