package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// good are schemas of which nothing is lost.
var good = []string{
	`{}`,
	`{"title":"x","description":"y","default":3,"examples":[1],"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"#","$comment":"c","deprecated":true,"readOnly":true,"x-mine":{"not":1}}`,
	`{"type":"object"}`,
	`{"type":"object","properties":{}}`,
	`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a"]}`,
	`{"properties":{"a":{},"b":{"type":"null"}},"required":["b","a"],"additionalProperties":false}`,
	`{"type":"object","properties":{"a":{"type":"number"}},"additionalProperties":{"type":"boolean"}}`,
	`{"type":"object","properties":{"a":{"type":"number"},"ab":{}},"additionalProperties":true}`,
	`{"type":"object","additionalProperties":false}`,
	`{"type":"object","properties":{"a-b":{},"a b":{},"naïve":{},"~/":{},"root":{},"char":{"maxLength":3}}}`,
	`{"type":"array"}`,
	`{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}`,
	`{"type":"array","minItems":2}`,
	`{"type":"array","maxItems":0}`,
	`{"type":"array","items":{},"maxItems":1000}`,
	`{"items":{"type":"string"}}`,
	`{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}],"minItems":2,"maxItems":2}`,
	`{"type":"array","items":[{"type":"string"}]}`,
	`{"type":"string","minLength":2,"maxLength":2000}`,
	`{"type":"string","minLength":2000}`,
	`{"maxLength":0}`,
	`{"type":"string","format":"date-time"}`,
	`{"type":"string","format":"uuid4"}`,
	`{"format":"date"}`,
	`{"type":"string","format":"time"}`,
	`{"type":"integer","minimum":-5,"maximum":1000}`,
	`{"type":"integer","minimum":18}`,
	`{"type":"integer","minimum":123}`,
	`{"type":"integer","minimum":-123}`,
	`{"type":"integer","exclusiveMinimum":0.5,"exclusiveMaximum":9.5}`,
	`{"type":"integer","maximum":120}`,
	`{"type":"integer","minimum":-99,"maximum":-10}`,
	`{"type":"integer","minimum":105,"maximum":999999999999999}`,
	`{"type":"number"}`,
	`{"type":["string","null"],"maxLength":5}`,
	`{"type":["integer","object"],"minimum":1,"properties":{"a":{"type":"string"}}}`,
	`{"enum":["a","b",null,1.5,{"b":[1],"a":"é\n\""}]}`,
	`{"type":"string","enum":["a","b"]}`,
	`{"type":["string","null"],"enum":["a",null]}`,
	`{"const":{"x":"\u0000"}}`,
	`{"type":"number","const":1}`,
	`{"anyOf":[{"type":"string"},{"type":"null"}],"description":"optional"}`,
	`{"oneOf":[{"type":"string"},{"type":"integer"},{"const":null}]}`,
	`{"oneOf":[{"const":"a"},{"enum":["b","c"]}]}`,
	`{"oneOf":[{"$ref":"#/$defs/cat"},{"$ref":"#/$defs/dog"}],"discriminator":{"propertyName":"kind"},"$defs":{"cat":{"type":"object","properties":{"kind":{"const":"cat"}},"required":["kind"]},"dog":{"type":"object","properties":{"kind":{"const":"dog"},"cat":{}},"required":["kind"]}}}`,
	`{"oneOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}]}`,
	`{"allOf":[{"properties":{"a":{"type":"string"}}},{"$ref":"#/$defs/b"}],"type":"object","$defs":{"b":{"type":"object","properties":{"b":{"type":"number"}}}}}`,
	`{"allOf":[{"enum":["a","b"]},{"enum":["b","c"]}],"type":"string"}`,
	`{"allOf":[{"$ref":"#/definitions/b"}],"definitions":{"b":{"type":"object","properties":{"b":{}},"additionalProperties":false}}}`,
	`{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"value":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["value","next"]},"unused":{"not":{}}}}`,
	`{"type":"object","properties":{"child":{"$ref":"#/properties/list"},"list":{"type":"array","items":{"$ref":"#/properties/list"}}}}`,
	`{"type":"array","items":{"anyOf":[{"$ref":"#/items/anyOf/1"},{"type":"string"}]}}`,
	`{"type":"object","properties":{"user":{"$ref":"#/$defs/User"},"item":{"$ref":"#/$defs/User2"}},"$defs":{"User":{"type":"object","properties":{"name":{"type":"string"}}},"User2":{"type":"object","properties":{"name":{"type":"string"}}}}}`,
	`{"type":"object","properties":{"date_time":{"type":"string","format":"date-time"},"b":{"type":"string","format":"date-time"}}}`,
	`{"type":"object","properties":{"date_time":{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]},"b":{"type":"string","format":"date-time"}}}`,
	patterned(`^$`), patterned(`^[a-z]+$`), patterned(`^(foo|bar)-[0-9]{2,5}$`), patterned(`^a|b$`),
	patterned(`^(?:[A-Z]{2}[0-9]{4,})?$`), patterned(`^[^"\\\x00-\x1F]*$`), patterned(`^\+?[0-9\- ]{5,20}$`), patterned(`^\(\.\)x*$`),
	patterned(`^(é)+[à-ü]?$`), patterned(`^(\.\.)*/[a-c-]#[)]\u0041$`), patterned(`^((a|)b){3}(x{2}){4}$`), patterned(`^[^"\\\u0000-\u001f]{1,1000}$`),
}

