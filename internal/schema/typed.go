package schema

import (
	"slices"
	"strconv"
	"strings"
)

// types reads "type": one name or a list of them.
func types(v *value, at string) (names []string, err *Error) {
	t := v.get("type")
	if t == nil {
		return nil, nil
	}
	items := []*value{t}
	if t.kind == list {
		items = t.items
	}
	for _, i := range items {
		if i.kind != text {
			return nil, wrong(at, "type", "must be the name of a type, or a list of names")
		}
		if typeNames[i.text] == 0 {
			return nil, wrong(at, "type", "%q is no type; the types are null, boolean, integer, number, string, array and object", i.text)
		}
		if slices.Contains(names, i.text) {
			return nil, wrong(at, "type", "names %s twice", i.text)
		}
		names = append(names, i.text)
	}
	if len(names) == 0 {
		return nil, wrong(at, "type", "is empty; name at least one type")
	}
	return names, nil
}

// typed reads a schema that is no reference, no combination and no constant.
func (c *checker) typed(n *node, v *value, p place, keywords []string) *Error {
	names, err := types(v, p.at)
	if err != nil {
		return err
	}
	if names == nil {
		if names, err = implied(v, p.at, keywords); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		n.form, n.types = formAny, anyType
		return nil
	}
	if err := applicable(p.at, names, keywords); err != nil {
		return err
	}
	if len(names) == 1 && !v.get("type").isList() {
		return c.oneType(n, v, p, names[0])
	}
	if c.typeCopies += len(names) * v.size; c.typeCopies > maxTypeCopies {
		return wrong(p.at, "type", "lists of types are nested too deep; use anyOf")
	}
	n.form = formAnyOf
	for i, name := range names {
		alt := p.alternative("", i)
		child := &node{at: p.at}
		c.all = append(c.all, child)
		if err := c.enter(alt); err != nil {
			return err
		}
		if err := c.oneType(child, v, alt, name); err != nil {
			return err
		}
		n.children = append(n.children, child)
	}
	return nil
}

func (v *value) isList() bool { return v != nil && v.kind == list }

// implied is the type that the converter assumes where the schema names none.
func implied(v *value, at string, keywords []string) ([]string, *Error) {
	extra := v.get("additionalProperties")
	format := v.get("format")
	name := ""
	switch {
	case v.get("properties") != nil, extra != nil && !(extra.kind == boolean && extra.yes):
		name = "object"
	case v.get("items") != nil, v.get("prefixItems") != nil:
		name = "array"
	case v.get("pattern") != nil, v.get("minLength") != nil, v.get("maxLength") != nil, format != nil && formats[format.text]:
		name = "string"
	case len(keywords) > 0:
		return nil, wrong(at, keywords[0], `has no effect without a type; add "type": %q`, ofType[keywords[0]])
	default:
		return nil, nil
	}
	return []string{name}, nil
}

// applicable demands that each keyword speaks of one of the types.
func applicable(at string, names, keywords []string) *Error {
	for _, k := range keywords {
		of := ofType[k]
		if of == "integer" && slices.Contains(names, "number") {
			return wrong(at, k, `a grammar can bound integers only, not numbers; use "type": "integer", or take it out and check the reply`)
		}
		if of != "" && !slices.Contains(names, of) {
			return wrong(at, k, "has no effect on type %s; take it out", strings.Join(names, ", "))
		}
	}
	return nil
}

func (c *checker) oneType(n *node, v *value, p place, name string) *Error {
	n.types = typeNames[name]
	switch name {
	case "object":
		return c.object(n, v, p)
	case "array":
		return c.array(n, v, p)
	case "string":
		return c.string(v, p)
	case "integer":
		return integer(v, p.at)
	}
	return nil
}

// count reads a keyword that is a number of things; -1 where it is missing.
func count(v *value, at, keyword string, limit int) (int, *Error) {
	k := v.get(keyword)
	if k == nil {
		return -1, nil
	}
	i, err := strconv.Atoi(k.text)
	if k.kind != number || err != nil || i < 0 || k.text[0] == '-' {
		if k.kind == number && err != nil && strings.Trim(k.text, "0123456789") == "" {
			return 0, wrong(at, keyword, "%s is more than the %d that are allowed", k.text, limit)
		}
		return 0, wrong(at, keyword, "must be a whole number, 0 or more")
	}
	if i > limit {
		return 0, wrong(at, keyword, "%d is more than the %d that are allowed", i, limit)
	}
	return i, nil
}

// bounds reads a pair of counts and adds them to what the grammar repeats.
func (c *checker) bounds(v *value, at, least, most string, limit int) (lo, hi int, err *Error) {
	if lo, err = count(v, at, least, limit); err != nil {
		return
	}
	if hi, err = count(v, at, most, limit); err != nil {
		return
	}
	if hi >= 0 && lo > hi {
		err = wrong(at, least, "%d is more than %s, %d", lo, most, hi)
		return
	}
	return lo, hi, c.repeat(at, most, max(lo, hi, 0))
}
