package task

import (
	"errors"
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// maxWork bounds how often a schema may look at one value of an answer.
const maxWork = 10_000

// compileSchema makes a validator of a schema that stands alone.
func compileSchema(value any) (*jsonschema.Schema, error) {
	const name = "llm:///schema" // what the schema is called within the validator
	c := jsonschema.NewCompiler()
	c.UseLoader(noOther{})
	if err := c.AddResource(name, value); err != nil {
		return nil, fmt.Errorf("JSON schema: %w", err)
	}
	s, err := c.Compile(name)
	if err != nil {
		var bad *jsonschema.SchemaValidationError
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("JSON schema: %s", firstCause(bad.Err))
		}
		return nil, fmt.Errorf("JSON schema: %w", err)
	}
	w := effort{seen: map[visit]int{}}
	work := w.of(s, maxDepth)
	if w.dynamic {
		return nil, errors.New("JSON schema: what $dynamicRef and $recursiveRef refer to is known while an answer is validated only; use $ref")
	}
	if work > maxWork {
		return nil, fmt.Errorf("JSON schema: its parts refer to each other so often that an answer could be looked at more than %d times; use fewer $ref under allOf, anyOf and oneOf", maxWork)
	}
	return s, nil
}

// noOther refuses whatever a schema names outside of itself: nothing is read or fetched.
type noOther struct{}

func (noOther) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is another document; write what it defines into the schema itself, under $defs", url)
}

// effort bounds the work of a validation: how often the parts of a schema look at one value of
// an instance that is so many levels deep. Parts that look at the same value add up; of parts
// that look at different values of the same object or array, the most diligent counts.
type effort struct {
	seen    map[visit]int
	dynamic bool // a reference without a certain goal was met
}

type visit struct {
	schema *jsonschema.Schema
	depth  int
}

// busy marks a schema whose effort is being counted: to meet it again at the same depth is to
// go in circles.
const busy = -1

func (e *effort) of(s *jsonschema.Schema, depth int) int {
	if s == nil || depth < 0 {
		return 0
	}
	v := visit{s, depth}
	if n, ok := e.seen[v]; ok {
		if n == busy {
			return maxWork + 1
		}
		return n
	}
	e.seen[v] = busy
	e.dynamic = e.dynamic || s.DynamicRef != nil || s.RecursiveRef != nil
	n := 1
	for _, part := range inPlace(s) {
		if n += e.of(part, depth); n > maxWork {
			break
		}
	}
	for _, group := range below(s) {
		most := 0
		for _, part := range group {
			most = max(most, e.of(part, depth-1))
		}
		if n += most; n > maxWork {
			break
		}
	}
	n = min(n, maxWork+1)
	e.seen[v] = n
	return n
}

// inPlace are the parts of a schema that look at the same value.
func inPlace(s *jsonschema.Schema) []*jsonschema.Schema {
	all := slices.Concat([]*jsonschema.Schema{s.Ref, s.Not, s.If, s.Then, s.Else, s.ContentSchema}, s.AllOf, s.AnyOf, s.OneOf)
	for _, part := range s.DependentSchemas {
		all = append(all, part)
	}
	for _, part := range s.Dependencies {
		all = append(all, asSchemas(part)...)
	}
	return all
}

// below are the parts that look at the values inside, in groups of which each value of the
// instance meets one.
func below(s *jsonschema.Schema) [][]*jsonschema.Schema {
	groups := [][]*jsonschema.Schema{{s.PropertyNames}, {s.UnevaluatedProperties}, {s.Contains}, {s.Items2020}, {s.UnevaluatedItems},
		asSchemas(s.AdditionalProperties), asSchemas(s.Items), asSchemas(s.AdditionalItems), s.PrefixItems}
	var properties []*jsonschema.Schema
	for _, part := range s.Properties {
		properties = append(properties, part)
	}
	for _, part := range s.PatternProperties {
		groups = append(groups, []*jsonschema.Schema{part})
	}
	return append(groups, properties)
}

// asSchemas is a part that the validator keeps as a schema, some of them, or something else.
func asSchemas(v any) []*jsonschema.Schema {
	switch v := v.(type) {
	case *jsonschema.Schema:
		return []*jsonschema.Schema{v}
	case []*jsonschema.Schema:
		return v
	}
	return nil
}
