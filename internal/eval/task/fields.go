package task

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object whose fields are read one by one; each error has the place.
type object struct {
	n      *node
	fields map[string]member
}

// asObject is n as an object with known fields only.
func asObject(n *node, what string, known ...string) (*object, error) {
	members, ok := n.value.([]member)
	if !ok {
		return nil, wrongAt(n.at, "%s is an object, not %s", what, n.what())
	}
	o := &object{n, make(map[string]member, len(members))}
	for _, m := range members {
		if !slices.Contains(known, m.name) {
			return nil, wrongAt(m.at, "%s has no field %s; it can have %s", what, excerpt(m.name), strings.Join(known, ", "))
		}
		o.fields[m.name] = m
	}
	return o, nil
}

// place is where a field is, or else its object.
func (o *object) place(name string) int {
	if m, ok := o.fields[name]; ok {
		return m.node.at
	}
	return o.n.at
}

// text is a field of at most so many bytes; nil if it is not there.
func (o *object) text(name string, most int) (*string, error) {
	m, ok := o.fields[name]
	if !ok {
		return nil, nil
	}
	s, err := m.node.text(name, most)
	return &s, err
}

func (n *node) text(name string, most int) (string, error) {
	s, ok := n.value.(string)
	switch {
	case !ok:
		return "", wrongAt(n.at, "%q is a string, not %s", name, n.what())
	case len(s) > most:
		return "", wrongAt(n.at, "%q may have %d bytes", name, most)
	case strings.Contains(s, "\x00"):
		return "", wrongAt(n.at, "%q has a NUL character in it", name)
	}
	return s, nil
}

// texts is a field that is a list of texts, none of them empty, or one of them; nil if it is
// not there.
func (o *object) texts(name string) ([]string, error) {
	m, ok := o.fields[name]
	if !ok {
		return nil, nil
	}
	list, ok := m.node.value.([]*node)
	if !ok {
		list = []*node{m.node}
	}
	if len(list) == 0 || len(list) > maxStrings {
		return nil, wrongAt(m.node.at, "%q is a list of 1 to %d strings", name, maxStrings)
	}
	all := make([]string, len(list))
	for i, n := range list {
		s, err := n.text(name, maxLine)
		if err != nil {
			return nil, err
		}
		if s == "" {
			return nil, wrongAt(n.at, "%q has an empty string", name)
		}
		all[i] = s
	}
	return all, nil
}

// count is a field that is a whole number from 1; 0 if it is not there.
func (o *object) count(name string, most int) (int, error) {
	m, ok := o.fields[name]
	if !ok {
		return 0, nil
	}
	number, _ := m.node.value.(json.Number)
	n, err := strconv.Atoi(string(number))
	if err != nil || n < 1 || n > most {
		return 0, wrongAt(m.node.at, "%q is a whole number from 1 to %d", name, most)
	}
	return n, nil
}

// number is a field that is a number; nil if it is not there.
func (o *object) number(name string) (*float64, error) {
	m, ok := o.fields[name]
	if !ok {
		return nil, nil
	}
	number, ok := m.node.value.(json.Number)
	if !ok {
		return nil, wrongAt(m.node.at, "%q is a number, not %s", name, m.node.what())
	}
	v, err := number.Float64()
	if err != nil {
		return nil, wrongAt(m.node.at, "%q is too large a number", name)
	}
	return &v, nil
}

// flag is a field that is true or false; false if it is not there.
func (o *object) flag(name string) (bool, error) {
	m, ok := o.fields[name]
	if !ok {
		return false, nil
	}
	v, ok := m.node.value.(bool)
	if !ok {
		return false, wrongAt(m.node.at, "%q is true or false, not %s", name, m.node.what())
	}
	return v, nil
}
