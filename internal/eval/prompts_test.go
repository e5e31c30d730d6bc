package eval

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPlainText(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{"a\n", "a"}, {"a\n\n", "a\n"}, {"\xEF\xBB\xBFä", "ä"}, {"a\r\n", "a\r"},
	} {
		if got, err := PlainText([]byte(c.in)); err != nil || got != c.out {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"", "empty"}, {" \n\t", "empty"}, {"ab\x00c", "byte 2 is NUL"}, {"ä\xFFx", "byte 2 is not UTF-8"}, {"GGUF\x03\x00\x00", "NUL"},
	} {
		if _, err := PlainText([]byte(c.in)); !errors.Is(err, ErrText) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.in, err, c.want)
		}
	}
}

var promptFiles = []struct{ in, want string }{
	{`"hello"`, "hello"},
	{"\"a\"\n\n{\"prompt\": \"b\", \"id\": 3}\n{\"text\":\"c\"}\r\n", "a|b|c"},
	{`{"messages":[{"role":"user","content":"hi"}]}`, `{"messages":[{"role":"user","content":"hi"}],"add_generation_prompt":true}`},
	{`{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}],"tools":[]}`,
		`{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"}],"tools":[],"add_generation_prompt":false}`},
	{"", "error: not a text: there is no prompt"},
	{"\"a\"\n3", "error: line 2: "},
	{`{"prompt":"a","text":"b"}`, "error: line 1: not a text: an object must have one of"},
	{`{"question":"a"}`, "it has 0 of them"},
	{`{"prompt":""}`, "the prompt is empty"},
	{`"a\u0000b"`, "NUL"},
	{`{"messages":[]}`, `"messages" must be a list`},
	{`{"messages":[{"content":"x"}]}`, "message 1 has no role"},
	{`{"messages":"x"}`, `"messages" must be a list`},
	{`{"prompt":3}`, "error: line 1: "},
	{`"open`, "error: line 1: "},
	{"\"a\"\n\"\xFF\"", "error: line 2: not a text: byte 1 is not UTF-8"},
}

func promptsText(in string) string {
	prompts, err := ReadPrompts(strings.NewReader(in))
	if err != nil {
		return "error: " + err.Error()
	}
	var parts []string
	for _, p := range prompts {
		parts = append(parts, p.Text+string(p.Chat))
	}
	return strings.Join(parts, "|")
}

func TestReadPrompts(t *testing.T) {
	for _, c := range promptFiles {
		if got := promptsText(c.in); got != c.want && !(strings.HasPrefix(got, "error: ") && strings.Contains(got, c.want)) {
			t.Errorf("%q:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
	long := "\"" + strings.Repeat("a", maxLine) + "\""
	if got := promptsText("\"a\"\n" + long); !strings.Contains(got, "line 2: not a text: it is longer") {
		t.Errorf("a long line: %.80s", got)
	}
}

func FuzzReadPrompts(f *testing.F) {
	for _, c := range promptFiles {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		prompts, err := ReadPrompts(bytes.NewReader(b))
		if err == nil && len(prompts) == 0 {
			t.Fatal("neither a prompt nor an error")
		}
		for _, p := range prompts {
			if (p.Text == "") == (p.Chat == nil) || !utf8.ValidString(p.Text) || strings.Contains(p.Text, "\x00") {
				t.Fatalf("prompt %q %q", p.Text, p.Chat)
			}
		}
	})
}
