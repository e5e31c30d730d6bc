package llama_test

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/llama"
)

var schemaGuards = map[string]guardCase{
	"schemas that are none": {llama.ErrEngine, func(g *guarded) (errs []error) {
		for _, text := range []string{"", "{", "}", "nul", `{"type":`, `{"type":"string"`, `{"a":1}{"b":2}`, "\xff", `{"type":"\xff"}`, `{"type":"nosuch"}`, `{"type":7}`,
			`{"type":["string",7]}`, `{"$ref":"#/nosuch"}`, `{"$ref":7}`, `{"$ref":"https://localhost:1/schema"}`, `{"pattern":7,"type":"string"}`,
			`{"type":"string","pattern":"^((((a$"}`, `{"type":"string","pattern":"^(a\\1)$"}`, `{"type":"string","pattern":"^[a$"}`, `{"type":"string","pattern":"^a{,$"}`, `{"type":"string","pattern":"^a{99999999999}$"}`,
			`{"allOf":7}`, `{"properties":7,"type":"object"}`, `{"type":"object","properties":[1]}`, `{"items":7,"type":"array"}`, `{"type":"array","items":{"type":"string"},"minItems":"x"}`} {
			if _, err := llama.SchemaToGrammar([]byte(text)); err != nil {
				errs = append(errs, err)
			} else {
				g.Logf("%q was taken", text)
			}
		}
		return errs
	}},
	"schemas with NUL": {llama.ErrInvalid, func(g *guarded) []error {
		_, err := llama.SchemaToGrammar([]byte("{\"type\":\"string\"}\x00"))
		return []error{err}
	}},
	"a schema 10000 deep":  {llama.ErrLimit, func(g *guarded) []error { return deepSchemas(10000) }},
	"a schema 300000 deep": {llama.ErrLimit, func(g *guarded) []error { return deepSchemas(300000) }},
	"constants that are deep": {nil, func(g *guarded) []error {
		for _, n := range []int{10000, 300000, 3000000} {
			deep := strings.Repeat("[", n) + strings.Repeat("]", n)
			_, constErr := llama.SchemaToGrammar([]byte(`{"const":` + deep + `}`))
			_, enumErr := llama.SchemaToGrammar([]byte(`{"enum":[1,` + deep + `]}`))
			_, err := llama.SchemaToGrammar([]byte(deep))
			if err == nil {
				g.Error("a list is a schema")
			}
			g.Logf("%d: %v, %v, %v", n, constErr, enumErr, err)
		}
		return []error{nil}
	}},
	"schemas with counts without measure": {nil, func(g *guarded) (errs []error) {
		for _, text := range []string{`{"type":"array","items":{"type":"string"},"minItems":1000000000}`, `{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":1000000000}`,
			`{"type":"string","minLength":1000000000}`, `{"type":"string","maxLength":9223372036854775807}`, `{"type":"string","maxLength":1e300}`, `{"type":"string","minLength":-1}`,
			`{"type":"array","minItems":-5,"maxItems":-9}`, `{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}`, `{"type":"integer","minimum":1e300}`,
			`{"type":"integer","minimum":10,"maximum":1}`, `{"type":"string","pattern":"^(a{1,1000}){1,1000}$"}`, `{"type":"string","pattern":"^` + strings.Repeat("(", 20000) + "a" + strings.Repeat(")", 20000) + `$"}`,
			`{"type":"string","pattern":"^` + strings.Repeat("(a|", 5000) + "a" + strings.Repeat(")*", 5000) + `$"}`, `{"enum":[` + strings.Repeat(`"a",`, 100000) + `1]}`,
			`{"type":"array","prefixItems":[` + strings.Repeat(`{"type":"string"},`, 30000) + `{}]}`, `{"type":"object","properties":{` + manyProperties(3000) + `}}`} {
			grammar, err := llama.SchemaToGrammar([]byte(text))
			if err == nil {
				err = g.m.CheckGrammar(grammar)
			}
			g.Logf("%.80q: %.200v", text, err)
		}
		return []error{nil}
	}},
	"schemas that refer to themselves": {nil, func(g *guarded) (errs []error) {
		for _, text := range []string{`{"$ref":"#"}`, `{"anyOf":[{"$ref":"#"}]}`, `{"allOf":[{"$ref":"#"}]}`, `{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}`,
			`{"type":"object","properties":{"a":{"$ref":"#"}}}`, `{"type":"array","items":{"$ref":"#"}}`} {
			grammar, err := llama.SchemaToGrammar([]byte(text))
			if err == nil {
				err = g.m.CheckGrammar(grammar)
			}
			g.Logf("%s: %v", text, err)
		}
		return []error{nil}
	}},
}

// deepSchemas nest in every keyword that takes a schema.
func deepSchemas(n int) (errs []error) {
	for _, nest := range [][2]string{{`{"type":"array","items":`, `}`}, {`{"type":"object","properties":{"a":`, `}}`}, {`{"anyOf":[`, `]}`}, {`{"allOf":[`, `]}`},
		{`{"type":"object","additionalProperties":`, `}`}, {`{"prefixItems":[`, `]}`}} {
		_, err := llama.SchemaToGrammar([]byte(strings.Repeat(nest[0], n) + `{}` + strings.Repeat(nest[1], n)))
		errs = append(errs, err)
	}
	return errs
}

func manyProperties(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"p%d":{"type":"string"}`, i))
	}
	return strings.Join(all, ",")
}
