package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func TestRun(t *testing.T) {
	model := testmodel.SmolLM2(t)
	want := runLLM(t, "", "run", model, "Name three colours.", "--temp", "0", "-n", "16")
	if want.code != 0 || len(want.stdout) < 20 || !strings.HasSuffix(want.stdout, "\n") {
		t.Fatalf("code %d, %q, %q", want.code, want.stdout, want.stderr)
	}
	if !strings.Contains(want.stderr, "context of 4096 tokens (default; the model was trained on 8192 tokens)") {
		t.Errorf("it does not say which context it chose: %q", want.stderr)
	}
	// The same request in other words.
	file := write(t, "prompt", []byte("Name three colours."))
	for _, c := range []struct {
		stdin string
		args  []string
	}{
		{"", []string{"run", model, "-p", "Name three colours.", "-temp", "0", "-n", "16"}},
		{"", []string{"run", "-m", model, "--prompt", "Name three colours.", "--temperature=0", "--n-predict", "16"}},
		{"", []string{"run", model, "Name", "three", "colours.", "--temp=0", "-n16", "-ngl", "0", "-t", "2"}},
		{"Name three colours.", []string{"run", model, "--temp", "0", "-n", "16", "-fa", "auto", "-ctk", "f16"}},
		{"", []string{"run", model, "-f", file, "--temp", "0", "--predict", "16", "-ub", "256", "-s", "7"}},
		{"three colours.", []string{"run", model, "-p", "Name", "--temp", "0", "-n", "16"}},
	} {
		got := runLLM(t, c.stdin, c.args...)
		if c.stdin == "three colours." { // the prompt, an empty line, and what came through the pipe
			if got.code != 0 || got.stdout == want.stdout {
				t.Errorf("%q: code %d, %q", c.args, got.code, got.stdout)
			}
			continue
		}
		if got.code != 0 || got.stdout != want.stdout {
			t.Errorf("%q: code %d, %q, want %q; %s", c.args, got.code, got.stdout, want.stdout, got.stderr)
		}
	}
}

func TestRunChoices(t *testing.T) {
	model := testmodel.SmolLM2(t)
	base := []string{"run", model, "-c", "1024", "--temp", "0", "-n", "24", "-p", "Name three colours."}
	plain := runLLM(t, "", base...).stdout
	for _, c := range []struct {
		args []string
		same bool
	}{
		{[]string{"-sys", "You are a pirate. Answer like one."}, false},
		{[]string{"--no-chat"}, false},
		{[]string{"--repeat-penalty", "1.8"}, false},
		{[]string{"--no-mmap"}, true},
		{[]string{"--top-k", "1", "--min-p", "0.5"}, true},
	} {
		got := runLLM(t, "", append(slices.Clone(base), c.args...)...)
		if got.code != 0 || (got.stdout == plain) != c.same {
			t.Errorf("%q: code %d, %q, plain %q", c.args, got.code, got.stdout, plain)
		}
	}
	stop := strings.Fields(plain)[3]
	if got := runLLM(t, "", append(slices.Clone(base), "--stop", stop)...); strings.Contains(got.stdout, stop) || got.stdout == "" {
		t.Errorf("stop at %q: %q", stop, got.stdout)
	}
	seeded := []string{"run", model, "-c", "1024", "-n", "24", "-p", "Tell me something."}
	draw := func(seed string) string { return runLLM(t, "", append(slices.Clone(seeded), "-s", seed)...).stdout }
	if a, b := draw("1"), draw("1"); a != b {
		t.Errorf("the same seed gave %q and %q", a, b)
	}
	if a, b := draw("1"), draw("2"); a == b {
		t.Errorf("two seeds gave %q", a)
	}
}

func TestRunJSON(t *testing.T) {
	r := runLLM(t, "", "run", testmodel.SmolLM2(t), "--json", "-p", "Name three colours.", "--temp", "0", "-n", "16")
	var kinds []string
	var text string
	for line := range strings.Lines(r.stdout) {
		var ev map[string]any
		if err := json.Unmarshal([]byte(line), &ev); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		kind := ev["event"].(string)
		if len(kinds) == 0 || kinds[len(kinds)-1] != kind {
			kinds = append(kinds, kind)
		}
		switch kind {
		case "model":
			if ev["n_ctx"] != 4096.0 || ev["n_ctx_train"] != 8192.0 {
				t.Errorf("%v", ev)
			}
		case "text":
			text += ev["text"].(string)
		case "usage":
			if ev["completion_tokens"] != 16.0 || ev["prompt_tokens"] == 0.0 {
				t.Errorf("%v", ev)
			}
		case "stop":
			if ev["reason"] != "length" {
				t.Errorf("%v", ev)
			}
		}
	}
	if got := fmt.Sprint(kinds); got != "[model text usage stop]" {
		t.Errorf("events %s", got)
	}
	if plain := runLLM(t, "", "run", testmodel.SmolLM2(t), "-p", "Name three colours.", "--temp", "0", "-n", "16"); plain.stdout != text+"\n" {
		t.Errorf("%q as text, %q as JSON", plain.stdout, text)
	}
	if r.stderr != "" {
		t.Errorf("standard error has %q", r.stderr)
	}
}

func TestRunVerbose(t *testing.T) {
	r := runLLM(t, "", "run", testmodel.SmolLM2(t), "-v", "-p", "hello", "-n", "8")
	for _, want := range []string{"load  ", "first token  ", "prompt  ", "generation   8 tokens", "tokens/s", "KV cache 90.0 MiB", "plan         CPU        planned ", "the process after the load", "peak of the process", "stop  "} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in %q", want, r.stderr)
		}
	}
}

