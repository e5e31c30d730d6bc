package schema

import (
	"maps"
	"slices"
	"strings"
)

// checkLoops refuses a schema that begins with itself: the grammar would be left
// recursive.
func (c *checker) checkLoops(*node) *Error {
	const open, done = 1, 2
	state := map[*node]int{}
	var visit func(n *node) *Error
	visit = func(n *node) *Error {
		if state[n] == done {
			return nil
		}
		if state[n] == open {
			return wrong(n.at, "", "refers to itself without an object or an array in between; put one there")
		}
		state[n] = open
		if n.form == formRef || n.form == formAnyOf || n.form == formOneOf || n.form == formAllOf {
			for _, child := range n.children {
				if err := visit(child); err != nil {
					return err
				}
			}
		}
		state[n] = done
		return nil
	}
	for _, n := range c.all {
		if err := visit(n); err != nil {
			return err
		}
	}
	return nil
}

// checkEnds refuses a schema that no finite value fits, because each one needs
// another inside.
func (c *checker) checkEnds(top *node) *Error {
	ends := map[*node]bool{}
	for again := true; again; {
		again = false
		for _, n := range c.all {
			if !ends[n] && n.ends(ends) {
				ends[n], again = true, true
			}
		}
	}
	if ends[top] {
		return nil
	}
	return wrong(top.at, "", "no finite value fits, because a part requires itself; make it optional, or allow null there (under allOf every property is required)")
}

// ends says whether some value of the schema is finite, given what is known of others.
func (n *node) ends(known map[*node]bool) bool {
	switch n.form {
	case formRef, formAllOf:
		for _, child := range n.children {
			if !known[child] || n.form == formAllOf && !child.target().allEnd(known, false) {
				return false
			}
		}
	case formAnyOf, formOneOf:
		for _, child := range n.children {
			if known[child] {
				return true
			}
		}
		return false
	case formArray:
		for _, child := range n.children {
			if n.needed && !known[child] {
				return false
			}
		}
	case formObject:
		return n.allEnd(known, true)
	}
	return true
}

func (n *node) allEnd(known map[*node]bool, onlyRequired bool) bool {
	for _, p := range n.properties {
		if !known[p.node] && (p.required || !onlyRequired) {
			return false
		}
	}
	return true
}

// checkRefNames: the rule of a $ref is found by its name, so no other rule may have it
// (_resolve_ref, common/json-schema-to-grammar.cpp@v0.5.0).
func (c *checker) checkRefNames(*node) *Error {
	for _, name := range slices.Sorted(maps.Keys(c.refNames)) {
		// A rule whose name is taken gets a number at its end.
		if c.names[name] || c.names[strings.TrimRight(name, "0123456789")] {
			return wrong(c.refNames[name], "", "the converter mixes this up with a property on another path; rename it")
		}
	}
	return nil
}
