package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

const goldenFile = "testdata/upstream.txt"

var goldenPrompts = []string{
	"Once upon a time",
	"The sky is blue because",
	"def fibonacci(n):",
	"Le chat est sur",
	"List five fruits and their colours.",
}

// goldenFlags are choices of samplers, over a raw prompt and with a seed.
var goldenFlags = []string{
	"--temp 0.8",
	"--temp 1.2 --top-k 0 --top-p 0.9",
	"--temp 1 --typical 0.7 --top-k 0",
	"--mirostat 1 --temp 1",
	"--mirostat 2 --temp 1",
	"--top-n-sigma 1.5 --temp 1.3",
	"--xtc-probability 0.5 --xtc-threshold 0.05",
	"--repeat-penalty 1.3 --frequency-penalty 0.2 --presence-penalty 0.1",
	"--dry-multiplier 0.9 --temp 0.2",
	"--dynatemp-range 0.5 --dynatemp-exp 1.2",
	"--sampling-seq kt --top-k 100",
	"--logit-bias 28-inf --logit-bias 30+2",
	"--samplers top_k;temperature;adaptive_p --adaptive-target 0.4",
}

// recorded is what llama-completion said.
type recorded struct {
	mode, prompt, flags, text string
}

func goldens() (all []recorded) {
	for _, mode := range []string{"raw", "chat"} {
		for _, p := range goldenPrompts {
			all = append(all, recorded{mode: mode, prompt: p, flags: "--temp 0"})
		}
	}
	for _, flags := range goldenFlags {
		all = append(all, recorded{mode: "raw", prompt: "Once upon a time there was", flags: "--seed 11 " + flags})
	}
	return all
}

// TestGolden compares 64 tokens of `llm run` with what llama-completion of the same tree
// said: greedy ones, raw and chat, and drawn ones. With -update it asks llama-completion again. A
// record of another processor is only a record: other instructions round
// differently. (The engine's tests compare with a plain loop on every machine.)
func TestGolden(t *testing.T) {
	if golden.Update() {
		recordGolden(t)
	}
	system, records := readGolden(t)
	if len(records) != len(goldens()) {
		t.Fatalf("%d records in %s", len(records), goldenFile)
	}
	same := system == llama.BuildInfo().System && len(buildFlags) == 0
	for _, g := range records {
		args := append([]string{"run", testmodel.SmolLM2(t), "-c", "4096", "-n", "64", "-p", g.prompt}, strings.Fields(g.flags)...)
		if g.mode == "raw" {
			args = append(args, "--no-chat")
		}
		got := strings.TrimSpace(runLLM(t, "", args...).stdout)
		switch {
		case got == "":
			t.Errorf("%s %q %s: no text", g.mode, g.prompt, g.flags)
		case got != g.text && same:
			t.Errorf("%s %q %s\n got %q\nwant %q", g.mode, g.prompt, g.flags, got, g.text)
		case got != g.text:
			t.Logf("%s %q %s: differs from the record of another processor (%s)", g.mode, g.prompt, g.flags, system)
		}
	}
}

func recordGolden(t *testing.T) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "# 64 tokens of llama-completion, tree %s\n", llama.BuildInfo().Tree)
	fmt.Fprintf(&b, "# model %s\nsystem %q\n", filepath.Base(testmodel.SmolLM2(t)), llama.BuildInfo().System)
	for _, g := range goldens() {
		fmt.Fprintf(&b, "%s %q %s\n  %q\n", g.mode, g.prompt, g.flags, askPeer(t, g))
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func askPeer(t *testing.T, g recorded) string {
	t.Helper()
	peer := filepath.Join(testmodel.Root(), "build", "cpu", "cmake", "bin", "llama-completion")
	args := []string{"-m", testmodel.SmolLM2(t), "-c", "4096", "-n", "64", "-p", g.prompt, "--no-display-prompt", "--no-warmup"}
	args = append(args, strings.Fields(g.flags)...)
	if g.mode == "raw" {
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

func readGolden(t *testing.T) (system string, records []recorded) {
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
			prompt, err := strconv.QuotedPrefix(value)
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			records = append(records, recorded{mode: key, prompt: unquote(prompt), flags: strings.TrimSpace(value[len(prompt):])})
		}
	}
	return system, records
}
