package schema

import "slices"

// checkCombinations looks at allOf and oneOf once all references are known and none
// of them goes in circles.
func (c *checker) checkCombinations(*node) *Error {
	for _, n := range c.all {
		var err *Error
		switch n.form {
		case formAllOf:
			err = checkAllOf(n)
		case formOneOf:
			err = checkOneOf(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// target follows references.
func (n *node) target() *node {
	for n.form == formRef {
		n = n.children[0]
	}
	return n
}

// checkAllOf: the converter joins the properties of objects, or intersects enums
// (_visit_all_of, common/json-schema-to-grammar.cpp@v0.5.0); it steps over the rest.
func checkAllOf(n *node) *Error {
	parts := make([]*node, len(n.children))
	for i, child := range n.children {
		parts[i] = child.target()
	}
	kind := parts[0].form
	for i, part := range parts {
		switch {
		case part.form != formObject && part.form != formEnum:
			return wrong(n.children[i].at, "", "under allOf a grammar takes objects with properties, or enums; merge this schema into the others")
		case part.form != kind:
			return wrong(n.children[i].at, "", "allOf joins objects or enums, not both; merge them")
		case part.types&^n.types != 0:
			return wrong(n.at, "type", "is not the type of the schemas of allOf")
		}
	}
	if kind == formEnum {
		return checkAllOfEnums(n, parts)
	}
	seen := map[string]bool{}
	for i, part := range parts {
		if part.closed && len(parts) > 1 {
			return wrong(n.children[i].at, "additionalProperties", "would forbid what the other schemas of allOf ask for, and has no effect there; take it out")
		}
		for _, prop := range part.properties {
			if seen[prop.name] {
				return wrong(n.children[i].at, "properties", "%q is in another schema of the same allOf; keep one", prop.name)
			}
			seen[prop.name] = true
		}
	}
	return nil
}

func checkAllOfEnums(n *node, parts []*node) *Error {
	for _, literal := range parts[0].literals {
		if !slices.ContainsFunc(parts, func(p *node) bool { return !slices.Contains(p.literals, literal) }) {
			return nil
		}
	}
	return wrong(n.at, "allOf", "the enums have no value in common")
}

// checkOneOf: the converter takes oneOf for anyOf, which is the same only where no
// value fits two of the alternatives.
func checkOneOf(n *node) *Error {
	steps := 10_000 // bounds the time that looking for a difference may take
	for i, a := range n.children {
		for j, b := range n.children[:i] {
			if !apart(a, b, 8, &steps) {
				return wrong(n.at, "oneOf", "alternatives %d and %d are not obviously exclusive, and a grammar cannot count matches; use anyOf, or give both a required property with different constants", j, i)
			}
		}
	}
	return nil
}

// apart says whether it is obvious that no value which the grammar of one makes fits
// the schema of the other.
func apart(a, b *node, depth int, steps *int) bool {
	if *steps--; *steps < 0 || depth == 0 {
		return false
	}
	a, b = a.target(), b.target()
	for _, pair := range [][2]*node{{a, b}, {b, a}} {
		if f := pair[0].form; f == formAnyOf || f == formOneOf {
			return !slices.ContainsFunc(pair[0].children, func(alt *node) bool { return !apart(alt, pair[1], depth-1, steps) })
		}
	}
	switch {
	case a.types&b.types == 0:
		return true
	case a.literals != nil && b.literals != nil && !numbers(a) && !numbers(b):
		return !slices.ContainsFunc(a.literals, func(l string) bool { return slices.Contains(b.literals, l) })
	case a.form != formObject || b.form != formObject:
		return false
	}
	for _, p := range a.properties {
		q := b.property(p.name)
		if q != nil && (p.required || q.required) && apart(p.node, q.node, depth-1, steps) {
			return true
		}
	}
	return a.lacks(b) && b.lacks(a)
}

// numbers: 1 and 1.0 are the same value with two texts.
func numbers(n *node) bool { return n.types&(typeNumber|typeInteger|typeArray|typeObject) != 0 }

// lacks: b requires a property that a never has.
func (n *node) lacks(b *node) bool {
	return n.extra == nil && slices.ContainsFunc(b.properties, func(p property) bool { return p.required && n.property(p.name) == nil })
}
