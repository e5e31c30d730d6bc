package schema

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// value is a JSON value that keeps the order of members and the text of numbers.
type value struct {
	kind    kind
	members []member
	items   []*value
	text    string // of a string or a number
	yes     bool
	size    int // values in it, itself included
}

type member struct {
	name  string
	value *value
}

type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

func (v *value) get(name string) *value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

type reader struct {
	dec    *json.Decoder
	values int
}

func newReader(raw []byte) *reader {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return &reader{dec: dec}
}

// read takes the next value of a text that is known to be JSON.
func (r *reader) read(at string, depth int) (*value, *Error) {
	if r.values++; r.values > maxJSONValues {
		return nil, wrong("#", "", "more than %d values; split the schema", maxJSONValues)
	}
	if depth > MaxNesting {
		return nil, wrong(at, "", "nested deeper than %d levels", MaxNesting)
	}
	token, err := r.dec.Token()
	if err != nil {
		return nil, wrong(at, "", "the text is not JSON at byte %d: %v", r.dec.InputOffset(), err)
	}
	switch t := token.(type) {
	case nil:
		return &value{kind: null, size: 1}, nil
	case bool:
		return &value{kind: boolean, yes: t, size: 1}, nil
	case json.Number:
		if f, err := t.Float64(); err != nil || math.IsInf(f, 0) {
			return nil, wrong(at, "", "the number %s is too large", t)
		}
		return &value{kind: number, text: t.String(), size: 1}, nil
	case string:
		return &value{kind: text, text: t, size: 1}, nil
	case json.Delim:
		if t == '[' {
			return r.list(at, depth)
		}
	}
	return r.object(at, depth)
}

func (r *reader) list(at string, depth int) (*value, *Error) {
	v := &value{kind: list, size: 1}
	for r.dec.More() {
		item, err := r.read(at+"/"+strconv.Itoa(len(v.items)), depth+1)
		if err != nil {
			return nil, err
		}
		v.items = append(v.items, item)
		v.size += item.size
	}
	_, _ = r.dec.Token() // the bracket
	return v, nil
}

func (r *reader) object(at string, depth int) (*value, *Error) {
	v := &value{kind: object, size: 1}
	seen := map[string]bool{}
	for r.dec.More() {
		token, _ := r.dec.Token()
		name, _ := token.(string)
		if seen[name] {
			return nil, wrong(at, name, "stands there twice; keep one")
		}
		seen[name] = true
		m, err := r.read(below(at, name), depth+1)
		if err != nil {
			return nil, err
		}
		v.members = append(v.members, member{name, m})
		v.size += m.size
	}
	_, _ = r.dec.Token()
	return v, nil
}

// below is the pointer to a member.
func below(at, name string) string {
	if len(at) > 2*MaxRuleName {
		return at // long enough to find the place
	}
	return at + "/" + strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// loneSurrogate is the place of an escape \uD800 to \uDFFF that has no partner, or -1.
func loneSurrogate(raw []byte) int {
	unit := func(i int) (u uint64) {
		if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
			u, _ = strconv.ParseUint(string(raw[i+2:i+6]), 16, 16)
		}
		return u
	}
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		switch u := unit(i); {
		case u >= 0xD800 && u < 0xDC00 && unit(i+6) >= 0xDC00 && unit(i+6) < 0xE000:
			i += 11
		case u >= 0xD800 && u < 0xE000:
			return i
		default:
			i++
		}
	}
	return -1
}

// literal is the text of a value as the converter compares it; same value, same text
// with members sorted.
func (v *value) literal() string {
	switch v.kind {
	case null:
		return "null"
	case boolean:
		return strconv.FormatBool(v.yes)
	case number:
		return v.text
	case text:
		return strconv.Quote(v.text)
	case list:
		var b strings.Builder
		for _, i := range v.items {
			b.WriteString("," + i.literal())
		}
		return "[" + b.String() + "]"
	}
	members := slices.Clone(v.members)
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, m := range members {
		b.WriteString("," + strconv.Quote(m.name) + ":" + m.value.literal())
	}
	return "{" + b.String() + "}"
}

// types is what a value is; 1.0 is an integer.
func (v *value) types() typeSet {
	switch v.kind {
	case null:
		return typeNull
	case boolean:
		return typeBoolean
	case number:
		if f, _ := strconv.ParseFloat(v.text, 64); f == math.Trunc(f) {
			return typeInteger
		}
		return typeNumber
	case text:
		return typeString
	case list:
		return typeArray
	}
	return typeObject
}
