package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/license"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func writeText(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const commercialPolicy = "schema: llm.policy/1\nuse: [commercial, mau=5e6, region=EU]\n"

// TestPolicyAtLoad: a model that the policy does not allow is not loaded, whatever would be done with it, and the message
// names the clause on one line; nothing is said about one that is allowed.
func TestPolicyAtLoad(t *testing.T) {
	home := t.TempDir()
	policy := writeText(t, filepath.Join(home, "config", "llm", "policy.yaml"), commercialPolicy)
	model := func(name, tag string) string {
		f := testgguf.Decoder(1)
		if tag != "" {
			f.Set("general.license", tag)
		}
		return f.Write(t, name+".gguf")
	}
	allowed := testmodel.SmolLM2(t)
	denied, asks, unknown := model("nc", "cc-by-nc-4.0"), model("research", "qwen-research"), model("own", "")
	for _, c := range []struct {
		env, model, want string
		code             int
	}{
		{"LLM_POLICY=" + policy, allowed, "", 0},
		{"LLM_POLICY=" + policy, denied, `deny: commercial_use of cc-by-nc-4.0 says "no" (high confidence)`, 4},
		{"LLM_POLICY=" + policy, asks, `ask: commercial_use of qwen-research says "no" (medium confidence)`, 3},
		{"LLM_POLICY=" + policy, unknown, "unknown: licence of unknown", 5},
		{"XDG_CONFIG_HOME=" + filepath.Join(home, "config"), denied, "deny: commercial_use of cc-by-nc-4.0", 4},
		{"XDG_CONFIG_HOME=" + home, allowed, "", 0},
		{"LLM_POLICY=" + filepath.Join(home, "none.yaml"), allowed, "read the use policy: open ", 1},
		{"LLM_POLICY=" + writeText(t, filepath.Join(home, "wrong.yaml"), "uses: [commercial]\n"), allowed, "field uses not found", 1},
		{"LLM_POLICY=" + home, allowed, "is a directory", 1},
	} {
		for _, args := range [][]string{{"run", c.model, "-p", "Hello", "-n", "1", "--no-chat"}, {"embed", c.model, "Hello"},
			{"bench", c.model, "-p", "8", "-n", "0"}, {"imatrix", c.model, "-o", filepath.Join(home, "imatrix.gguf"), "--chunks", "1"}} {
			if c.code == 0 && args[0] != "run" {
				continue
			}
			cmd := command(t.TempDir(), args...)
			cmd.Env = append(cmd.Env, c.env)
			r := finish(t, cmd)
			switch {
			case r.code != c.code || !strings.Contains(r.stderr, c.want):
				t.Errorf("%s %q: %d, %s", c.env, args, r.code, r.stderr)
			case c.code != 0 && (strings.Count(r.stderr, "\n") != 1 || r.stdout != ""):
				t.Errorf("%s %q: more than a line: %s%s", c.env, args, r.stdout, r.stderr)
			case c.code == 0 && strings.Contains(r.stderr, "licen"):
				t.Errorf("%s %q: it speaks of licences: %s", c.env, args, r.stderr)
			}
		}
	}
	// What only looks at a model needs no permission.
	for _, args := range [][]string{{"inspect", denied}, {"tokenize", denied, "a"}, {"license", denied}} {
		cmd := command(t.TempDir(), args...)
		cmd.Env = append(cmd.Env, "LLM_POLICY="+policy)
		if r := finish(t, cmd); r.code != 0 {
			t.Errorf("%q: %d, %s", args, r.code, r.stderr)
		}
	}
}

// TestPolicyOfAdapters: an adapter has a licence too.
func TestPolicyOfAdapters(t *testing.T) {
	policy := writeText(t, filepath.Join(t.TempDir(), "policy.yaml"), commercialPolicy)
	adapter := (&testgguf.File{}).Set("general.architecture", "llama").Set("general.type", "adapter").Set("general.license", "cc-by-nc-4.0").Write(t, "a.gguf")
	for _, flag := range [][]string{{"--lora", adapter}, {"--lora-scaled", adapter + ":0.5"}, {"--control-vector", adapter}} {
		cmd := command(t.TempDir(), append([]string{"run", testmodel.SmolLM2(t), "-p", "Hello", "-n", "1"}, flag...)...)
		cmd.Env = append(cmd.Env, "LLM_POLICY="+policy)
		if r := finish(t, cmd); r.code != 4 || !strings.Contains(r.stderr, "a.gguf load: deny") {
			t.Errorf("%q: %d, %s", flag, r.code, r.stderr)
		}
	}
}

// TestPolicyOfThePage: the example of docs/license.md is read.
func TestPolicyOfThePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(testmodel.Root(), "docs", "license.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, example, ok := strings.Cut(string(page), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	facts, err := license.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	p, err := facts.ParsePolicy(strings.NewReader(example))
	if err != nil || !ok || len(p.Accept) == 0 || len(p.Agreements) == 0 {
		t.Errorf("%v, %+v", err, p)
	}
}
