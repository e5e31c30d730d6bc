//go:build cgo

package skynet_test

import (
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestRecipe builds and runs the program of the page with its two lines, in an empty folder,
// with nothing of this process's environment, without a GOPATH and without a network.
func TestRecipe(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "migrate-from-go-skynet.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```go\npackage main")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no program")
	}
	dir := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(testmodel.SmolLM2(t), filepath.Join(dir, "model.gguf")); err != nil {
		t.Fatal(err)
	}
	out, err := sh(t, dir, "go build "+sanitize+"-o old . && go vet . && ./old")
	if must(t, out, err); len(out) < 20 {
		t.Errorf("%q", out)
	}
	out, err = sh(t, dir, "unset CGO_CXXFLAGS; go build "+sanitize+"-o old .")
	if err == nil || !strings.Contains(out, "common.h") {
		t.Errorf("without the recipe: %v: %s", err, out)
	}
}

// TestGreedy: the old API's text is that of the command, given the same prompt.
func TestGreedy(t *testing.T) {
	dir := calls(t, "")
	command := filepath.Join(t.TempDir(), "llm")
	out, err := sh(t, root(t), "go build "+sanitize+"-o "+command+" ./cmd/llm")
	must(t, out, err)
	hasNone(t, command)
	for _, model := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		for _, prompt := range []string{"The capital of France is", "Die Würde des Menschen ist"} {
			old, err := sh(t, dir, fmt.Sprintf("./calls text %s %q 24 2>/dev/null", model, prompt))
			must(t, old, err)
			ours, err := sh(t, dir, fmt.Sprintf("%s run --no-chat -t 1 --temp 0 --repeat-penalty 1 -c 512 -n 24 -m %s -p %q 2>/dev/null", command, model, prompt))
			must(t, ours, err)
			if strings.TrimRight(ours, "\n") != strings.TrimRight(old, "\n") || len(old) < 20 {
				t.Errorf("%q:\n%q\n%q", prompt, old, ours)
			}
		}
	}
}

// hasNone: a program that does not import the module has nothing of its C side.
func hasNone(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil || len(symbols) == 0 {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Name == "load_model" || s.Name == "tokenCallback" {
			t.Errorf("%s has %s", program, s.Name)
		}
	}
}

// TestBothAPIs runs testdata/both: the new API over a model of the old one, and the other way
// round.
func TestBothAPIs(t *testing.T) {
	dir := folder(t, "testdata/both/main.go")
	script := "go mod edit -require github.com/seed-f87006eb/llm@v0.0.0 -replace github.com/seed-f87006eb/llm=" + root(t) +
		" && unset CGO_LDFLAGS && go build -mod=mod " + sanitize + "-tags skynet -o both . && ./both " + testmodel.SmolLM2(t)
	out, err := sh(t, dir, script)
	if must(t, out, err); !strings.HasSuffix(out, "both work\n") {
		t.Errorf("%s", out)
	}
}
