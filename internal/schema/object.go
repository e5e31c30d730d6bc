package schema

import (
	"strings"
	"unicode/utf8"
)

// object reads the keywords of objects.
func (c *checker) object(n *node, v *value, p place) *Error {
	n.form = formObject
	names, err := required(v, p.at)
	if err != nil {
		return err
	}
	if props := v.get("properties"); props != nil {
		if props.kind != object {
			return wrong(p.at, "properties", "must be an object of schemas")
		}
		for _, m := range props.members {
			if m.name == "" || m.name == "*" {
				return wrong(p.at, "properties", "a property cannot be named %q in a grammar; rename it", m.name)
			}
			q := p.in("", m.name)
			q.at = below(p.at+"/properties", m.name)
			child, err := c.build(m.value, q)
			if err != nil {
				return err
			}
			n.properties = append(n.properties, property{m.name, child, names[m.name]})
			delete(names, m.name)
		}
	}
	for _, item := range v.get("required").elements() {
		if names[item.text] {
			return wrong(p.at, "required", "%q is not among the properties; add it there", item.text)
		}
	}
	if optional := len(n.properties) - len(v.get("required").elements()); optional > MaxOptional {
		return wrong(p.at, "properties", "%d optional properties are more than the %d that are allowed; put them into required, or split the object", optional, MaxOptional)
	}
	return c.additional(n, v, p)
}

func (v *value) elements() []*value {
	if v == nil {
		return nil
	}
	return v.items
}

func required(v *value, at string) (map[string]bool, *Error) {
	r := v.get("required")
	if r == nil {
		return nil, nil
	}
	if r.kind != list {
		return nil, wrong(at, "required", "must be a list of names")
	}
	names := map[string]bool{}
	for _, i := range r.items {
		if i.kind != text || names[i.text] {
			return nil, wrong(at, "required", "must be a list of names, each once")
		}
		names[i.text] = true
	}
	return names, nil
}

// additional reads additionalProperties. Without it, an object with properties has
// no others, and one without properties is any object.
func (c *checker) additional(n *node, v *value, p place) *Error {
	extra := v.get("additionalProperties")
	free := &node{at: p.at, form: formAny, types: anyType}
	switch {
	case extra == nil && v.get("properties") != nil:
		return nil
	case extra == nil, extra.kind == boolean && extra.yes:
		n.extra = free
	case extra.kind == boolean:
		n.closed = true
		return nil
	case extra.kind != object:
		return wrong(p.at, "additionalProperties", "must be true, false or a schema")
	default:
		child, err := c.build(extra, p.in("/additionalProperties", "additional-value"))
		if err != nil {
			return err
		}
		n.extra, n.closed = child, child.form != formAny
	}
	for _, suffix := range []string{"additional", "additional-k", "additional-kv"} {
		c.names[ruleName(p.in("", suffix).name)] = true
	}
	return otherNames(n, p.at)
}

// otherNames: beside named properties, the names of the others are spelled out
// letter by letter, in groups whose number is limited, and without escapes.
func otherNames(n *node, at string) *Error {
	letters := 0
	for _, prop := range n.properties {
		letters += utf8.RuneCountInString(prop.name)
		if i := strings.IndexFunc(prop.name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`"\]^`, r) }); i >= 0 {
			return wrong(at, "additionalProperties", "cannot stand beside a property named %q; rename that, or set this to false", prop.name)
		}
	}
	if letters > 600 {
		return wrong(at, "additionalProperties", "cannot stand beside properties whose names have more than 600 letters in all; set this to false")
	}
	return nil
}
