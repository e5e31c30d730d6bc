package llama_test

import (
	"encoding/json"
	"strings"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// chatGuards give requests to the templates of a model with tools. The engine may take
// some that are odd.
var chatGuards = map[string]guardCase{
	"requests that are none": {llama.ErrEngine, func(g *guarded) []error {
		return g.requests(true, "", "{", "[]", "7", "null", `"x"`, "{}", `{"messages":7}`, `{"messages":"x"}`, `{"messages":{}}`, `{"messages":[7]}`, `{"messages":[[]]}`, `{"messages":[null]}`, `{"messages":[{}]}`,
			`{"messages":[{"role":7,"content":"x"}]}`, `{"messages":[{"role":"user","content":7}]}`, `{"messages":[{"role":"user","content":{"a":1}}]}`, `{"messages":[{"role":"user","content":[7]}]}`,
			`{"messages":[{"role":"user","content":[{"type":"nosuch"}]}]}`, `{"messages":[{"role":"user","content":[{"type":"text"}]}]}`, `{"messages":[{"role":"assistant"}]}`,
			`{"messages":[{"role":"assistant","tool_calls":7}]}`, `{"messages":[{"role":"assistant","tool_calls":[7]}]}`, `{"messages":[{"role":"assistant","tool_calls":[{}]}]}`,
			`{"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":7,"arguments":"{}"}}]}]}`,
			`{"messages":[{"role":"user","content":"x"}]`, `{"messages":[{"role":"user","content":"\xff"}]}`, `{"messages":[{"role":"user","content":"\uD800"}]}`,
			withTools(`7`), withTools(`[7]`), withTools(`[{}]`), withTools(`[{"type":"function"}]`), withTools(`[{"type":"function","function":{"name":7}}]`),
			withTools(`[{"type":"function","function":{"name":"f","parameters":{"type":"nosuch"}}}]`), withTools(`[{"type":"function","function":{"name":"f","parameters":{"$ref":"#/nosuch"}}}]`),
			`{"messages":[{"role":"user","content":"x"}],"tools":[],"tool_choice":"nosuch"}`, `{"messages":[{"role":"user","content":"x"}],"tools":[],"tool_choice":7}`,
			`{"messages":[{"role":"user","content":"x"}],"json_schema":7}`, `{"messages":[{"role":"user","content":"x"}],"json_schema":"{"}`, `{"messages":[{"role":"user","content":"x"}],"json_schema":"{\"type\":\"nosuch\"}"}`,
			`{"messages":[{"role":"user","content":"x"}],"add_generation_prompt":"x"}`, `{"messages":[{"role":"user","content":"x"}],"enable_thinking":[]}`)
	}},
	"odd requests": {nil, func(g *guarded) []error {
		g.requests(false, `{"messages":[]}`, `{"messages":[{"role":"","content":""}]}`, `{"messages":[{"role":"nosuch","content":"x"}]}`, `{"messages":[{"role":"tool","content":"x"}]}`, `{"messages":[{"role":"user","content":null}]}`, `{"messages":[{"role":"user","content":[]}]}`,
			`{"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{"}}]}]}`, `{"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":""}}]}]}`,
			withTools(`[]`), withTools(`[{"type":"function","function":{"name":"f","parameters":[]}}]`), withTools(`[{"type":"function","function":{"name":"","parameters":{}}}]`),
			withTools(`[{"type":"function","function":{"name":"`+strings.Repeat("f", 100000)+`","parameters":{}}}]`),
			withTools(`[`+strings.Repeat(`{"type":"function","function":{"name":"f","parameters":{}}},`, 300)+`{"type":"function","function":{"name":"g","parameters":{}}}]`),
			`{"messages":[`+strings.Repeat(`{"role":"user","content":"x"},`, 20000)+`{"role":"user","content":"x"}]}`)
		return []error{nil}
	}},
	"requests with NUL": {llama.ErrInvalid, func(g *guarded) []error {
		templates := g.templates()
		defer templates.Close()
		_, err := templates.Apply([]byte(question + "\x00"))
		_, templateErr := g.m.NewChatTemplates("a\x00b")
		return []error{err, templateErr}
	}},
	"deep requests": {llama.ErrLimit, func(g *guarded) (errs []error) {
		for _, n := range []int{300, 10000, 300000} {
			deep := strings.Repeat("[", n) + strings.Repeat("]", n)
			objects := strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n)
			errs = append(errs, g.requests(true, deep, `{"messages":`+deep+`}`, `{"messages":[{"role":"user","content":`+deep+`}]}`,
				`{"messages":[{"role":"user","content":"x","extra":`+deep+`}]}`, `{"messages":[{"role":"user","content":"x"}],"extra":`+objects+`}`,
				`{"messages":[{"role":"user","content":[{"type":"text","text":"x","extra":`+objects+`}]}]}`,
				`{"messages":[`+withArguments(objects)+`]}`, withTools(deep), withTools(tool(objects)), withTools(tool(deepObject(n))),
				withTools(`[{"type":"function","function":{"name":"f","parameters":{},"extra":`+objects+`}}]`))...)
		}
		return errs
	}},
	"deep texts in requests": {nil, func(g *guarded) []error {
		for _, n := range []int{1000, 10000, 300000} {
			g.requests(false, `{"messages":[`+withArguments(quoted(strings.Repeat(`{"a":`, n)+"1"+strings.Repeat("}", n)))+`]}`,
				`{"messages":[{"role":"user","content":"x"}],"json_schema":`+quoted(deepObject(n))+`}`)
		}
		return []error{nil}
	}},
	"templates that are none": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, source := range []string{"{{", "{%", "{% if", "{% if x %}", "{% endif %}", "{% for %}", "{{ x | nosuch }}", "{{ 1 + }}", "{% nosuch %}", "{{ ((((( }}", "{{ 'a }}", "{% macro %}{% endmacro %}", strings.Repeat("{{ (", 500),
			strings.Repeat("{% if 1 %}", 500) + strings.Repeat("{% endif %}", 500), strings.Repeat("a", 600<<10)} {
			errs = append(errs, g.render(source))
		}
		return errs
	}},
	"templates that nest without brackets": {nil, func(g *guarded) []error {
		for _, source := range []string{"{{ " + strings.Repeat("not ", 100000) + "1 }}", "{{ " + strings.Repeat("-", 100000) + "1 }}", "{{ 1" + strings.Repeat(" + 1", 50000) + " }}", "{{ 1" + strings.Repeat("|string", 50000) + " }}",
			"{{ a" + strings.Repeat(".a", 50000) + " }}", "{% if 1 %}" + strings.Repeat("{% elif 1 %}", 20000) + "{% endif %}", "{{ 1" + strings.Repeat(" if 1 else 1", 30000) + " }}", "{{ 1" + strings.Repeat(" ~ 1", 50000) + " }}", "{{ 1" + strings.Repeat(" is defined", 30000) + " }}", "{{ 1" + strings.Repeat(" and 1", 50000) + " }}", "{{ 1" + strings.Repeat(" == 1", 50000) + " }}",
			"{{ a" + strings.Repeat("()", 50000) + " }}", "{{ a" + strings.Repeat("[0]", 50000) + " }}", "{{ " + strings.Repeat("+", 100000) + "1 }}"} {
			g.Logf("%.40s: %.200v", source, g.render(source))
		}
		return []error{nil}
	}},
}

