package llama_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

const question = `{"messages":[{"role":"user","content":"hi"}]}`

// TestTemplateLimits: templates that never end, or take all memory, are stopped, and the
// process goes on.
func TestTemplateLimits(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	for name, source := range map[string]string{
		"endless recursion":     "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
		"mutual recursion":      "{% macro f(x) %}{{ g(x + 1) }}{% endmacro %}{% macro g(x) %}{{ f(x + 1) }}{% endmacro %}{{ f(1) }}",
		"range":                 "{% for i in range(100000000000) %}{{ i }}{% endfor %}",
		"nested loops":          strings.Repeat("{% for i in range(1000) %}", 8) + "x" + strings.Repeat("{% endfor %}", 8),
		"nested, no output":     strings.Repeat("{% for i in range(100000) %}", 4) + strings.Repeat("{% endfor %}", 4),
		"doubling text":         "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}",
		"doubling by join":      "{% set ns = namespace(s='aaaaaaaaaaaaaaaa') %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s]|join('') %}{% endfor %}{{ ns.s }}",
		"doubling list":         "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s|length }}",
		"multiplied text":       "{{ 'a' * 100000000000 }}",
		"much output":           "{% for i in range(100000) %}{{ messages|tojson * 1000 }}{% endfor %}" + strings.Repeat("{% for i in range(1000) %}{{ messages }}{% endfor %}", 1000),
		"replace that explodes": "{% set ns = namespace(s='aaaaaaaa') %}{% for i in range(30) %}{% set ns.s = ns.s|replace('a', 'aaaaaaaa') %}{% endfor %}{{ ns.s }}",
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			templates, err := m.NewChatTemplates(source)
			if err == nil {
				_, err = templates.Apply([]byte(question))
				templates.Close()
			}
			took := time.Since(begin)
			if err == nil {
				t.Fatal("it was rendered")
			}
			t.Logf("%v: %.300s", took, err)
			if took > 60*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
	// The process is well afterwards.
	templates, err := m.NewChatTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	defer templates.Close()
	if p, err := templates.Apply([]byte(question)); err != nil || !strings.Contains(p.Text, "hi") {
		t.Errorf("%q, %v", p.Text, err)
	}
}

// TestGrammarLimits: grammars that hang the engine, or overflow its stack.
func TestGrammarLimits(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	for name, c := range map[string]struct{ grammar, want string }{
		"nested parentheses": {"root ::= " + strings.Repeat("(", 257) + `"a"` + strings.Repeat(")", 257), "nests deeper than 256 parentheses (line 1, column 266)"},
		"too large":          {`root ::= "` + strings.Repeat("a", 2<<20) + `"`, "the limit is 1048576"},
		"a chain of rules":   {chain(60000), "the limit is 20000"},
		"syntax":             {"root ::= \"a\n\nx ::=", "unexpected end of input"},
		"place":              {"root ::= \"a\"\nx = \"b\"", "expecting ::= at line 2, column 3"},
		"undefined":          {`root ::= a "x" b`, `the rule "a" is used and not defined`},
		"no root":            {`start ::= "a"`, `no rule "root"`},
		"left recursion":     {`root ::= root "a" | "b"`, "left recursion"},
		"empty":              {"", `no rule "root"`},
		"NUL":                {"root ::= \"a\x00\"", "NUL"},
		"a repetition":       {`root ::= "a"{1,2001}`, "more than 2000 times (line 1, column 13)"},
		"repetitions":        {`root ::= (("a"){1,2000}){1,2000}`, "repetition"},
	} {
		t.Run(name, func(t *testing.T) {
			err := m.CheckGrammar(c.grammar)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%.300v, want %q", err, c.want)
			}
		})
	}
}

func chain(n int) string {
	var b strings.Builder
	b.WriteString("root ::= a\na ::= ba\n")
	name := "ba"
	for range n {
		next := "b" + next(name[1:])
		b.WriteString(name + " ::= " + next + "\n")
		name = next
	}
	b.WriteString(name + ` ::= "x"`)
	return b.String()
}

// next counts in letters.
func next(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i]++; b[i] <= 'z' {
			return string(b)
		}
		b[i] = 'a'
	}
	return "a" + string(b)
}