func patterned(p string) string { return fmt.Sprintf(`{"type":"string","pattern":%q}`, p) }

// bad are schemas with the place and the keyword that the error must name.
var bad = []struct{ schema, at, keyword string }{
	{`true`, "#", ""}, {`false`, "#", ""}, {`5`, "#", ""}, {`[]`, "#", ""}, {`null`, "#", ""},
	{`{"properties":{"a":true}}`, "#/properties/a", ""},
	{`{"a":1,"a":2}`, "#", "a"},
	{`{"type":5}`, "#", "type"}, {`{"type":null}`, "#", "type"}, {`{"type":"text"}`, "#", "type"}, {`{"type":""}`, "#", "type"},
	{`{"type":[]}`, "#", "type"}, {`{"type":["string",null]}`, "#", "type"}, {`{"type":["string","string"]}`, "#", "type"},
	{`{"type":"object","properties":[]}`, "#", "properties"},
	{`{"type":"object","properties":{"a":[]}}`, "#/properties/a", ""},
	{`{"type":"object","properties":{"a/b~":{"type":1}}}`, "#/properties/a~1b~0", "type"},
	{`{"type":"object","properties":{"":{}}}`, "#", "properties"}, {`{"type":"object","properties":{"*":{}}}`, "#", "properties"},
	{`{"type":"object","required":"x"}`, "#", "required"}, {`{"type":"object","required":["x"]}`, "#", "required"},
	{`{"type":"object","properties":{"x":{}},"required":["x","x"]}`, "#", "required"}, {`{"type":"object","required":[1]}`, "#", "required"},
	{`{"required":["x"]}`, "#", "required"},
	{`{"type":"object","additionalProperties":1}`, "#", "additionalProperties"},
	{`{"type":"object","additionalProperties":{"type":"x"}}`, "#/additionalProperties", "type"},
	{`{"type":"object","properties":{"a]":{}},"additionalProperties":true}`, "#", "additionalProperties"},
	{`{"type":"object","properties":{"` + strings.Repeat("a", 601) + `":{}},"additionalProperties":true}`, "#", "additionalProperties"},
	{`{"enum":[]}`, "#", "enum"}, {`{"enum":"a"}`, "#", "enum"}, {`{"enum":["a","a"]}`, "#", "enum"}, {`{"enum":[1,{"a":1,"b":2},{"b":2,"a":1}]}`, "#", "enum"},
	{`{"type":"string","enum":["a",1]}`, "#", "enum"}, {`{"enum":["a"],"const":"a"}`, "#", "enum"}, {`{"enum":["abc"],"maxLength":1}`, "#", "maxLength"},
	{`{"type":"integer","const":1.5}`, "#", "const"}, {`{"const":123456789012345678901}`, "#", "const"}, {`{"const":1e999}`, "#/const", ""},
	{`{"type":"string","minLength":-1}`, "#", "minLength"}, {`{"type":"string","minLength":1.5}`, "#", "minLength"}, {`{"type":"string","minLength":"1"}`, "#", "minLength"},
	{`{"type":"string","maxLength":2001}`, "#", "maxLength"}, {`{"type":"string","maxLength":99999999999999999999}`, "#", "maxLength"},
	{`{"type":"string","minLength":3,"maxLength":2}`, "#", "minLength"},
	{`{"type":"array","maxItems":1001}`, "#", "maxItems"}, {`{"type":"array","minItems":null}`, "#", "minItems"},
	{`{"minItems":1}`, "#", "minItems"},
	{`{"type":"array","items":true}`, "#/items", ""}, {`{"type":"array","items":[]}`, "#", "items"}, {`{"type":"array","prefixItems":{}}`, "#", "prefixItems"},
	{`{"type":"array","prefixItems":[{}],"items":{}}`, "#", "prefixItems"}, {`{"type":"array","prefixItems":[{}],"minItems":2}`, "#", "prefixItems"},
	{`{"type":"array","items":{"type":"string","uniqueItems":true}}`, "#/items", "uniqueItems"},
	{`{"type":"string","pattern":1}`, "#", "pattern"}, {`{"type":"string","format":1}`, "#", "format"}, {`{"type":"string","format":"email"}`, "#", "format"},
	{`{"type":"string","pattern":"^a$","maxLength":3}`, "#", "minLength"}, {`{"type":"string","pattern":"^a$","format":"date"}`, "#", "format"},
	{`{"type":"string","format":"date","minLength":3}`, "#", "minLength"}, {`{"format":"email"}`, "#", "format"},
	{`{"type":"number","minimum":1}`, "#", "minimum"}, {`{"type":["number","integer"],"maximum":1}`, "#", "maximum"}, {`{"minimum":1}`, "#", "minimum"},
	{`{"type":"integer","minimum":"1"}`, "#", "minimum"}, {`{"type":"integer","minimum":1,"exclusiveMinimum":1}`, "#", "exclusiveMinimum"},
	{`{"type":"integer","exclusiveMaximum":true}`, "#", "exclusiveMaximum"}, {`{"type":"integer","minimum":2,"maximum":1}`, "#", "minimum"},
	{`{"type":"integer","exclusiveMinimum":1,"exclusiveMaximum":2}`, "#", "minimum"},
	{`{"type":"integer","maximum":-1}`, "#", "maximum"}, {`{"type":"integer","minimum":100}`, "#", "minimum"}, {`{"type":"integer","minimum":2115}`, "#", "minimum"},
	{`{"type":"integer","maximum":1e15}`, "#", "maximum"},
	{`{"type":"integer","minLength":1}`, "#", "minLength"}, {`{"type":"boolean","items":{}}`, "#", "items"},
	{`{"type":"object","anyOf":[{}]}`, "#", "type"}, {`{"anyOf":[]}`, "#", "anyOf"}, {`{"anyOf":{}}`, "#", "anyOf"}, {`{"anyOf":[{}],"oneOf":[{}]}`, "#", "anyOf"},
	{`{"anyOf":[{},{"type":1}]}`, "#/anyOf/1", "type"},
	{`{"oneOf":[{"type":"integer"},{"type":"number"}]}`, "#", "oneOf"}, {`{"oneOf":[{"const":1},{"const":1.0}]}`, "#", "oneOf"},
	{`{"oneOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}`, "#", "oneOf"}, {`{"oneOf":[{},{"type":"null"}]}`, "#", "oneOf"},
	{`{"allOf":[{"type":"string"}]}`, "#/allOf/0", ""}, {`{"allOf":[{"properties":{"a":{}}},{"enum":["a"]}]}`, "#/allOf/1", ""},
	{`{"allOf":[{"properties":{"a":{}}},{"properties":{"a":{}}}]}`, "#/allOf/1", "properties"},
	{`{"allOf":[{"properties":{"a":{}},"additionalProperties":false},{"properties":{"b":{}}}]}`, "#/allOf/0", "additionalProperties"},
	{`{"allOf":[{"enum":["a"]},{"enum":["b"]}]}`, "#", "allOf"}, {`{"allOf":[{"enum":["a"]}],"type":"object"}`, "#", "type"},
	{`{"allOf":[{"properties":{"a":{}}}],"properties":{"b":{}}}`, "#", "properties"}, {`{"allOf":[{"properties":{"a":{}}}],"type":"array"}`, "#", "type"},
	{`{"allOf":[{"anyOf":[{"properties":{"a":{}}}]}]}`, "#/allOf/0", ""},
	{`{"$ref":5}`, "#", "$ref"}, {`{"$ref":"#"}`, "#", "$ref"}, {`{"$ref":"https://example.com/x"}`, "#", "$ref"}, {`{"$ref":"#/$defs/no"}`, "#", "$ref"},
	{`{"$ref":"#/$defs/a~1b","$defs":{"a/b":{}}}`, "#", "$ref"}, {`{"$ref":"#/"}`, "#", "$ref"},
	{`{"$ref":"#/$defs/a","type":"string","$defs":{"a":{}}}`, "#", "type"}, {`{"$ref":"#/$defs/a","$defs":{"a":{"not":{}}}}`, "#/$defs/a", "not"},
	{`{"anyOf":[{"$ref":"#/x-a/0"},{"$ref":"#/x-a/00"}],"x-a":[{}]}`, "#/anyOf/1", "$ref"},
	{`{"anyOf":[{"$ref":"#/$defs/a b"},{"$ref":"#/$defs/a-b"}],"$defs":{"a b":{},"a-b":{}}}`, "#/anyOf/1", "$ref"},
	{`{"anyOf":[{"$ref":"#/$defs/User"},{"$ref":"#/$defs/User_name"}],"$defs":{"User":{"properties":{"name":{"maxLength":1}}},"User_name":{"type":"null"}}}`, "#/$defs/User_name", ""},
	{`{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}`, "#/$defs/a", ""},
	{`{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/a"}]}}}`, "#/$defs/a", ""},
	{`{"$ref":"#/$defs/a","$defs":{"a":{"properties":{"a":{"$ref":"#/$defs/a"}},"required":["a"]}}}`, "#", ""},
	{`{"allOf":[{"properties":{"a":{"$ref":"#/x-b"}}}],"x-b":{"allOf":[{"properties":{"b":{"$ref":"#/x-b"}}}]}}`, "#", ""},
	{`{"type":"array","minItems":1,"items":{"$ref":"#/x-a"},"x-a":{"type":"array","minItems":1,"items":{"$ref":"#/x-a"}}}`, "#", ""},
	{`{"properties":{"a":{"$id":"x"}}}`, "#/properties/a", "$id"}, {`{"$defs":[]}`, "#", "$defs"},
	{`{"properties":{"decimal_part":{}}}`, "#/properties/decimal_part", ""},
	{`{"properties":{"date_time":{"maxLength":3},"b":{"format":"date-time"}}}`, "#/properties/date_time", ""},
	{`{"requried":["a"]}`, "#", "requried"},
}

