package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

var update = flag.Bool("update", false, "record what llama-completion of the pinned tree says (make golden)")

const goldenFile = "testdata/greedy.txt"

var goldenPrompts = []string{
	"Once upon a time",
	"The sky is blue because",
	"def fibonacci(n):",
	"Le chat est sur",
	"List five fruits and their colours.",
}

// golden is one recorded reply.
type golden struct {
	mode, prompt, text string
}

// TestGolden compares 64 greedy tokens of `llm run` with what llama-completion of
// the same tree said, raw and chat. With -update it asks llama-completion again. A
// record of another processor is only a record: other instructions round
// differently. (The engine's tests compare with a plain loop on every machine.)
func TestGolden(t *testing.T) {
	if *update {
		record(t)
	}
	system, records := readGolden(t)
	if len(records) != 2*len(goldenPrompts) {
		t.Fatalf("%d records in %s", len(records), goldenFile)
	}
	same := system == llama.BuildInfo().System && len(buildFlags) == 0
	for _, g := range records {
		args := []string{"run", testmodel.SmolLM2(t), "-c", "4096", "-n", "64", "--temp", "0", "-p", g.prompt}
		if g.mode == "raw" {
			args = append(args, "--no-chat")
		}
		got := strings.TrimSpace(runLLM(t, "", args...).stdout)
		switch {
		case got == "":
			t.Errorf("%s %q: no text", g.mode, g.prompt)
		case got != g.text && same:
			t.Errorf("%s %q\n got %q\nwant %q", g.mode, g.prompt, got, g.text)
		case got != g.text:
			t.Logf("%s %q: differs from the record of another processor (%s)", g.mode, g.prompt, system)
		}
	}
}

func record(t *testing.T) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# 64 greedy tokens of llama-completion, tree %s\n", llama.BuildInfo().Tree)
	fmt.Fprintf(&b, "# model %s\nsystem %q\n", filepath.Base(testmodel.SmolLM2(t)), llama.BuildInfo().System)
	for _, mode := range []string{"raw", "chat"} {
		for _, p := range goldenPrompts {
			fmt.Fprintf(&b, "%s %q\n  %q\n", mode, p, askPeer(t, mode, p))
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func askPeer(t *testing.T, mode, prompt string) string {
	t.Helper()
	peer := filepath.Join(testmodel.Root(), "build", "cpu", "cmake", "bin", "llama-completion")
	args := []string{"-m", testmodel.SmolLM2(t), "-c", "4096", "-n", "64", "--temp", "0", "-p", prompt, "--no-display-prompt", "--no-warmup"}
	if mode == "raw" {
		args = append(args, "-no-cnv")
	} else {
		args = append(args, "-cnv", "-st", "--jinja")
	}
	out, err := exec.Command(peer, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", peer, err)
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(string(out)), "[end of text]"))
}

func readGolden(t *testing.T) (system string, records []golden) {
	t.Helper()
	f, err := os.Open(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unquote := func(s string) string {
		u, err := strconv.Unquote(s)
		if err != nil {
			t.Fatalf("%s: %s", s, err)
		}
		return u
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		key, value, _ := strings.Cut(line, " ")
		switch {
		case key == "#":
		case key == "system":
			system = unquote(value)
		case key == "":
			records[len(records)-1].text = unquote(strings.TrimSpace(line))
		default:
			records = append(records, golden{mode: key, prompt: unquote(value)})
		}
	}
	return system, records
}
