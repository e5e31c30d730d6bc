package task

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// person is what there is to extract.
type person struct {
	name, job, town string
	age, boats      int
}

func somebody(r *rand.Rand, name string) person {
	return person{name: name, job: pick(r, jobs), town: pick(r, towns), age: 18 + r.IntN(70), boats: 2 + r.IntN(40)}
}

// fieldsOf are the fields that an object about a person can have, in their order.
var fieldsOf = []struct {
	name, kind string
	of         func(person) any
}{
	{"name", "string", func(p person) any { return p.name }},
	{"age", "integer", func(p person) any { return p.age }},
	{"job", "string", func(p person) any { return p.job }},
	{"town", "string", func(p person) any { return p.town }},
	{"boats", "integer", func(p person) any { return p.boats }},
}

// object is the first n fields of a person, as a value and as text.
func (p person) object(n int) (map[string]any, string) {
	values, parts := map[string]any{}, []string{}
	for _, f := range fieldsOf[:n] {
		values[f.name] = f.of(p)
		parts = append(parts, fmt.Sprintf("%q: %s", f.name, shown(f.of(p))))
	}
	return values, "{" + strings.Join(parts, ", ") + "}"
}

// schemaOf is the schema of an object with the first n fields.
func schemaOf(n int) string {
	var properties, required []string
	for _, f := range fieldsOf[:n] {
		properties = append(properties, fmt.Sprintf("%q: {\"type\": %q}", f.name, f.kind))
		required = append(required, fmt.Sprintf("%q", f.name))
	}
	return fmt.Sprintf(`{"type": "object", "properties": {%s}, "required": [%s], "additionalProperties": false}`,
		strings.Join(properties, ", "), strings.Join(required, ", "))
}

func (p person) told(r *rand.Rand) string {
	switch r.IntN(3) {
	case 0:
		return fmt.Sprintf("%s is %d years old, works as a %s in %s and owns %d boats.", p.name, p.age, p.job, p.town, p.boats)
	case 1:
		return fmt.Sprintf("In %s lives a %s of %d years called %s, who has %d boats.", p.town, p.job, p.age, p.name, p.boats)
	}
	return fmt.Sprintf("The owner of %d boats is %s, a %s from %s, aged %d.", p.boats, p.name, p.job, p.town, p.age)
}

// extracting: fields of a person out of a sentence, among others; then of several people.
func extracting(r *rand.Rand, rung int) (question, error) {
	fields := []int{2, 3, 5, 5, 3, 5}[rung-1]
	if rung >= 5 {
		return extractingAll(r, fields, []int{2, 3}[rung-5])
	}
	others := []int{0, 0, 0, 3}[rung-1]
	who := several(r, names, others+1)
	wanted := somebody(r, who[0])
	told := []string{wanted.told(r)}
	if rung == 1 {
		told[0] = fmt.Sprintf("%s is %d years old and works as a %s.", wanted.name, wanted.age, wanted.job)
	}
	for _, name := range who[1:] {
		told = append(told, somebody(r, name).told(r))
	}
	r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
	values, answer := wanted.object(fields)
	schema := json.RawMessage(schemaOf(fields))
	check, err := JSON(schema, values)
	return question{
		ask:    fmt.Sprintf("%s Write %s of %s as JSON.", strings.Join(told, " "), listed(fieldNames(fields)), wanted.name),
		answer: answer, check: check, schema: schema,
	}, err
}

func extractingAll(r *rand.Rand, fields, people int) (question, error) {
	var told, objects []string
	var values []any
	for _, name := range several(r, names, people) {
		p := somebody(r, name)
		v, text := p.object(fields)
		told, objects, values = append(told, p.told(r)), append(objects, text), append(values, v)
	}
	schema := json.RawMessage(fmt.Sprintf(`{"type": "object", "properties": {"people": {"type": "array", "items": %s}}, "required": ["people"], "additionalProperties": false}`, schemaOf(fields)))
	check, err := JSON(schema, map[string]any{"people": values})
	return question{
		ask:    fmt.Sprintf("%s Write %s of all people as JSON, in the order of the text.", strings.Join(told, " "), listed(fieldNames(fields))),
		answer: `{"people": [` + strings.Join(objects, ", ") + "]}", check: check, schema: schema,
	}, err
}

func fieldNames(n int) []string {
	var all []string
	for _, f := range fieldsOf[:n] {
		all = append(all, f.name)
	}
	return all
}
