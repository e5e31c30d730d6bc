package testgguf

import (
	"fmt"
	"strings"
)

// TemplateBombs are chat templates that never end, take all memory or overflow a stack.
func TemplateBombs() map[string]string {
	loops := func(n, depth int, body string) string {
		return strings.Repeat(fmt.Sprintf("{%% for i in range(%d) %%}", n), depth) + body + strings.Repeat("{% endfor %}", depth)
	}
	grow := func(what string) string {
		return "{% set ns = namespace(s='aaaaaaaa', l=[1]) %}{% for i in range(60) %}{% set ns." + what + " %}{% endfor %}{{ ns.s }}"
	}
	return map[string]string{
		"recursion":                 "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
		"recursion with growth":     "{% macro f(x) %}{{ f(x + x) }}{% endmacro %}{{ f('a') }}",
		"mutual recursion":          "{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
		"recursion of two":          "{% macro f(x) %}{{ f(x) }}{{ f(x) }}{% endmacro %}{{ f(1) }}",
		"recursion by call":         "{% macro f() %}{% call f() %}x{% endcall %}{% endmacro %}{{ f() }}",
		"recursion in a loop":       "{% macro f(x) %}{% for i in range(9) %}{{ f(x) }}{% endfor %}{% endmacro %}{{ f(1) }}",
		"range":                     "{% for i in range(100000000000) %}{{ i }}{% endfor %}",
		"range without output":      "{% for i in range(2000000000) %}{% endfor %}",
		"range as a list":           "{{ range(100000000000)|list|length }}",
		"range backwards":           "{% for i in range(0, -9000000000000000000, -1) %}{{ i }}{% endfor %}",
		"range from messages":       "{% for i in range(messages|length * 100000000000) %}{{ i }}{% endfor %}",
		"nested loops":              loops(1000, 8, "x"),
		"nested loops, no output":   loops(100000, 4, ""),
		"loops over messages":       "{% for i in range(100000) %}{% for m in messages %}{% for j in range(100000) %}{{ m.content }}{% endfor %}{% endfor %}{% endfor %}",
		"doubling":                  grow("s = ns.s + ns.s"),
		"doubling by tilde":         grow("s = ns.s ~ ns.s"),
		"doubling by join":          grow("s = [ns.s, ns.s]|join('')"),
		"doubling lists":            grow("l = ns.l + ns.l"),
		"doubling by format":        grow("s = '%s%s'|format(ns.s, ns.s)"),
		"doubling by replace":       grow("s = ns.s|replace('a', 'aaaaaaaa')"),
		"doubling in place":         "{% set a = 'aaaaaaaa' %}" + strings.Repeat("{% set a = a + a %}", 60) + "{{ a }}",
		"repetition":                "{{ 'a' * 100000000000 }}",
		"repetition of a list":      "{{ ([1] * 100000000000)|length }}",
		"repetition of repetitions": "{{ 'a' * 100000 * 100000 * 100000 }}",
		"join of a range":           "{{ range(1000000000)|join(',') }}",
		"join with a long text":     "{{ range(1000000)|join('a' * 1000000) }}",
		"indent":                    "{{ ('a\n' * 10000)|indent(1000000) }}",
		"deep brackets":             "{{ " + strings.Repeat("[", 60000) + strings.Repeat("]", 60000) + " }}",
		"deep parentheses":          "{{ " + strings.Repeat("(", 60000) + "1" + strings.Repeat(")", 60000) + " }}",
		"deep blocks":               strings.Repeat("{% if true %}", 30000) + strings.Repeat("{% endif %}", 30000),
		"deep operators":            "{{ " + strings.Repeat("not ", 60000) + "true }}",
		"deep minus":                "{{ " + strings.Repeat("-", 60000) + "1 }}",
		"deep attributes":           "{{ messages" + strings.Repeat(".a", 60000) + " }}",
		"deep filters":              "{{ messages" + strings.Repeat("|length", 60000) + " }}",
		"deep conditions":           "{{ " + strings.Repeat("1 if true else ", 60000) + "0 }}",
		"many elifs":                "{% if false %}" + strings.Repeat("{% elif false %}", 60000) + "{% endif %}",
		"a megabyte":                strings.Repeat("{{ messages }}", 80000),
		"a list in itself":          "{% set l = [] %}{% set _ = l.append(l) %}{{ l }}",
		"a namespace in itself":     "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
		"a list that grows":         "{% set l = [1] %}{% for i in l %}{% set _ = l.append(1) %}{% endfor %}",
		"cartesian":                 "{% set a = range(1000)|list %}{% for i in a %}{% for j in a %}{% for k in a %}{% for l in a %}{{ i }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}",
	}
}

// templates are models with such templates, and with ones that are just wrong.
func (c *cases) templates() {
	for name, template := range TemplateBombs() {
		c.add("decoder", "template: "+name, func(f *File) { f.Set("tokenizer.chat_template", template) })
	}
	for name, template := range map[string]string{
		"empty": "", "unclosed": "{% for m in messages %}{{ m.content", "unknown filter": "{{ messages|fly }}", "unknown tag": "{% fly %}",
		"undefined": "{{ nothing.at.all }}", "raises": "{{ raise_exception('no') }}", "NUL": "a\x00b", "not UTF-8": "\xff\xfe{{ messages[0].content }}",
		"division by zero": "{{ 1 // 0 }}{{ 1 % 0 }}{{ 1 / 0 }}", "large numbers": "{{ 9223372036854775807 + 1 }}{{ -9223372036854775808 // -1 }}",
		"slice": "{{ messages[::0] }}", "step of zero": "{% for i in range(0, 9, 0) %}{% endfor %}", "no output": "{# nothing #}",
		"escapes": "\x1b[2J{{ messages[0].content }}", "terse": "{{ messages[0].content }}",
	} {
		c.add("decoder", "template: "+name, func(f *File) { f.Set("tokenizer.chat_template", template) })
	}
	c.add("decoder", "template for tools: recursion", func(f *File) {
		f.Set("tokenizer.chat_template", "{{ messages[0].content }}").Set("tokenizer.chat_template.tool_use", TemplateBombs()["recursion"])
	})
	c.set("decoder", "tokenizer.chat_template", uint32(1))
	c.set("decoder", "tokenizer.chat_template", []string{"{{ messages[0].content }}"})
}
