package task

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// suites are texts with what is wrong with them, and where; "" if nothing is.
var suites = []struct {
	text         string
	form         Form
	why          string
	line, column int
}{
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}}`},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": ["x", "y"]}, "max_tokens": 5, "stop": "\n"}` + "\r\n\n"},
	{text: "\ufeff" + `{"id": "a", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}], "check": {"regex": "^x+$"}}`},
	{text: `{"id": "a", "prompt": "p", "check": {"number": -1.5e3, "tolerance": 0.1}}`, form: Completion},
	{text: `{"id": "a", "prompt": "p", "check": {"json_schema": {"type": "object"}, "fields": {"a": 1}}, "constrain": true}`},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {"exactly": 3, "omits": ["a b"], "lower": true}}}`},
	{text: "", why: "no case", line: 1, column: 1},
	{text: "\n \n", why: "no case", line: 1, column: 1},
	{text: `[]`, why: "a case is an object, not an array", line: 1, column: 1},
	{text: "\n" + `{"id": "a", "prompt": "p", "check": {"exact": "x"}, "chek": 1}`, why: `no field "chek"; it can have id`, line: 2, column: 53},
	{text: `{"id": "ä", "prompt": "p", "check": {"exakt": "x"}}`, why: `no field "exakt"`, line: 1, column: 38},
	{text: `{"id": "ä", "prompt": "p", "check": {}}`, why: "needs one of", line: 1, column: 37},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x", "regex": "x"}}`, why: "not exact and regex", line: 1, column: 52},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x", "tolerance": 1}}`, why: `goes with "number"`, line: 1, column: 52},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x", "fields": {}}}`, why: `goes with "json_schema"`, line: 1, column: 52},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "."}}`, why: "nothing of the text", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": []}}`, why: "list of 1", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": 5}}`, why: "is a string, not a number", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"regex": "(?=x)"}}`, why: "RE2", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"regex": "` + strings.Repeat("a", 5000) + `"}}`, why: "4096 bytes", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"number": "5"}}`, why: "is a number, not a string", line: 1, column: 48},
	{text: `{"id": "a", "prompt": "p", "check": {"number": 1e400}}`, why: "too large", line: 1, column: 48},
	{text: `{"id": "a", "prompt": "p", "check": {"number": 5, "tolerance": -1}}`, why: "0 or more", line: 1, column: 64},
	{text: `{"id": "a", "prompt": "p", "check": {"json_schema": {"$ref": "x.json"}}}`, why: "another document", line: 1, column: 53},
	{text: `{"id": "a", "prompt": "p", "check": {"json_schema": {}, "fields": 5}}`, why: "object, not a number", line: 1, column: 67},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {}}}`, why: "needs a constraint", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {"exactly": 0}}}`, why: "whole number from 1", line: 1, column: 59},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {"exactly": 2, "at_least": 3}}}`, why: "no answer can", line: 1, column: 47},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {"upper": 1}}}`, why: "true or false", line: 1, column: 57},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {"contains": ["!"]}}}`, why: "without a letter", line: 1, column: 60},
	{text: `{"id": "a", "prompt": "p", "check": {"words": {"starts_with": "!"}}}`, why: "no letter", line: 1, column: 63},
	{text: `{"id": "a", "prompt": "p"}`, why: `needs a "check"`, line: 1, column: 1},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}, "constrain": true}`, why: `goes with a check "json_schema"`, line: 1, column: 66},
	{text: `{"prompt": "p", "check": {"exact": "x"}}`, why: `needs an "id"`, line: 1, column: 1},
	{text: `{"id": " a", "prompt": "p", "check": {"exact": "x"}}`, why: `needs an "id"`, line: 1, column: 8},
	{text: `{"id": "a\nb", "prompt": "p", "check": {"exact": "x"}}`, why: `needs an "id"`, line: 1, column: 8},
	{text: `{"id": "a", "check": {"exact": "x"}}`, why: `either a "prompt"`, line: 1, column: 1},
	{text: `{"id": "a", "prompt": "p", "messages": [], "check": {"exact": "x"}}`, why: `either a "prompt"`, line: 1, column: 1},
	{text: `{"id": "a", "prompt": "", "check": {"exact": "x"}}`, why: "empty", line: 1, column: 23},
	{text: `{"id": "a", "prompt": "a\u0000", "check": {"exact": "x"}}`, why: "NUL", line: 1, column: 23},
	{text: `{"id": "a", "messages": [], "check": {"exact": "x"}}`, why: "array of 1", line: 1, column: 25},
	{text: `{"id": "a", "messages": [{"role": "bot", "content": "x"}], "check": {"exact": "x"}}`, why: `needs a "role"`, line: 1, column: 35},
	{text: `{"id": "a", "messages": [{"role": "user"}], "check": {"exact": "x"}}`, why: `needs a "content"`, line: 1, column: 26},
	{text: `{"id": "a", "messages": [{"role": "user", "content": "x"}], "check": {"exact": "x"}}`, form: Completion, why: "no chat template", line: 1, column: 13},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}, "max_tokens": 1.5}`, why: "whole number", line: 1, column: 67},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}, "max_tokens": 99999999999999999999}`, why: "whole number", line: 1, column: 67},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}, "stop": [""]}`, why: "empty string", line: 1, column: 62},
	{text: `{"id": "a", "id": "b", "prompt": "p", "check": {"exact": "x"}}`, why: "twice", line: 1, column: 13},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}} {}`, why: "behind", line: 1, column: 53},
	{text: `{"id": "a", "prompt": "p", `, why: "too early", line: 1, column: 28},
	{text: `{"id": "a" "prompt": "p"}`, why: "not JSON", line: 1, column: 12},
	{text: `{'id': 'a'}`, why: "not JSON", line: 1, column: 2},
	{text: "{\"id\": \"a\xff\"}", why: "UTF-8", line: 1, column: 10},
	{text: strings.Repeat("[", 100), why: "deep", line: 1, column: 65},
	{text: strings.Repeat(" ", maxLine+10), why: "1048576 bytes", line: 1, column: 1},
	{text: `{"id": "a", "prompt": "p", "check": {"exact": "x"}}` + "\n" + `{"id": "a", "prompt": "q", "check": {"exact": "x"}}`, why: "line 1 has the same id", line: 2, column: 1},
}

