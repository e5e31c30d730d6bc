package pass_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/internal/imatrix/pass"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

const (
	textFile   = "testdata/text.txt"
	recordFile = "testdata/llama-imatrix.txt"
)

// peerCase is a pass that both make.
type peerCase struct {
	name    string
	model   func(t *testing.T) string
	options pass.Options
	batch   int
	args    []string // of llama-imatrix
}

var peerCases = []peerCase{
	{"smollm2", func(t *testing.T) string { return testmodel.SmolLM2(t) },
		pass.Options{ChunkSize: 128, Chunks: 3}, 256, []string{"-c", "128", "-b", "256", "--chunks", "3"}},
	{"gemma3", func(t *testing.T) string { return testmodel.Gemma3(t) },
		pass.Options{ChunkSize: 64, Chunks: 3, ParseSpecial: true}, 128, []string{"-c", "64", "-b", "128", "--chunks", "3", "--parse-special"}},
	// Experts, each counted by itself; the output, chunks in two batches.
	{"mixture", func(t *testing.T) string { return testgguf.Mixture(7).Write(t, "mixture.gguf") },
		pass.Options{ChunkSize: 96, Chunks: 4, Skip: 1, ProcessOutput: true}, 48, []string{"-c", "96", "-b", "48", "--chunks", "4", "--chunk", "1", "--process-output"}},
	{"windowed", func(t *testing.T) string { return testgguf.Windowed(7).Write(t, "windowed.gguf") },
		pass.Options{ChunkSize: 32}, 128, []string{"-c", "32", "-b", "128"}},
	{"recurrent", func(t *testing.T) string { return testgguf.Recurrent(7).Write(t, "recurrent.gguf") },
		pass.Options{ChunkSize: 32, Chunks: 6}, 128, []string{"-c", "32", "-b", "128", "--chunks", "6"}},
}

func readTestText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(textFile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(b), "\n")
}

// collect runs a case here, and returns the file.
func (c *peerCase) collect(t *testing.T, path string) (string, *pass.Result) {
	t.Helper()
	o := c.options
	o.Text, o.Dataset, o.Output = readTestText(t), textFile, filepath.Join(t.TempDir(), "ours.gguf")
	result, err := pass.Run(context.Background(), path, engine.Options{Batch: c.batch, Threads: 2}, o)
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return o.Output, result
}

// figures are a record's line of a tensor.
type figures struct {
	counts     string
	sum, first float64
}

func figuresOf(e *imatrix.Entry) figures {
	f := figures{counts: strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Counts), " ", ","), "[]"), first: float64(e.Sums[0])}
	for _, s := range e.Sums {
		f.sum += float64(s)
	}
	return f
}

// TestAsLlamaImatrix compares with what llama-imatrix of the same tree made: all sums and
// counts, and the bytes of the file, with -update; sums of its sums from the record else. A
// record of another processor is a rough one: other instructions round differently.
func TestAsLlamaImatrix(t *testing.T) {
	record := map[string]string{}
	tolerance := 1e-5
	if !golden.Update() {
		var system string
		if system, record = readRecord(t); system != llama.BuildInfo().System {
			tolerance = 0.05
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "# What llama-imatrix, tree %s, collects on %s:\n# case, tensor, counts, sum of the sums, first sum\n# %s\n", llama.BuildInfo().Tree, textFile, llama.BuildInfo().System)
	for _, c := range peerCases {
		path := c.model(t)
		file, result := c.collect(t, path)
		m := result.Matrix
		if golden.Update() {
			compareWithPeer(t, &c, path, file, m)
			for _, name := range m.Names() {
				f := figuresOf(m.Entries[name])
				fmt.Fprintf(&out, "%s\t%s\t%s\t%g\t%g\n", c.name, name, f.counts, f.sum, f.first)
			}
			fmt.Fprintf(&out, "%s\tPPL\t%d\t%.4f\t0\n", c.name, result.Chunks, result.Perplexity)
			continue
		}
		for _, name := range m.Names() {
			compareFigures(t, record, c.name, name, figuresOf(m.Entries[name]), tolerance)
		}
		compareFigures(t, record, c.name, "PPL", figures{strconv.Itoa(result.Chunks), result.Perplexity, 0}, tolerance)
	}
	if golden.Update() && !t.Failed() {
		if err := os.WriteFile(recordFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for key := range record {
		t.Errorf("%s is in the record, and was not collected", key)
	}
}

func readRecord(t *testing.T) (system string, record map[string]string) {
	t.Helper()
	b, err := os.ReadFile(recordFile)
	if err != nil {
		t.Fatal(err)
	}
	record = map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		if head, ok := strings.CutPrefix(s.Text(), "# "); ok {
			system = head // the last line of the heading
			continue
		}
		columns := strings.SplitN(s.Text(), "\t", 3)
		record[columns[0]+" "+columns[1]] = columns[2]
	}
	return system, record
}

func compareFigures(t *testing.T, record map[string]string, name, tensor string, got figures, tolerance float64) {
	t.Helper()
	line, ok := record[name+" "+tensor]
	if !ok {
		t.Errorf("%s: %s is not in the record", name, tensor)
		return
	}
	delete(record, name+" "+tensor)
	columns := strings.Split(line, "\t")
	sum, _ := strconv.ParseFloat(columns[1], 64)
	first, _ := strconv.ParseFloat(columns[2], 64)
	rough := tolerance > 1e-5 // routing may differ then
	if got.counts != columns[0] && !rough || off(got.sum, sum) > tolerance || off(got.first, first) > tolerance && !rough {
		t.Errorf("%s: %s: got %+v, recorded %s", name, tensor, got, line)
	}
}

// off is a difference relative to b.
func off(a, b float64) float64 {
	if a == b {
		return 0
	}
	return math.Abs(a-b) / math.Max(math.Abs(b), 1e-30)
}

// compareWithPeer asks llama-imatrix.
func compareWithPeer(t *testing.T, c *peerCase, path, ours string, m *imatrix.Matrix) {
	t.Helper()
	peer := filepath.Join(testmodel.Root(), "build", "cpu", "cmake", "bin", "llama-imatrix")
	theirs := filepath.Join(t.TempDir(), "theirs.gguf")
	args := append([]string{"-m", path, "-f", textFile, "-o", theirs, "-t", "2"}, c.args...)
	if log, err := exec.Command(peer, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", peer, err, log)
	}
	want, err := imatrix.Read(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Entries) != len(m.Entries) {
		t.Errorf("%s: %d tensors, llama-imatrix has %d", c.name, len(m.Entries), len(want.Entries))
	}
	worst := 0.0
	for name, e := range want.Entries {
		got := m.Entries[name]
		if got == nil || fmt.Sprint(got.Counts) != fmt.Sprint(e.Counts) || len(got.Sums) != len(e.Sums) {
			t.Errorf("%s: %s: got %v", c.name, name, got)
			continue
		}
		for i, s := range e.Sums {
			worst = max(worst, off(float64(got.Sums[i]), float64(s)))
		}
	}
	a, err := os.ReadFile(ours)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: the furthest sum is off by %.2g; same bytes: %t", c.name, worst, bytes.Equal(a, b))
	if worst > 1e-5 {
		t.Errorf("%s: a sum is off by %g", c.name, worst)
	}
}
