package schema

import (
	"regexp"
	"slices"
	"strconv"
)

// node is a schema as the converter sees it.
type node struct {
	at       string
	form     form
	types    typeSet
	children []*node  // of anyOf, oneOf, allOf; the target of a $ref; items of an array
	literals []string // of const and enum
	needed   bool     // an array that cannot be empty

	properties []property
	extra      *node // additionalProperties; nil when there are none
	closed     bool  // additionalProperties was false or a schema
}

type property struct {
	name     string
	node     *node
	required bool
}

type form int

const (
	formScalar form = iota
	formAny
	formRef
	formAnyOf
	formOneOf
	formAllOf
	formConst
	formEnum
	formArray
	formObject
)

func (n *node) property(name string) *property {
	for i := range n.properties {
		if n.properties[i].name == name {
			return &n.properties[i]
		}
	}
	return nil
}

// place is where a schema stands: in the text, and among the rules of the grammar.
type place struct {
	at    string
	name  string // the name that the converter derives its rule's from
	depth int
	ref   bool // it is the target of a $ref
}

func (p place) in(step, name string) place {
	if p.name != "" {
		name = p.name + "-" + name
	}
	return place{at: p.at + step, name: name, depth: p.depth + 1}
}

func (p place) alternative(step string, i int) place {
	n := strconv.Itoa(i)
	if p.name == "" {
		n = "alternative-" + n
	}
	return p.in(step, n)
}

type checker struct {
	root *value
	refs map[string]*node // by the text of the $ref; filled when its target is begun

	refNames map[string]string // rule name of a $ref → its text
	names    map[string]bool   // rule names that are not those of a $ref
	all      []*node

	schemas, repetitions, values, patterns, typeCopies int
	dateTime                                           bool   // the rule "date-time" is the converter's own
	dateTimeTaken                                      string // or it belongs to the schema at this place
}

var notInNames = regexp.MustCompile(`[^a-zA-Z0-9-]+`)

func ruleName(name string) string { return notInNames.ReplaceAllString(name, "-") }

func (c *checker) build(v *value, p place) (*node, *Error) {
	n := &node{}
	return n, c.fill(n, v, p)
}

// fill reads the schema at a place, with the precedence of the converter's
// build_node (common/json-schema.cpp@v0.5.0).
func (c *checker) fill(n *node, v *value, p place) *Error {
	if v.kind == boolean && v.yes {
		return wrong(p.at, "", "true is not taken as a schema here; write {}")
	}
	if v.kind != object {
		return wrong(p.at, "", "a schema must be an object")
	}
	if err := c.enter(p); err != nil {
		return err
	}
	keywords, err := restricting(v, p.at)
	if err != nil {
		return err
	}
	has := func(k string) bool { return slices.Contains(keywords, k) }
	n.at = p.at
	c.all = append(c.all, n)
	switch {
	case has("$ref"):
		err = c.ref(n, v, p, keywords)
	case has("oneOf"):
		err = c.alternatives(n, v, p, keywords, "oneOf", formOneOf)
	case has("anyOf"):
		err = c.alternatives(n, v, p, keywords, "anyOf", formAnyOf)
	case has("allOf"):
		err = c.allOf(n, v, p, keywords)
	case has("const"), has("enum"):
		err = c.constants(n, v, p, keywords)
	default:
		err = c.typed(n, v, p, keywords)
	}
	if err != nil {
		return err
	}
	if ruleName(p.name) == "date-time" && p.name != "date-time" && !c.dateTime && (n.form != formScalar || slices.ContainsFunc(keywords, func(k string) bool { return k != "type" })) {
		c.dateTimeTaken = p.at
	}
	return nil
}

// enter counts a schema and takes its place among the rules.
func (c *checker) enter(p place) *Error {
	if c.schemas++; c.schemas > MaxSchemas {
		return wrong(p.at, "", "more than %d schemas; split the schema", MaxSchemas)
	}
	if p.depth > MaxDepth {
		return wrong(p.at, "", "schemas nested deeper than %d levels", MaxDepth)
	}
	if len(p.name) > MaxRuleName {
		return wrong(p.at, "", "the names of the properties down to here are longer than %d bytes; shorten them, or use $ref", MaxRuleName)
	}
	name := ruleName(p.name)
	if name != p.name && (name == "integral-part" || name == "decimal-part") {
		return wrong(p.at, "", "the converter needs the name %s for itself; rename the property", name)
	}
	if !p.ref {
		for _, suffix := range []string{"", "-kv", "-rest"} {
			c.names[name+suffix] = true
		}
	}
	return nil
}

// repeat counts what the grammar repeats; the grammar parser writes it out.
func (c *checker) repeat(at, keyword string, times int) *Error {
	if c.repetitions += times; c.repetitions > MaxRepetitions {
		return wrong(at, keyword, "more than %d repetitions in all; lower the bounds", MaxRepetitions)
	}
	return nil
}
