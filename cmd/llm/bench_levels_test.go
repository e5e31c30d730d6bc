package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// levelsOf are the arguments of a comparison that takes a few seconds.
func levelsOf(model, list string, more ...string) []string {
	return append([]string{"bench", "levels", model, "--levels", list, "-t", "1", "-c", "128", "-p", "8", "-n", "2", "-r", "1", "--window", "32", "--chunks", "24", "--tasks", "0"}, more...)
}

// inCache runs the program with a cache of its own.
func inCache(cache string, args ...string) *exec.Cmd {
	c := exec.Command(program, args...)
	c.Env = append(os.Environ(), "LLM_CACHE="+cache)
	return c
}

// TestBenchLevels compares levels, writes the reports, and compares two records.
func TestBenchLevels(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	model := testgguf.Quantizable(1).Write(t, "model.gguf")
	r := finish(t, inCache(cache, levelsOf(model, "Q8_0,Q2_K", "--vram", "8MiB", "--headroom", "0", "--out", filepath.Join(dir, "a"))...))
	if r.code != 0 || !strings.Contains(r.stdout, "▸") || !strings.Contains(r.stdout, "Q2_K") || !strings.Contains(r.stdout, "text that the reference generated") {
		t.Fatalf("%+v", r)
	}
	for _, name := range []string{"report.html", "report.md", "quality-size.svg", "speed-size.svg", "memory-context.svg", "divergence.svg"} {
		if text, err := os.ReadFile(filepath.Join(dir, "a", name)); err != nil || !strings.Contains(strings.ReplaceAll(string(text), `\_`, "_"), "Q2_K") {
			t.Errorf("%s: %v", name, err)
		}
	}
	a, err := record.Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.Join(a.Arguments, " "), dir) || a.Find("Q8_0", "f16").File.FellBack != 0 || a.Program.Version == "" || a.Machine.CPU == "" {
		t.Errorf("%q, %+v", a.Arguments, a.Machine)
	}
	r = finish(t, inCache(cache, levelsOf(model, "Q8_0", "--kv", "f16,q8_0", "--json")...))
	var b record.Record
	if err := json.Unmarshal([]byte(r.stdout), &b); err != nil || len(b.Rows) != 4 {
		t.Fatalf("%d rows, %v: %+v", len(b.Rows), err, r)
	}
	other := filepath.Join(dir, "b.json")
	if err := os.WriteFile(other, []byte(r.stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	r = runLLM(t, "", "bench", "compare", filepath.Join(dir, "a"), other)
	if r.code != 0 || !strings.Contains(r.stdout, "size") || !strings.Contains(r.stdout, "only in a: Q2_K") {
		t.Errorf("%+v", r)
	}
	if r := runLLM(t, "", "bench", "compare", filepath.Join(dir, "a"), other, "--json"); r.code != 0 || !json.Valid([]byte(r.stdout)) {
		t.Errorf("%+v", r)
	}
}

// TestBenchLevelsKilled: a run that was killed goes on with what it had measured.
func TestBenchLevelsKilled(t *testing.T) {
	cache := t.TempDir()
	args := levelsOf(testgguf.Quantizable(1).Write(t, "model.gguf"), "Q8_0,Q4_0", "-r", "40", "--precision", "0.01%", "--json")
	c := inCache(cache, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		journals, _ := filepath.Glob(filepath.Join(cache, "runs", "*.jsonl"))
		text := []byte(nil)
		if len(journals) == 1 {
			text, _ = os.ReadFile(journals[0])
		}
		if strings.Contains(string(text), `"speed/1"`) {
			break
		}
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("no round was measured: %s", text)
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	c.Wait()
	args[len(args)-4] = "2" // rounds: they are there
	r := finish(t, inCache(cache, args...))
	var got record.Record
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || r.code != 0 || !strings.Contains(r.stderr, "goes on where it was ended") {
		t.Fatalf("%v: %+v", err, r)
	}
	if got.Resumed != 1 || len(got.Rows[1].Generation.Samples) < 2 || got.Rows[1].Quality == nil {
		t.Errorf("resumed %d times, %d rounds", got.Resumed, len(got.Rows[1].Generation.Samples))
	}
	if journals, _ := filepath.Glob(filepath.Join(cache, "runs", "*")); len(journals) != 0 {
		t.Errorf("%q is left", journals)
	}
}

// TestBenchLevelsRefuses: what cannot be compared is said in a line, before anything is made.
func TestBenchLevelsRefuses(t *testing.T) {
	dir, cache := t.TempDir(), t.TempDir()
	model := testgguf.Quantizable(1).Write(t, "model.gguf")
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{levelsOf(filepath.Join(dir, "none.gguf"), "Q8_0"), exitFailure, "none.gguf"},
		{levelsOf(file("text.gguf", "this is no model"), "Q8_0"), exitFailure, "GGUF"},
		{levelsOf(model, "Q9_0"), exitUsage, "Q9_0"},
		{levelsOf(model, "Q8_0,"), exitUsage, "empty name"},
		{levelsOf(model, "auto,Q8_0"), exitUsage, "leave out Q8_0"},
		{levelsOf(model, "Q8_0", "--kv", "f17"), exitUsage, "--kv"},
		{levelsOf(model, "Q8_0", "--kv", "f16,f16"), exitUsage, "twice"},
		{levelsOf(model, "Q8_0", "--vram", "much"), exitUsage, "--vram"},
		{levelsOf(model, "Q8_0", "--time", "soon"), exitUsage, "--time"},
		{levelsOf(model, "Q8_0", "--confidence", "120%"), exitUsage, "--confidence"},
		{levelsOf(model, "Q8_0", "--loss", "-1"), exitUsage, "--loss"},
		{levelsOf(model, "Q8_0", "--text", "a", "--no-text"), exitUsage, "exclude each other"},
		{levelsOf(model, "Q8_0", "--text", filepath.Join(dir, "none")), exitFailure, "none"},
		{levelsOf(model, "Q8_0", "--text", file("short", "a b")), exitFailure, "shorter than a window"},
		{levelsOf(model, "Q8_0", "--text", file("empty", "")), exitFailure, "empty"},
		{levelsOf(model, "Q8_0", "--text", file("binary", "a\x00")), exitFailure, "NUL"},
		{levelsOf(model, "Q8_0", "--prompts", file("prompts", "no JSON")), exitFailure, "line 1"},
		{levelsOf(model, "Q8_0", "--no-text", "--suite", file("suite", "{}")), exitFailure, "line 1"},
		{[]string{"bench", "levels", model, model}, exitUsage, "one MODEL"},
		{[]string{"bench", "compare", file("a.json", "{}")}, exitUsage, "two records"},
		{[]string{"bench", "compare", file("a.json", "{}"), file("b.json", "{}")}, exitFailure, "not a record"},
	} {
		r := finish(t, inCache(cache, c.args...))
		if r.code != c.code || !strings.Contains(r.stderr, c.says) || strings.Contains(r.stderr, "goroutine") {
			t.Errorf("%q: %d, %s%s; want %d, %q", c.args[2:], r.code, r.stdout, r.stderr, c.code, c.says)
		}
	}
	if made, _ := filepath.Glob(filepath.Join(cache, "levels", "*.gguf")); len(made) > 0 {
		t.Errorf("made: %q", made)
	}
}
