package schema

import (
	"slices"
	"strconv"
	"strings"
)

// ref reads a $ref, which hides everything beside it. Each target is built once.
func (c *checker) ref(n *node, v *value, p place, keywords []string) *Error {
	n.form = formRef
	if err := alone(p.at, "$ref", keywords, "move it into the schema that is referred to"); err != nil {
		return err
	}
	r := v.get("$ref")
	if r.kind != text {
		return wrong(p.at, "$ref", "must be a string")
	}
	target, known := c.refs[r.text]
	if !known {
		v, err := c.resolve(r.text, p.at)
		if err != nil {
			return err
		}
		name := "ref" + ruleName(strings.TrimPrefix(r.text, "#"))
		if other, taken := c.refNames[name]; taken {
			return wrong(p.at, "$ref", "the converter cannot tell %s from %s; rename one", r.text, other)
		}
		c.refNames[name] = r.text
		// The node exists before it is built, so that a cycle ends here.
		target = &node{}
		c.refs[r.text] = target
		if err := c.fill(target, v, place{at: r.text, name: name, depth: p.depth + 1, ref: true}); err != nil {
			return err
		}
	}
	n.children = []*node{target}
	return nil
}

// resolve follows a reference as the converter does: from the root of the document,
// with names as they are.
func (c *checker) resolve(ref, at string) (*value, *Error) {
	path, local := strings.CutPrefix(ref, "#/")
	if !local {
		return nil, wrong(at, "$ref", "%q leads out of the document or to its root; put the schema under $defs and refer to #/$defs/name", ref)
	}
	if strings.ContainsAny(path, "~%") || len(ref) > MaxRuleName {
		return nil, wrong(at, "$ref", "must be a short path without ~ and %%, which the converter does not decode; rename what it refers to")
	}
	v := c.root
	for step := range strings.SplitSeq(path, "/") {
		var next *value
		if i, err := strconv.Atoi(step); v.kind == list && err == nil && i >= 0 && i < len(v.items) && strconv.Itoa(i) == step {
			next = v.items[i]
		} else if v.kind == object && step != "" {
			next = v.get(step)
		}
		if next == nil {
			return nil, wrong(at, "$ref", "there is no %s in the document", ref)
		}
		v = next
	}
	return v, nil
}

// list builds schemas that are alternatives or parts of one.
func (c *checker) list(n *node, v *value, p place, keyword string, in func(i int) place) *Error {
	schemas := v.get(keyword)
	if schemas.kind != list || len(schemas.items) == 0 {
		return wrong(p.at, keyword, "must be a list of schemas that is not empty")
	}
	for i, s := range schemas.items {
		child, err := c.build(s, in(i))
		if err != nil {
			return err
		}
		n.children = append(n.children, child)
	}
	return nil
}

func (c *checker) alternatives(n *node, v *value, p place, keywords []string, keyword string, f form) *Error {
	n.form = f
	if err := alone(p.at, keyword, keywords, "move it into each of the alternatives"); err != nil {
		return err
	}
	return c.list(n, v, p, keyword, func(i int) place { return p.alternative("/"+keyword+"/"+strconv.Itoa(i), i) })
}

func (c *checker) allOf(n *node, v *value, p place, keywords []string) *Error {
	n.form, n.types = formAllOf, anyType
	if err := alone(p.at, "allOf", keywords, "move it into one of the schemas of allOf", "type"); err != nil {
		return err
	}
	if t := v.get("type"); t != nil {
		names, err := types(v, p.at)
		if err != nil {
			return err
		}
		if t.kind == list || names[0] != "object" && names[0] != "string" {
			return wrong(p.at, "type", `only "object" and "string" can stand beside allOf; move it into the schemas of allOf`)
		}
		n.types = typeNames[names[0]]
	}
	// The converter builds no rules for the parts, but for their properties below its own name.
	return c.list(n, v, p, "allOf", func(i int) place {
		return place{at: p.at + "/allOf/" + strconv.Itoa(i), name: p.name, depth: p.depth + 1, ref: true}
	})
}

// constants reads const and enum, which hide everything beside them but a list of types.
func (c *checker) constants(n *node, v *value, p place, keywords []string) *Error {
	keyword, values := "const", []*value{v.get("const")}
	n.form = formConst
	if values[0] == nil {
		enum := v.get("enum")
		if enum.kind != list || len(enum.items) == 0 {
			return wrong(p.at, "enum", "must be a list of values that is not empty")
		}
		keyword, values, n.form = "enum", enum.items, formEnum
	}
	if err := alone(p.at, keyword, keywords, "list the values that are allowed with enum alone", "type"); err != nil {
		return err
	}
	names, err := types(v, p.at)
	if err != nil {
		return err
	}
	allowed := anyType
	if names != nil {
		allowed = 0
		for _, name := range names {
			allowed |= typeNames[name]
		}
	}
	if c.values += len(values) * max(1, len(names)); c.values > MaxValues {
		return wrong(p.at, keyword, "more than %d values in all; use pattern, or split the schema", MaxValues)
	}
	for i, value := range values {
		if value.types()&^allowed != 0 {
			return wrong(p.at, keyword, "value %d is not of type %s; take it out", i+1, strings.Join(names, ", "))
		}
		literal := value.literal()
		if slices.Contains(n.literals, literal) {
			return wrong(p.at, keyword, "value %d stands there twice", i+1)
		}
		if value.kind == number && !exact(value.text) {
			return wrong(p.at, keyword, "%s has more digits than the converter keeps", value.text)
		}
		n.types |= value.types()
		n.literals = append(n.literals, literal)
	}
	return nil
}

// exact: the converter reads integers into 64 bits, other numbers into a double.
func exact(number string) bool {
	if strings.Trim(number, "-0123456789") == "" {
		_, err := strconv.ParseInt(number, 10, 64)
		return err == nil
	}
	return len(number) <= 17
}