// withTools is a request with these tools.
func withTools(tools string) string {
	return `{"messages":[{"role":"user","content":"x"}],"tools":` + tools + `,"tool_choice":"auto"}`
}

// tool is a list of one tool with these parameters.
func tool(parameters string) string {
	return `[{"type":"function","function":{"name":"f","parameters":` + parameters + `}}]`
}

// withArguments is a message that calls a tool.
func withArguments(arguments string) string {
	return `{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":` + arguments + `}}]}`
}

func deepObject(n int) string {
	return strings.Repeat(`{"type":"object","properties":{"a":`, n) + `{}` + strings.Repeat(`}}`, n)
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// templates are those of a model whose replies may call tools.
func (g *guarded) templates() *llama.ChatTemplates {
	g.Helper()
	templates, err := g.m.NewChatTemplates(testmodel.Template(g, "Qwen-Qwen3-0.6B"))
	g.must(err)
	return templates
}

// requests are the errors of these requests; refused: each must have one.
func (g *guarded) requests(refused bool, requests ...string) (errs []error) {
	g.Helper()
	templates := g.templates()
	defer templates.Close()
	for _, request := range requests {
		_, err := templates.Apply([]byte(request))
		switch {
		case err != nil:
			errs = append(errs, err)
		case refused:
			g.Errorf("%.200s was taken", request)
		}
		g.Logf("%.100s: %.200v", request, err)
	}
	return errs
}

// render is why a template cannot be used.
func (g *guarded) render(source string) error {
	templates, err := g.m.NewChatTemplates(source)
	if err != nil {
		return err
	}
	defer templates.Close()
	_, err = templates.Apply([]byte(question))
	return err
}