func TestGood(t *testing.T) {
	for _, s := range good {
		if err := Check([]byte(s)); err != nil {
			t.Errorf("%s\n\t%v", s, err)
		}
	}
}

func TestBad(t *testing.T) {
	for _, b := range bad {
		expect(t, b.schema, b.at, b.keyword)
	}
	for keyword := range ignored {
		expect(t, fmt.Sprintf(`{"properties":{"a":{"type":"string",%q:1}}}`, keyword), "#/properties/a", keyword)
	}
}

func expect(t *testing.T, schema, at, keyword string) {
	t.Helper()
	err := Check([]byte(schema))
	var e *Error
	if !errors.As(err, &e) || e.Pointer != at || e.Keyword != keyword {
		t.Errorf("%.200s\n\twant %s %q, got %v", schema, at, keyword, err)
		return
	}
	if text := err.Error(); !strings.Contains(text, at) || !strings.Contains(text, keyword) || len(e.Reason) < 10 {
		t.Errorf("%.200s\n\tsays %s", schema, text)
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		``: "not JSON at byte 0", `{"a":}`: "not JSON at byte 6", `{} x`: "not JSON at byte 4",
		"{\"a\":\"\xff\"}": "not UTF-8 at byte 6", `{"a":"\ud83d"}`: "escape at byte 6", `{"a":"\ude00"}`: "escape at byte 6",
		`{"a":"\\ud83d"}`: "a: is not a known keyword", `{"x-a":"\ud83d\ude00"}`: "",
	} {
		err := Check([]byte(text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int, open, inside, end string) string {
		return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
	}
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for name, s := range map[string]string{
		"bytes":        `{"title":"` + strings.Repeat("x", MaxBytes) + `"}`,
		"brackets":     `{"default":` + nested(MaxNesting+1, "[", "", "]") + `}`,
		"many values":  `{"default":[` + many(maxJSONValues, "%d,") + `]}`,
		"depth":        nested(MaxDepth+1, `{"items":`, `{}`, `}`),
		"chain":        `{"$ref":"#/x-/a","x-":` + chain(MaxDepth+1) + `}`,
		"schemas":      `{"anyOf":[` + many(MaxSchemas, `{"title":"%d"},`) + `]}`,
		"enum":         `{"enum":[` + many(MaxValues+1, "%d,") + `]}`,
		"optional":     `{"properties":{` + many(MaxOptional+1, `"p%d":{},`) + `}}`,
		"patterns":     `{"anyOf":[` + many(MaxPatterns+1, `{"pattern":"^%d$"},`) + `]}`,
		"repetitions":  `{"anyOf":[` + many(MaxRepetitions/MaxLength+1, `{"maxLength":2000,"title":"%d"},`) + `]}`,
		"names":        `{"properties":{"` + strings.Repeat("x", MaxRuleName+1) + `":{}}}`,
		"type lists":   nested(100, `{"type":["array","object"],"items":`, `{"enum":[`+many(MaxValues, "%d,")+`]}`, `,"x-pad":[`+many(60, "%d,")+`]}`),
		"long pattern": patterned("^" + strings.Repeat("a", 5000) + "$"),
	} {
		start := time.Now()
		err := Check([]byte(s))
		if err == nil {
			t.Errorf("%s: passes", name)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}

// chain is n definitions, each a reference to the next.
func chain(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"a%s":{"$ref":"#/x-/a%s"},`, strings.Repeat("b", i), strings.Repeat("b", i+1))
	}
	return `{` + b.String() + `"a` + strings.Repeat("b", n) + `":{}}`
}

func FuzzCheck(f *testing.F) {
	for _, s := range good {
		f.Add([]byte(s))
	}
	for _, b := range bad {
		f.Add([]byte(b.schema))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		start := time.Now()
		var e *Error
		if err := Check(raw); err != nil && (!errors.As(err, &e) || !strings.HasPrefix(e.Pointer, "#") || e.Reason == "") {
			t.Errorf("%q: %v", raw, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q takes %v", raw, took)
		}
	})
}
