package task

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

// schemaCheck is a check with a schema that must be good.
func schemaCheck(t testing.TB, schema string, fields map[string]any) Check {
	t.Helper()
	c, err := JSON(json.RawMessage(schema), fields)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChecks(t *testing.T) {
	boat := schemaCheck(t, `{"type": "object", "required": ["n"], "properties": {"n": {"type": "number", "maximum": 9}}}`, map[string]any{"n": 5, "of": []any{"a", nil}})
	any := schemaCheck(t, `true`, nil)
	for _, c := range []struct {
		check  Check
		answer string
		wrong  string // part of why; "": it is right
	}{
		{Exact("Paris"), " **paris.** \n", ""},
		{Exact("Paris"), "“Paris”", ""},
		{Exact("two words"), "Two\n words", ""},
		{Exact("Paris"), "It is Paris", "is not"},
		{Exact("Paris", "Lutetia"), "lutetia", ""},
		{Exact("3.5"), "3.5.", ""},
		{Exact("Paris"), "", "is not"},
		{Regex(regexp.MustCompile(`^\s*\d{3}$`)), " 123", ""},
		{Regex(regexp.MustCompile(`^\s*\d{3}$`)), "1234", "does not match"},
		{Number(1234.5, 0), "It costs 1,234.50 in all", ""},
		{Number(-5, 0), "12 - 17 = -5", ""},
		{Number(-5, 0), "−5", ""},
		{Number(5, 0), "12-7-5", ""},
		{Number(42, 0), "6 * 7 = 42.", ""},
		{Number(42, 0), "42 because 6 * 7", "number 7"},
		{Number(3.14, 0.005), "about 3.1416", ""},
		{Number(3.14, 0.001), "about 3.1416", "number 3.1416"},
		{Number(1e6, 0), "1e6", ""},
		{Number(0.5, 0), ".5", ""},
		{Number(1, 0), "one", "no number"},
		{Number(1, 0), "1e999", "no number"},
		{boat, `{"n": 5.0, "of": ["a", null]}`, ""},
		{boat, "```json\n{\"n\": 50e-1, \"of\": [\"a\", null], \"more\": 1}\n```", ""},
		{boat, `{"n": 6, "of": ["a", null]}`, `"n" is 6, not 5`},
		{boat, `{"n": 5, "of": ["a"]}`, `"of" is ["a"]`},
		{boat, `{"n": 5}`, `no field "of"`},
		{boat, `{"n": 10}`, "schema"},
		{boat, `{"m": 5}`, "schema"},
		{boat, `{"n": 5`, "too early"},
		{boat, `Sure: {"n": 5}`, "not JSON"},
		{boat, `{"n": 5} {"n": 5}`, "behind"},
		{boat, `{"n": 5, "n": 6}`, "twice"},
		{any, `1e99999999`, "exponent"},
		{any, strings.Repeat("[", 65) + strings.Repeat("]", 65), "deep"},
		{any, `[]`, ""},
		{Constraints(Words{Exactly: 3}), "It's well-known here.", ""},
		{Constraints(Words{Exactly: 3}), "four words are here", "4 words"},
		{Constraints(Words{AtLeast: 2}), "one", "fewer"},
		{Constraints(Words{AtMost: 2}), "one two three", "more"},
		{Constraints(Words{StartsWith: "The Boat"}), "the boat sank", ""},
		{Constraints(Words{StartsWith: "The Boat"}), "The boats sank", "start"},
		{Constraints(Words{EndsWith: "sank"}), "The boat sank!", ""},
		{Constraints(Words{EndsWith: "sank"}), "The boat sank again", "end"},
		{Constraints(Words{Contains: []string{"red boat"}}), "A red, boat", ""},
		{Constraints(Words{Contains: []string{"red boat"}}), "A red old boat", "does not contain"},
		{Constraints(Words{Omits: []string{"the"}}), "Other", ""},
		{Constraints(Words{Omits: []string{"the"}}), "In THE boat", "contains"},
		{Constraints(Words{OmitsLetters: "eE"}), "A BOAT", ""},
		{Constraints(Words{OmitsLetters: "o"}), "A BOAT", "letters"},
		{Constraints(Words{Upper: true}), "ÉTÉ 3!", ""},
		{Constraints(Words{Upper: true}), "ÉTé", "small"},
		{Constraints(Words{Lower: true}), "Boat", "capital"},
		{Constraints(Words{}), " … ", "no word"},
		{Check{}, "anything", "no check"},
	} {
		got := c.check.Wrong(c.answer)
		if (c.wrong == "") != (got == "") || !strings.Contains(got, c.wrong) {
			t.Errorf("%q beside %q: %q, want %q", c.answer, c.check.Expected(), got, c.wrong)
		}
	}
}

// TestHostileSchemas: a schema reads nothing outside of itself, and no validation goes on
// without end.
func TestHostileSchemas(t *testing.T) {
	doubling := `{"$ref": "#/$defs/a0", "$defs": {"a40": {}`
	for i := range 40 {
		doubling += fmt.Sprintf(`, "a%d": {"allOf": [{"$ref": "#/$defs/a%d"}, {"$ref": "#/$defs/a%d"}]}`, i, i+1, i+1)
	}
	doubling += "}}"
	for schema, why := range map[string]string{
		`{"$ref": "file:///etc/passwd"}`:                                 "another document",
		`{"$ref": "http://example.com/s"}`:                               "another document",
		`{"$schema": "http://example.com/s"}`:                            "another document",
		`{"$ref": "other.json"}`:                                         "JSON schema",
		`{"$ref": "#"}`:                                                  "refer to each other",
		`{"allOf": [{"$ref": "#"}]}`:                                     "refer to each other",
		`{"items": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}`:           "refer to each other",
		`{"$dynamicRef": "#a", "$defs": {"b": {"$dynamicAnchor": "a"}}}`: "$dynamicRef",
		doubling:                            "refer to each other",
		`{"type": "strin"}`:                 "JSON schema",
		`{"pattern": "(?=a)"}`:              "JSON schema",
		`{"type": "object"`:                 "too early",
		`{"minimum": 1e999999999}`:          "exponent",
		`{"maxLength": 1e400, "type": 1.5}`: "JSON schema",
	} {
		began := time.Now()
		_, err := JSON(json.RawMessage(schema), nil)
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.80s: %v, want %q", schema, err, why)
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("%.80s: %v", schema, d)
		}
	}
}

// TestRecursiveSchema: schemas that describe trees are good ones.
func TestRecursiveSchema(t *testing.T) {
	c := schemaCheck(t, `{"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "v": {"type": "integer"}}, "required": ["v"]}`, nil)
	for answer, right := range map[string]bool{`{"v": 1, "left": {"v": 2, "right": {"v": 3}}}`: true, `{"v": 1, "left": {"v": 2, "right": {}}}`: false} {
		if why := c.Wrong(answer); (why == "") != right {
			t.Errorf("%s: %s", answer, why)
		}
	}
}
