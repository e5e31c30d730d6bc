package llama_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

func templates(t *testing.T, override string) *llama.ChatTemplates {
	t.Helper()
	m := load(t, testmodel.SmolLM2(t))
	c, err := m.NewChatTemplates(override)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestChatTemplate(t *testing.T) {
	c := templates(t, "")
	p, err := c.Apply([]byte(`{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi \"you\" 日本"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi \"you\" 日本<|im_end|>\n<|im_start|>assistant\n"
	if p.Text != want || p.Syntax != "" {
		t.Errorf("rendered %q, syntax %q", p.Text, p.Syntax)
	}
	if !strings.Contains(c.Source(), "im_start") {
		t.Errorf("source %q", c.Source())
	}
}

func TestChatTemplateErrors(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	for _, source := range []string{"{% for %}", "{{ unclosed", "{% if x %}", "a\x00b"} {
		c, err := m.NewChatTemplates(source)
		if err == nil {
			c.Close()
			t.Errorf("%q compiled", source)
		} else if len(err.Error()) < 20 || strings.Contains(err.Error(), "std::exception") {
			t.Errorf("%q: %v", source, err)
		}
	}
	c, err := m.NewChatTemplates("{{ raise_exception('no system messages here') }}")
	if err == nil {
		defer c.Close()
		_, err = c.Apply([]byte(`{"messages":[{"role":"user","content":"x"}]}`))
	}
	if err == nil || !strings.Contains(err.Error(), "no system messages here") {
		t.Errorf("%v", err)
	}
	good, err := m.NewChatTemplates("")
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	for _, request := range []string{"", "{", "[]", `{"messages":5}`, `{"messages":[{"content":"x"}]}`, `{"messages":[{"role":"user","content":"x"}],"tools":"no"}`} {
		if _, err := good.Apply([]byte(request)); !errors.Is(err, llama.ErrEngine) {
			t.Errorf("%q: %v", request, err)
		}
	}
}

// hermes is a template with tools and reasoning, as many models have it.
const hermes = `{%- if tools %}<|im_start|>system
You may call tools: <tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>
For each call return <tool_call>{"name": <name>, "arguments": <object>}</tool_call><|im_end|>
{% endif %}{%- for m in messages %}<|im_start|>{{ m.role }}
{%- if m.content %}
{{ m.content }}{% endif %}{% if m.tool_calls %}{% for c in m.tool_calls %}
<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

// TestReply feeds a reply character by character and puts its pieces together.
func TestReply(t *testing.T) {
	c := templates(t, hermes)
	p, err := c.Apply([]byte(`{"messages":[{"role":"user","content":"Weather in Paris?"}],"tools":[{"type":"function","function":{"name":"weather","description":"d",
		"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]}`))
	if err != nil || p.Syntax == "" || !strings.Contains(p.Text, "weather") {
		t.Fatalf("%v: %+v", err, p)
	}
	r, err := llama.NewReply(p.Syntax)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var text, name, arguments string
	add := func(s string, final bool) {
		pieces, err := r.Add(s, final)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pieces {
			text += p.Text
			if p.Call != nil {
				name += p.Name
				arguments += p.Arguments
			}
		}
	}
	for _, ch := range "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>" {
		add(string(ch), false)
	}
	add("", true)
	if name != "weather" || strings.ReplaceAll(arguments, " ", "") != `{"city":"Paris"}` || strings.TrimSpace(text) != "" {
		t.Errorf("text %q, call %s(%s)", text, name, arguments)
	}
}

func TestReplySyntaxIsChecked(t *testing.T) {
	for _, syntax := range []string{"", "{", "{}", `{"format":99}`, `{"format":-1}`, `{"format":2,"parser":"garbage"}`} {
		r, err := llama.NewReply(syntax)
		if err == nil {
			r.Close()
			t.Errorf("%q was taken", syntax)
		}
	}
}

// TestReplyWaits: a parser that rejects half a mark takes the text again when the mark
// turns out to be none; only a rejection that lasts ends the parsing.
func TestReplyWaits(t *testing.T) {
	const syntax = `{"format":2,"parser":"{\"rules\":{},\"root\":5,\"parsers\":[` +
		`{\"type\":\"until\",\"delimiters\":[\"<call>\",\"<other>\"]},{\"type\":\"tag\",\"child\":0,\"tag\":\"content\"},` +
		`{\"type\":\"literal\",\"literal\":\"<call>\"},{\"type\":\"repetition\",\"child\":2,\"min_count\":0,\"max_count\":1},` +
		`{\"type\":\"end\"},{\"type\":\"sequence\",\"children\":[1,3,4]}]}"}`
	long := strings.Repeat("word ", 40)
	for _, c := range []struct{ reply, text string }{
		{"a <oth b<call>", "a <oth b"},
		{"a <other>" + long + "<call>", "a <other>" + long + "<call>"},
	} {
		if got := feed(t, syntax, strings.Split(c.reply, "")...); got.text != c.text || got.err != nil {
			t.Errorf("%q is shown as %q, %v", c.reply, got.text, got.err)
		}
	}
	r, err := llama.NewReply(syntax)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if pieces, err := r.Add("a <other>"+long, false); err != nil || len(pieces) == 0 {
		t.Errorf("nothing is shown before the end: %v", err)
	}
}
