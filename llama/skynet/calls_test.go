//go:build cgo

package skynet_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

var (
	n = flag.Int("skynet.calls", 300, "how often TestMemory makes each call")
)

const tableHead = "| call | SmolLM2 135M | Gemma 3 270M |\n|---|---|---|\n"

// rows makes each call on a model: its name and what came of it, line by line.
func rows(t *testing.T, dir, model, other string) []string {
	t.Helper()
	base := testgguf.ReadHeader(t, model)
	if base.Architecture == "mamba" { // no adapter is for it
		base = testgguf.ReadHeader(t, testgguf.Decoder(1).Write(t, "decoder.gguf"))
	}
	zero, random := testgguf.LoRA(t, base, 1, true).Write(t, "zero.gguf"), testgguf.LoRA(t, base, 1, false).Write(t, "random.gguf")
	out, err := sh(t, dir, fmt.Sprintf("./calls table %q %q %q %q 2>messages", model, other, zero, random))
	must(t, out, err)
	if messages, _ := os.ReadFile(filepath.Join(dir, "messages")); len(messages) == 0 {
		t.Error("nothing was said of the options without effect")
	} else {
		t.Logf("%s", messages)
	}
	return strings.Split(strings.TrimSpace(out), "\n")
}

// TestCalls makes each call of the module, from a module of its own, and compares with the
// table of the page.
func TestCalls(t *testing.T) {
	dir := calls(t, "")
	smol, gemma := testmodel.SmolLM2(t), testmodel.Gemma3(t)
	a, b := rows(t, dir, smol, gemma), rows(t, dir, gemma, smol)
	table := tableHead
	for i, row := range a {
		name, outcome, _ := strings.Cut(row, "\t")
		_, other, _ := strings.Cut(b[i], "\t")
		if outcome != "passes" || other != "passes" {
			t.Errorf("%s\n\t%s\n\t%s", name, outcome, other)
		}
		table += fmt.Sprintf("| %s | %s | %s |\n", name, outcome, other)
	}
	path := filepath.Join(root(t), "docs", "migrate-from-go-skynet.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin := strings.Index(string(page), tableHead)
	if begin < 0 {
		t.Fatal("the page has no table")
	}
	end := begin + strings.Index(string(page[begin:])+"\n\n", "\n\n") + 1
	if string(page[begin:end]) == table {
		return
	}
	if !golden.Update() {
		t.Errorf("the table of the page is another; rewrite it with -update:\n%s", table)
	} else if err := os.WriteFile(path, []byte(string(page[:begin])+table+string(page[end:])), 0o644); err != nil {
		t.Error(err)
	}
}

// TestKinds makes each call on tiny models of other kinds: memories that cannot go back, and
// a window.
func TestKinds(t *testing.T) {
	dir := calls(t, "")
	for _, kind := range []struct {
		name         string
		model, other *testgguf.File
		except       []string // rows about what such a model does not show, by words of their names
	}{
		{"decoder", testgguf.Decoder(1), testgguf.BytePairs(3), nil},
		{"byte pairs", testgguf.BytePairs(1), testgguf.Decoder(3), nil},
		{"window", testgguf.Windowed(1), testgguf.BytePairs(3), []string{"RoPE", "random LoRA"}}, // it repeats one word, whatever one does
		{"recurrent", testgguf.Recurrent(1), testgguf.BytePairs(3), []string{"RoPE", "LoRA"}},    // it has neither positions nor attention
	} {
		for _, row := range rows(t, dir, kind.model.Write(t, "model.gguf"), kind.other.Write(t, "other.gguf")) {
			name, outcome, _ := strings.Cut(row, "\t")
			excepted := slices.ContainsFunc(kind.except, func(word string) bool { return strings.Contains(name, word) })
			if outcome != "passes" && !excepted {
				t.Errorf("%s: %s: %s", kind.name, name, outcome)
			}
		}
	}
}

// TestEncoder: a model that makes embeddings does so, and an error of everything else.
func TestEncoder(t *testing.T) {
	dir := calls(t, "")
	for pooling := range uint32(3) {
		out, err := sh(t, dir, "./calls embed "+testgguf.Encoder(1, pooling).Write(t, "encoder.gguf")+" 2>messages")
		if must(t, out, err); out != "true true <nil> <nil> inference failed\n" {
			t.Errorf("pooling %d: %s", pooling, out)
		}
	}
}

// TestMemory makes each call many times. What grows by the size of a prompt a call is a leak.
func TestMemory(t *testing.T) {
	dir := calls(t, "")
	tiny := testgguf.Decoder(1).Write(t, "tiny.gguf")
	lora := testgguf.LoRA(t, testgguf.ReadHeader(t, tiny), 1, false).Write(t, "lora.gguf")
	out, err := sh(t, dir, fmt.Sprintf("./calls memory %q %q %d 2>messages", tiny, lora, *n))
	must(t, out, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) < 10 {
		t.Fatal(out)
	}
	t.Logf("KiB after %d calls more:\n%s", *n, out)
	for _, line := range lines {
		name, kib, _ := strings.Cut(line, "\t")
		grown, err := strconv.Atoi(kib)
		// The allocator's own ups and downs: 300 calls that leave one of their strings take 4.8 MB.
		if limit := 4096 + *n/10; err != nil || grown > limit {
			t.Errorf("%s: %d calls left %s KiB; %d were expected at most (%v)", name, *n, kib, limit, err)
		}
	}
}

// TestGoroutines: four goroutines on two models and their drafts, under the race detector.
func TestGoroutines(t *testing.T) {
	flags := "-race"
	if sanitize != "" {
		flags = "" // one sanitizer at a time
	}
	dir := calls(t, flags)
	a, b := testgguf.Decoder(1).Write(t, "a.gguf"), testgguf.Decoder(2).Write(t, "b.gguf")
	for _, models := range [][2]string{{a, b}, {testmodel.SmolLM2(t), testmodel.Gemma3(t)}} {
		out, err := sh(t, dir, fmt.Sprintf("./calls race %q %q", models[0], models[1]))
		if must(t, out, err); !strings.HasSuffix(out, "<nil>\n") || strings.Contains(out, "DATA RACE") {
			t.Errorf("%s", out)
		}
	}
}
