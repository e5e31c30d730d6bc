package llama_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// format is a file of testdata/replies: a template and raw replies in its syntax.
//
//	template: <file in the engine's models/templates>
//	=== <name of a sample>
//	--- reply
//	<what the model generates>
//	--- reasoning | text | call <name> | error
//	<what is expected of it>
//
// Lines before the template are remarks. The newline before the next mark belongs
// to the mark.
type format struct {
	path, head, template string
	samples              []*sample
}

type sample struct{ name, reply, want string }

func readFormat(t testing.TB, path string) *format {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split("\n"+string(data), "\n=== ")
	f := &format{path: path, head: strings.TrimSpace(parts[0]) + "\n"}
	_, f.template, _ = strings.Cut(strings.TrimSpace(parts[0]), "\ntemplate: ")
	for _, part := range parts[1:] {
		name, rest, ok := strings.Cut(part, "\n--- reply\n")
		reply, want, _ := strings.Cut(rest, "\n--- ")
		if !ok {
			t.Fatalf("%s: sample %q has no reply", path, name)
		}
		if want != "" {
			want = "--- " + want
		}
		f.samples = append(f.samples, &sample{name, strings.TrimSuffix(reply, "\n"), strings.TrimSuffix(want, "\n") + "\n"})
	}
	if f.template == "" || len(f.samples) == 0 {
		t.Fatalf("%s has no template or no samples", path)
	}
	return f
}

func (f *format) write(t *testing.T) {
	var b strings.Builder
	b.WriteString(f.head)
	for _, s := range f.samples {
		fmt.Fprintf(&b, "\n=== %s\n--- reply\n%s\n%s", s.name, s.reply, s.want)
	}
	if err := os.WriteFile(f.path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sampleTools are what the samples call: strings, numbers, booleans, lists and
// objects as arguments.
const sampleTools = `[
	{"type":"function","function":{"name":"find_trains","description":"Finds trains.","parameters":{"type":"object","properties":{
		"from":{"type":"string"},"to":{"type":"string"},"passengers":{"type":"integer"},
		"options":{"type":"object","properties":{"bike":{"type":"boolean"},"via":{"type":"array","items":{"type":"string"}}}}},
		"required":["from","to"]}}},
	{"type":"function","function":{"name":"add_note","description":"Keeps a note.","parameters":{"type":"object","properties":{
		"text":{"type":"string"}},"required":["text"]}}},
	{"type":"function","function":{"name":"add_note_later","description":"Keeps a note, later.","parameters":{"type":"object","properties":{
		"text":{"type":"string"},"minutes":{"type":"number"}},"required":["text"]}}}]`

// syntax is that of replies to a conversation with tools.
func (f *format) syntax(t testing.TB, m *llama.Model) string {
	t.Helper()
	path := filepath.Join(testmodel.Root(), "third_party/llama.cpp/models/templates", f.template)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; get the engine's source with: scripts/fetch-llama.sh", err)
	}
	c, err := m.NewChatTemplates(string(source))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p, err := c.Apply(fmt.Appendf(nil, `{"messages":[{"role":"user","content":"Plan my trip."}],"tools":%s,"parallel_tool_calls":true}`, sampleTools))
	if err != nil {
		t.Fatal(err)
	}
	return p.Syntax
}

// parsed is a reply put together from its pieces.
type parsed struct {
	text, reasoning string
	calls           []call
	err             error
}

type call struct{ id, name, arguments string }

// golden is p as testdata has it: arguments that are JSON in canonical form.
func (p parsed) golden() string {
	var b strings.Builder
	section := func(name, text string) { fmt.Fprintf(&b, "--- %s\n%s\n", name, text) }
	if p.reasoning != "" {
		section("reasoning", p.reasoning)
	}
	if p.text != "" {
		section("text", p.text)
	}
	for _, c := range p.calls {
		section("call "+c.name, canonical(c.arguments))
	}
	if p.err != nil {
		section("error", p.err.Error())
	}
	return b.String()
}

func canonical(arguments string) string {
	var v any
	if json.Unmarshal([]byte(arguments), &v) != nil {
		return arguments
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return arguments
	}
	return strings.TrimSuffix(b.String(), "\n")
}
