package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// jsonCheck is a schema with fields that must have certain values.
type jsonCheck struct {
	source json.RawMessage
	schema *jsonschema.Schema
	fields map[string]any
}

// JSON takes an answer for right that is JSON, alone or in one block of Markdown code,
// validates against the schema and has these fields with these values (nil: any). Numbers are
// compared as numbers. A schema is refused that names another document, or whose
// evaluation could take unboundedly long.
func JSON(schema json.RawMessage, fields map[string]any) (Check, error) {
	n, err := parseJSON(string(schema))
	if err != nil {
		return Check{}, fmt.Errorf("JSON schema: %w", err)
	}
	compiled, err := compileSchema(n.plain())
	if err != nil {
		return Check{}, err
	}
	correct := "JSON under a schema"
	if fields != nil {
		text, err := json.Marshal(fields)
		if err != nil {
			return Check{}, fmt.Errorf("fields of the answer: %w", err)
		}
		correct = string(text)
	}
	return Check{json: &jsonCheck{schema, compiled, fields}, correct: correct}, nil
}

func (c *jsonCheck) wrong(answer string) string {
	n, err := parseJSON(unfence(answer))
	if err != nil {
		return err.Error()
	}
	value := n.plain()
	if err := c.schema.Validate(value); err != nil {
		return "breaks the schema: " + firstCause(err)
	}
	if c.fields == nil {
		return ""
	}
	object, ok := value.(map[string]any)
	if !ok {
		return "is not an object"
	}
	names := make([]string, 0, len(c.fields))
	for name := range c.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		got, ok := object[name]
		if !ok {
			return fmt.Sprintf("has no field %q", name)
		}
		if !sameJSON(got, c.fields[name]) {
			return fmt.Sprintf("the field %q is %s, not %s", name, shown(got), shown(c.fields[name]))
		}
	}
	return ""
}

// unfence takes a text out of a block of Markdown code, if that is all there is.
func unfence(text string) string {
	text = strings.TrimSpace(text)
	inner, ok := strings.CutPrefix(text, "```")
	if !ok {
		return text
	}
	if inner, ok = strings.CutSuffix(inner, "```"); !ok {
		return text
	}
	_, inner, ok = strings.Cut(inner, "\n") // the language stands on the first line
	if !ok {
		return text
	}
	return strings.TrimSpace(inner)
}

// firstCause is one line about the innermost error of a validation.
func firstCause(err error) string {
	var bad *jsonschema.ValidationError
	if !errors.As(err, &bad) {
		return err.Error()
	}
	for len(bad.Causes) > 0 {
		bad = bad.Causes[0]
	}
	_, why, _ := strings.Cut(bad.Error(), "\n")
	return strings.TrimPrefix(strings.TrimSpace(why), "- ")
}

func shown(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(text) > 60 {
		return strings.ToValidUTF8(string(text[:60]), "") + "…"
	}
	return string(text)
}

// sameJSON compares values as JSON has them, numbers by what they are worth.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameJSON)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for name, v := range a {
			if w, ok := b[name]; !ok || !sameJSON(v, w) {
				return false
			}
		}
		return true
	}
	x, xok := fraction(a)
	y, yok := fraction(b)
	if xok || yok {
		return xok && yok && x.Cmp(y) == 0
	}
	return a == b
}

// fraction is a number as a fraction; what a caller gives may be an int, what was read is a
// json.Number within the limits of parseJSON.
func fraction(v any) (*big.Rat, bool) {
	switch v := v.(type) {
	case int:
		return big.NewRat(int64(v), 1), true
	case float64:
		r := new(big.Rat).SetFloat64(v)
		return r, r != nil
	case json.Number:
		if !boundedNumber(string(v)) {
			return nil, false
		}
		return new(big.Rat).SetString(string(v))
	}
	return nil, false
}
