package gguf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestRealTemplates: no template in use is refused.
func TestRealTemplates(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(testmodel.Root(), "third_party", "llama.cpp", "models", "templates", "*.jinja"))
	more, _ := filepath.Glob(filepath.Join(testmodel.Root(), "llama", "testdata", "*.jinja"))
	if len(files) < 40 {
		t.Fatalf("%d templates; get them with: make native", len(files))
	}
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if what := templateProblem(string(text)); what != "" {
			t.Errorf("%s: it %s", filepath.Base(file), what)
		}
	}
}

// TestTemplateBombs: those that can be told by looking are.
func TestTemplateBombs(t *testing.T) {
	atRunTime := map[string]bool{ // only running them tells
		"recursion in a loop": true, "range from messages": true, "doubling by format": true,
		"doubling by replace": true, "join with a long text": true, "indent": true,
		"a list in itself": true, "a namespace in itself": true, "a list that grows": true, "cartesian": true,
	}
	for name, template := range testgguf.TemplateBombs() {
		what := templateProblem(template)
		if len(template) > maxTemplate {
			what = "is too large"
		}
		if (what == "") != atRunTime[name] {
			t.Errorf("%s: %q", name, what)
		}
	}
}

// TestTemplateProblem: what looks alike and is none.
func TestTemplateProblem(t *testing.T) {
	for template, want := range map[string]string{
		"{% for i in range(10000000) %}{% endfor %}":                                          "",
		"{% for i in range(10000001) %}{% endfor %}":                                          "counts to",
		"{% for i in range(0, -20000000, -1) %}{% endfor %}":                                  "counts to",
		"{% for i in range(n) %}{% for j in range(9999999) %}{% endfor %}{% endfor %}":        "",
		strings.Repeat("{%- for i in range(1000) -%}{%- endfor -%}", 9):                       "",
		strings.Repeat("{%- for i in range(1000) -%}", 3):                                     "loops of more",
		"{# {% for i in range(99999999) %} #}":                                                "",
		"{{ 'range(99999999)' }} range(99999999)":                                             "",
		"{% macro f(x) %}{% if x %}{{ f(x.y) }}{% endif %}{% endmacro %}{{ f(1) }}":           "",
		"{% macro f(x) %}{{ f(x.y) if x else '' }}{% endmacro %}{{ f(1) }}":                   "",
		"{% macro f(x) %}{{ x and f(x.y) }}{% endmacro %}{{ f(1) }}":                          "",
		"{% macro f(x) %}{{ f(x) }}{% endmacro %}":                                            `always calls itself: "f"`,
		"{% macro f(x) %}{% set y = f(x) %}{% endmacro %}":                                    `always calls itself: "f"`,
		"{% macro f(x) %}{{ x.f(1) }}{{ x|f(1) }}{% endmacro %}":                              "",
		"{{ 'ab' * 40 }}{{ '=' * n }}":                                                        "",
		"{{ 'ab' * 40000000 }}":                                                               "repeats a text",
		"{% for m in messages %}{% set ns.s = ns.s + ns.s %}{% endfor %}":                     "",
		"{% for i in range(50) %}{% set ns.s = ns.s + m.s + x.ns.t %}{% endfor %}":            "",
		"{% for i in range(50) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}":                    "doubles",
		"{% for i in range(50) %}{% set ns.s = (ns.s + 'a') if ns.s else ns.s %}{% endfor %}": "",
		"{{": "", "{%": "", "{#": "", "{": "", "{{ 'a": "", "{{ \"\\": "", "{% for": "", "{% set %}": "", "{% macro %}": "", "{{ range( }}": "", "{% endfor %}": "",
		"{{ range(99999999999999999999999999) }}": "counts to",
	} {
		if what := templateProblem(template); want == "" && what != "" || !strings.Contains(what, want) {
			t.Errorf("%q: %q, want %q", template, what, want)
		}
	}
}