func TestBaseModelCompletes(t *testing.T) {
	args := []string{"run", testmodel.Gemma3(t), "-p", "The capital of France is", "-n", "8", "--temp", "0"}
	r, raw := runLLM(t, "", args...), runLLM(t, "", append(args, "--no-chat")...)
	if r.code != 0 || r.stdout == "" || r.stdout != raw.stdout || !strings.Contains(r.stderr, "has no chat template: the prompt is completed as it is") {
		t.Errorf("code %d, %q, %q; raw %q", r.code, r.stdout, r.stderr, raw.stdout)
	}
}

func TestTokenize(t *testing.T) {
	r := runLLM(t, "", "tokenize", testmodel.SmolLM2(t), "Hello <|im_end|>", "--json")
	var rows []struct {
		ID    int
		Piece string
	}
	if err := json.Unmarshal([]byte(r.stdout), &rows); err != nil || len(rows) < 2 || rows[len(rows)-1].ID != 2 || rows[0].Piece != "Hello" {
		t.Errorf("%v: %q, %q", err, r.stdout, r.stderr)
	}
	if r := runLLM(t, "Hello", "tokenize", testmodel.SmolLM2(t), "--raw"); !strings.Contains(r.stdout, "\"Hello\"\n") {
		t.Errorf("%q", r.stdout)
	}
}

func TestVersionAndDevices(t *testing.T) {
	if r := runLLM(t, "", "version"); !strings.Contains(r.stdout, "fd570ef54b10ec5fecb739e7e04c8ce44a6f415a") || !strings.Contains(r.stdout, "backend  cpu") {
		t.Errorf("%q", r.stdout)
	}
	if r := runLLM(t, "", "version", "--notices"); r.code != 0 || !strings.HasPrefix(r.stdout, "THIRD-PARTY NOTICES\n") || !strings.Contains(r.stdout, "The ggml authors") {
		t.Errorf("%d: %.200q", r.code, r.stdout)
	}
	var devices []struct {
		Type        string
		MemoryTotal uint64 `json:"memory_total"`
	}
	r := runLLM(t, "", "devices", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &devices); err != nil || len(devices) == 0 || devices[0].MemoryTotal == 0 {
		t.Errorf("%v: %q", err, r.stdout)
	}
}

func TestHelpAndCompletion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"embed", "--help"}, {"devices", "--help"}, {"doctor", "--help"}, {"tokenize", "--help"}, {"version", "--help"}} {
		if r := runLLM(t, "", args...); r.code != 0 || !strings.Contains(r.stdout, "Examples:\n") {
			t.Errorf("%q: code %d, %q", args, r.code, r.stdout)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := runLLM(t, "", "completion", shell); r.code != 0 || len(r.stdout) < 500 {
			t.Errorf("%s: code %d, %d bytes", shell, r.code, len(r.stdout))
		}
	}
}

// TestDefaultModel: beside the binary's folder, here, or nowhere.
func TestDefaultModel(t *testing.T) {
	empty := t.TempDir()
	c := command(empty, "run", "-p", "hello", "-n", "1")
	checkFailure(t, finish(t, c), exitUsage, "no MODEL was given", "scripts/fetch-model.sh")
	if err := os.Mkdir(filepath.Join(empty, "models"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(testmodel.SmolLM2(t), filepath.Join(empty, "models", defaultModel)); err != nil {
		t.Fatal(err)
	}
	if r := finish(t, command(empty, "run", "-p", "hello", "-n", "1")); r.code != 0 || r.stdout == "" {
		t.Errorf("code %d, %q", r.code, r.stderr)
	}
}

func TestFlagsThatAreNone(t *testing.T) {
	for _, flag := range []string{"-hf", "-cnv", "-st", "-mli", "-xyz"} {
		checkFailure(t, runLLM(t, "", "run", "m.gguf", flag, "x"), exitUsage, "unknown flag: "+flag)
	}
}

func TestExpandArgs(t *testing.T) {
	root := (&app{}).root()
	for _, c := range []struct{ in, want string }{
		{"run m -ngl 99 -c 5", "run m --ngl 99 -c 5"},
		{"run m -ngl=99", "run m --ngl=99"},
		{"run m -p -ngl", "run m -p -ngl"},
		{"run m --prompt -sys -sys x", "run m --prompt -sys --sys x"},
		{"run m -temp 0 -top-k 3", "run m --temp 0 --top-k 3"},
		{"run m -n -1", "run m -n -1"},
		{"run m -dev none -sm none -ts 3,1 -mg 1 -ot a=b -nkvo", "run m --dev none --sm none --ts 3,1 --mg 1 --ot a=b --nkvo"},
		{"embed m -cmoe -ncmoe 3 -nr -no-op-offload x", "embed m --cmoe --ncmoe 3 --nr --no-op-offload x"},
		{"run m -v -ub 3", "run m -v --ub 3"},
		{"run m -- -ngl 3", "run m -- -ngl 3"},
		{"run m -n16 -t2 -c-1", "run m -n16 -t2 -c-1"},
		{"version", "version"},
	} {
		args, err := expandArgs(root, strings.Fields(c.in))
		if got := strings.Join(args, " "); err != nil || got != c.want {
			t.Errorf("%q became %q, want %q; %v", c.in, got, c.want, err)
		}
	}
}