func TestReadSuite(t *testing.T) {
	for _, s := range suites {
		cases, err := ReadSuite(strings.NewReader(s.text), s.form)
		if s.why == "" {
			if err != nil || len(cases) != 1 || cases[0].ID != "suite/a" || cases[0].Prompt.MaxTokens == 0 {
				t.Errorf("%.100s: %v, %v", s.text, cases, err)
			}
			continue
		}
		var bad *SuiteError
		if !errors.As(err, &bad) || !strings.Contains(bad.Why, s.why) || bad.Line != s.line || bad.Column != s.column {
			t.Errorf("%.100s:\n  %v\n  want line %d, column %d: %s", s.text, err, s.line, s.column, s.why)
		}
	}
}

// TestSuiteForms: a prompt is a message for a model with a chat template, a text for one
// without; a schema constrains an answer if that is asked for, as it is written.
func TestSuiteForms(t *testing.T) {
	text := `{"id": "a", "prompt": "p", "check": {"json_schema": {"type": "object", "title": "t"}}, "constrain": true}`
	for _, form := range []Form{Chat, Completion} {
		cases, err := ReadSuite(strings.NewReader(text), form)
		if err != nil {
			t.Fatal(err)
		}
		p := cases[0].Prompt
		if (p.Text == "p") != (form == Completion) || (len(p.Messages) == 1) != (form == Chat) || string(p.Schema) != `{"type": "object", "title": "t"}` {
			t.Errorf("%v: %+v", form, p)
		}
	}
}

// TestDocumentedSuite: the suite of docs/tasks.md is good, and the page shows all of it.
func TestDocumentedSuite(t *testing.T) {
	docs := filepath.Join("..", "..", "..", "docs")
	text, err := os.ReadFile(filepath.Join(docs, "tasks-example.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(docs, "tasks.md"))
	if err != nil {
		t.Fatal(err)
	}
	cases, err := ReadSuite(strings.NewReader(string(text)), Chat)
	if err != nil || len(cases) < 5 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	if !strings.Contains(string(page), "```jsonl\n"+string(text)+"```") {
		t.Error("docs/tasks.md does not show docs/tasks-example.jsonl")
	}
	for _, name := range regexp.MustCompile(`"([a-z_]+)":`).FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(string(page), "`"+name[1]+"`") && name[1] != "type" && name[1] != "properties" && name[1] != "required" && name[1] != "total" && name[1] != "paid" {
			t.Errorf("docs/tasks.md does not explain %q", name[1])
		}
	}
}

func FuzzReadSuite(f *testing.F) {
	for _, s := range suites {
		if len(s.text) < 10_000 {
			f.Add(s.text, "answer 5", s.form == Completion)
		}
	}
	f.Add(`{"id": "a", "prompt": "p", "check": {"json_schema": {"items": {"uniqueItems": true}}}}`, `[[1, 1.0]]`, false)
	f.Fuzz(func(t *testing.T, text, answer string, completion bool) {
		form := Chat
		if completion {
			form = Completion
		}
		cases, err := ReadSuite(strings.NewReader(text), form)
		var bad *SuiteError
		if err != nil && (!errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1) {
			t.Errorf("an error without a place: %v", err)
		}
		ids := map[string]bool{}
		for _, c := range cases {
			if ids[c.ID] || c.Check.Expected() == "" || c.Prompt.MaxTokens < 1 || (c.Prompt.Text == "") == (c.Prompt.Messages == nil) {
				t.Errorf("%+v", c)
			}
			ids[c.ID] = true
			if c.Check.Wrong(answer) != c.Check.Wrong(answer) {
				t.Error("the check changes its mind")
			}
		}
	})
}
