package engine

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func TestGrammar(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 512})
	r := ask("Is water wet? Answer with one word.")
	r.Grammar = "# an answer\nroot ::= (\"yes\" | \"no\") \"!\"{2,3}"
	for _, temperature := range []float64{0, 1.5} {
		r := greedy(r, 20)
		r.Sampling.Temperature = temperature
		for range 5 {
			a := mustGenerate(t, e, r)
			if !regexp.MustCompile(`^(yes|no)!{2,3}$`).MatchString(a.text) || a.stop.Reason != chat.StopEnd {
				t.Errorf("%q, %v", a.text, a.stop)
			}
		}
	}
	for grammar, want := range map[string]string{
		"root ::= ":    "grammar",
		"root ::= \"a": "unexpected end of input",
		"a ::= \"b\"":  `no rule "root"`,
		"root ::= " + strings.Repeat("(", 20000) + `"a"` + strings.Repeat(")", 20000): "nests deeper",
	} {
		r := r
		r.Grammar = grammar
		if a := generate(t, e, background, greedy(r, 4)); grammar != "root ::= " && (!errors.Is(a.err, chat.ErrRequest) || !strings.Contains(a.err.Error(), want)) {
			t.Errorf("%.40q: %v", grammar, a.err)
		}
	}
	// The hang of the engine is an error, and the model goes on.
	r.Grammar = `root ::= (("a"?){1,80}){1,3} "b"`
	begin := time.Now()
	if a := generate(t, e, background, greedy(r, 20)); !errors.Is(a.err, chat.ErrRequest) || !strings.Contains(a.err.Error(), "too ambiguous") {
		t.Errorf("%v", a.err)
	}
	if d := time.Since(begin); d > time.Minute {
		t.Errorf("it took %v", d)
	}
	mustGenerate(t, e, greedy(ask("hello"), 2))
}

func TestSchema(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 1024})
	const schema = `{"type":"object","properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer","minimum":0,"maximum":150}},"required":["name","age"],"additionalProperties":false}`
	for _, r := range []chat.Request{ask("Invent a person, as JSON."), {Prompt: "A person as JSON: "}} {
		r := greedy(r, 200)
		r.Schema = json.RawMessage(schema)
		a := mustGenerate(t, e, r)
		var person struct {
			Name *string
			Age  *int
		}
		if err := json.Unmarshal([]byte(a.text), &person); err != nil || person.Name == nil || person.Age == nil || a.stop.Reason != chat.StopEnd {
			t.Errorf("%q: %v, %v", a.text, err, a.stop)
		}
	}
}

// TestBadSchema: what does not compile, or would be ignored, is named.
func TestBadSchema(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 256})
	for s, want := range map[string][]string{
		`{"type":"object","properties":{"age":{"type":"integer","multipleOf":5}}}`: {"#/properties/age", "multipleOf"},
		`{"type":"objekt"}`:       {"#", "type", "objekt"},
		`{"$ref":"#/$defs/no"}`:   {"$ref"},
		`{"type":"object"`:        {"byte"},
		`{"not":{"type":"null"}}`: {"not"},
	} {
		r := greedy(ask("hello"), 4)
		r.Schema = json.RawMessage(s)
		a := generate(t, e, background, r)
		if !errors.Is(a.err, chat.ErrRequest) {
			t.Errorf("%s: %v", s, a.err)
			continue
		}
		for _, w := range want {
			if !strings.Contains(a.err.Error(), w) {
				t.Errorf("%s: %q is not in %v", s, w, a.err)
			}
		}
	}
}

// TestRequiredTool: the reply is a call of the tool, with arguments that match its
// schema, whatever the model would rather say.
func TestRequiredTool(t *testing.T) {
	r := greedy(ask("hello"), 200)
	r.ToolChoice = chat.ToolRequired
	r.Tools = []chat.Tool{{Name: "set_lamp", Description: "switches a lamp",
		Parameters: json.RawMessage(`{"type":"object","properties":{"on":{"type":"boolean"},"room":{"type":"string","enum":["kitchen","hall"]}},"required":["on","room"]}`)}}
	plain := openModel(t, testmodel.SmolLM2(t), Options{Context: 2048})
	if a := generate(t, plain, background, r); !errors.Is(a.err, chat.ErrUnsupported) {
		t.Errorf("a template without tools: %v", a.err)
	}
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 2048, ChatTemplate: testmodel.Template(t, "Qwen-Qwen2.5-7B-Instruct")})
	var name, arguments string
	for ev, err := range e.Generate(background, r) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind == chat.KindToolCall && ev.ToolCall.Index == 0 {
			name += ev.ToolCall.Name
			arguments += ev.ToolCall.Arguments
		}
	}
	var got struct {
		On   *bool
		Room string
	}
	if err := json.Unmarshal([]byte(arguments), &got); err != nil || name != "set_lamp" || got.On == nil || got.Room == "" {
		t.Errorf("%s(%s): %v", name, arguments, err)
	}
}

func TestTriggers(t *testing.T) {
	c := constraint{triggers: []*regexp.Regexp{regexp.MustCompile(`call\s*(\{)`), regexp.MustCompile(regexp.QuoteMeta("<tool>"))}, thinkingEnd: []string{"</think>"}}
	for text, want := range map[string]int{
		"":                             -1,
		"nothing here":                 -1,
		"so <tool>{":                   3,
		"call {":                       5,
		"<think><tool>":                7,
		"<think><tool></think>hm":      -1,
		"<think>x</think> y <tool>{}":  19,
		"<tool></think>ä<tool></think": 16,
	} {
		if got := c.find(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
