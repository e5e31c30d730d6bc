package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// toolSyntax is that of replies in Qwen 3's format, with one tool.
func toolSyntax(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(testmodel.Root(), "third_party/llama.cpp/models/templates/Qwen-Qwen3-0.6B.jinja"))
	if err != nil {
		t.Fatalf("%v; get the engine's source with: scripts/fetch-llama.sh", err)
	}
	params := llama.DefaultModelParams()
	params.VocabOnly = true
	m, err := llama.LoadModel(testmodel.SmolLM2(t), params)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c, err := m.NewChatTemplates(string(source))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p, err := c.Apply([]byte(`{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"add_note",
		"parameters":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return p.Syntax
}

// TestReplyBytes feeds replies token by token, a token being so many bytes: neither
// half characters nor marks come out, and the events say the same.
func TestReplyBytes(t *testing.T) {
	syntax := toolSyntax(t)
	for _, c := range []struct{ name, syntax, reply, reasoning, text, tool, arguments string }{
		{"plain", "", "5 < 7, 東京 🚆", "", "5 < 7, 東京 🚆", "", ""},
		{"text", syntax, "5 < 7, 東京 🚆", "", "5 < 7, 東京 🚆", "", ""},
		{"call", syntax, "<think>\nÜber 東京 🚆</think>\n\nJa – so:<tool_call>\n{\"name\": \"add_note\", \"arguments\": {\"text\": \"é\\n🚆\"}}\n</tool_call>",
			"Über 東京 🚆", "Ja – so:", "add_note", `{"text": "é\n🚆"}`},
		{"broken", syntax, "<think>\n東京</think>\n\n<tool_call>\nadd a note, é\n</tool_call>", "東京", "<tool_call>\nadd a note, é\n</tool_call>", "", ""},
		{"half a character", syntax, "Ja \xf0\x9f", "", "Ja \uFFFD", "", ""},
		{"a byte that begins nothing", syntax, "<think>\n\xff</think>\n\nJa \xff.", "\uFFFD", "Ja \uFFFD.", "", ""},
	} {
		for size := 1; size <= 7; size++ {
			var reasoning, text, tool, arguments string
			r, err := newReply(c.syntax, func(ev chat.Event) {
				switch ev.Kind {
				case chat.KindReasoning:
					reasoning += ev.Text
				case chat.KindText:
					text += ev.Text
				case chat.KindToolCall:
					tool += ev.ToolCall.Name
					arguments += ev.ToolCall.Arguments
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			s := stream{stops: []string{"</s>"}}
			for rest := []byte(c.reply); len(rest) > 0; {
				n := min(size, len(rest))
				out, _ := s.push(rest[:n])
				r.add(out, false)
				rest = rest[n:]
			}
			r.add(s.flush(), true)
			r.close()
			if reasoning != c.reasoning || text != c.text || tool != c.tool || arguments != c.arguments {
				t.Errorf("%s, %d bytes a token: reasoning %q, text %q, call %s(%s)", c.name, size, reasoning, text, tool, arguments)
			}
		}
	}
}
