package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func TestShellCompletion(t *testing.T) {
	for asked, want := range map[string]string{
		"run ":                       "gguf\n:8\n",
		"run m.gguf ":                ":4\n",
		"run -m m.gguf ":             ":4\n",
		"tokenize ":                  "gguf\n:8\n",
		"embed ":                     "gguf\n:8\n",
		"run -m ":                    "gguf\n:8\n",
		"plan ":                      "gguf\n:8\n",
		"plan m.gguf --outputs ":     "default\nserver\n:4\n",
		"plan m.gguf --kv-type ":     strings.Join(llm.KVCacheTypes, "\n") + "\n:4\n",
		"plan m.gguf --mmproj ":      "gguf\n:8\n",
		"run --lora ":                "gguf\n:8\n",
		"run --chat-template-file ":  ":0\n",
		"run --json-schema-file ":    ":0\n",
		"run m.gguf --think ":        "show\nhide\noff\n:4\n",
		"run m.gguf -ngl ":           "auto\nall\n:4\n",
		"run m.gguf -sm ":            "none\nlayer\nrow\ntensor\n:4\n",
		"run m.gguf -dev ":           "none\n:4\n",
		"run -ngl 99 -fa ":           "auto\non\noff\n:4\n",
		"run --context-policy ":      "error\nshift\ntruncate-middle\n:4\n",
		"embed --pooling ":           "none\nmean\ncls\nlast\nrank\n:4\n",
		"bench a.gguf ":              "gguf\n:8\n",
		"bench a.gguf -o ":           "table\nmd\ncsv\njson\njsonl\n:4\n",
		"bench -fa ":                 "auto\non\noff\n:4\n",
		"gguf ":                      "hash\tHash the tensors of model files\nmerge\tMerge the parts of a model into one file\nrename\tRename a key of a model file\nrm\tRemove keys of a model file\nset\tSet keys of a model file\nsplit\tSplit a model file into parts\n:4\n",
		"gguf set ":                  "gguf\n:8\n",
		"gguf hash m.gguf ":          "gguf\n:8\n",
		"gguf set m.gguf a=1 -t ":    strings.Join(gguf.ValueTypeNames(), "\n") + "\n:4\n",
		"gguf split m.gguf -o ":      ":0\n",
		"run -no-such-flag --think ": "show\nhide\noff\n:4\n",
	} {
		words := strings.Fields(asked)
		r := runLLM(t, "", append(append([]string{"__complete"}, words...), "")...)
		if strings.Contains(asked, "no-such") {
			if r.code != 0 || strings.Contains(r.stderr, "panic") {
				t.Errorf("%q: %d, %q", asked, r.code, r.stderr)
			}
			continue
		}
		if r.code != 0 || r.stdout != want {
			t.Errorf("%q: %d, %q, want %q", asked, r.code, r.stdout, want)
		}
	}
}

// TestCompleteCards: the last card of a list is completed.
func TestCompleteCards(t *testing.T) {
	for typed, want := range map[string]string{"rtx40": "rtx4090\n", "24GiB+2xm3": "24GiB+2xm3max\n", "7900": "", "3x": "3xt4\n"} {
		if r := runLLM(t, "", "__complete", "plan", "m.gguf", "--gpu", typed); r.code != 0 || !strings.Contains(r.stdout, want) {
			t.Errorf("%s: %q", typed, r.stdout)
		}
	}
}

// TestCompleteKeys: the keys of a file are completed.
func TestCompleteKeys(t *testing.T) {
	model := testmodel.SmolLM2(t)
	for command, want := range map[string]string{"set": "general.name=\n:6\n", "rm": "general.name\n:6\n"} {
		if r := runLLM(t, "", "__complete", "gguf", command, model, "general.na"); r.code != 0 || r.stdout != want {
			t.Errorf("%s: %q", command, r.stdout)
		}
	}
}

// TestManual: a page a command, the same in every build.
func TestManual(t *testing.T) {
	pages := func() map[string]string {
		dir := t.TempDir()
		if r := runLLM(t, "", "man", dir); r.code != 0 || r.stdout+r.stderr != "" {
			t.Fatalf("%+v", r)
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		for _, f := range files {
			b, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			m[f.Name()] = string(b)
		}
		return m
	}
	one, two := pages(), pages()
	for _, name := range []string{"llm.1", "llm-run.1", "llm-embed.1", "llm-plan.1", "llm-bench.1", "llm-bench-levels.1", "llm-bench-compare.1", "llm-tokenize.1", "llm-gguf.1", "llm-gguf-set.1", "llm-imatrix.1", "llm-license-check.1", "llm-devices.1", "llm-doctor.1", "llm-version.1", "llm-completion.1"} {
		page := one[name]
		if page == "" || page != two[name] || !strings.Contains(page, "\n.TH \""+strings.ToUpper(strings.TrimSuffix(name, ".1"))+"\" \"1\" \"\" \"llm\" \"llm\"\n") {
			t.Errorf("%s: %.300q", name, page)
		}
	}
	if len(one) != 30 || one["llm-man.1"] != "" {
		t.Errorf("%d pages", len(one))
	}
	if !strings.Contains(one["llm-run.1"], `\fB-n\fP, \fB--predict\fP=-1`) {
		t.Errorf("%s", one["llm-run.1"])
	}
	checkFailure(t, runLLM(t, "", "man"), exitUsage, "takes one folder")
	checkFailure(t, runLLM(t, "", "man", "/no/such/folder"), exitFailure, "write the manual: open /no/such/folder/llm.1")
}
