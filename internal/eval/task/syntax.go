package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of the JSON that is read here. A validator computes with numbers as fractions, so
// that an exponent of nine digits would take all memory there is.
const (
	maxDepth    = 64
	maxNumber   = 100 // characters
	maxExponent = 400
)

// node is a JSON value with its place.
type node struct {
	at    int // byte
	raw   string
	value any // nil, bool, json.Number, string, []*node or []member
}

// member is a field of an object, in the order of the text.
type member struct {
	name string
	at   int
	node *node
}

// syntaxError is what is wrong at a byte of a text.
type syntaxError struct {
	at  int
	why string
}

func (e *syntaxError) Error() string { return e.why }

func wrongAt(at int, format string, args ...any) error {
	return &syntaxError{at, fmt.Sprintf(format, args...)}
}

// parseJSON reads a text that is one JSON value within the limits, with no name twice in an
// object. Its errors are *syntaxError.
func parseJSON(text string) (*node, error) {
	p := &parser{text: text, d: json.NewDecoder(strings.NewReader(text))}
	p.d.UseNumber()
	n, err := p.read(0)
	if err != nil {
		return nil, err
	}
	if at := p.next(); at < len(text) {
		return nil, wrongAt(at, "there is something behind the JSON value")
	}
	return n, nil
}

type parser struct {
	text string
	d    *json.Decoder
}

// next is where the next token starts.
func (p *parser) next() int {
	at := int(p.d.InputOffset())
	for at < len(p.text) && strings.IndexByte(" \t\r\n,:", p.text[at]) >= 0 {
		at++
	}
	return at
}

func (p *parser) token() (json.Token, int, error) {
	at := p.next()
	t, err := p.d.Token()
	var bad *json.SyntaxError
	switch {
	case err == nil:
		return t, at, nil
	case errors.As(err, &bad):
		return nil, 0, wrongAt(at, "is not JSON: %v", bad)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, 0, wrongAt(len(p.text), "is not JSON: it ends too early")
	}
	return nil, 0, wrongAt(at, "is not JSON: %v", err)
}

func (p *parser) read(depth int) (*node, error) {
	t, at, err := p.token()
	if err != nil {
		return nil, err
	}
	n := &node{at: at, value: t}
	switch t := t.(type) {
	case json.Number:
		if !boundedNumber(string(t)) {
			return nil, wrongAt(at, "the number is too long, or its exponent too large")
		}
	case json.Delim:
		if depth++; depth > maxDepth {
			return nil, wrongAt(at, "is nested more than %d deep", maxDepth)
		}
		if t == '{' {
			n.value, err = p.readObject(depth)
		} else {
			n.value, err = p.readArray(depth)
		}
	}
	n.raw = p.text[at:p.d.InputOffset()]
	return n, err
}

func (p *parser) readArray(depth int) ([]*node, error) {
	all := []*node{}
	for p.d.More() {
		n, err := p.read(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	_, _, err := p.token()
	return all, err
}

func (p *parser) readObject(depth int) ([]member, error) {
	all, seen := []member{}, map[string]bool{}
	for p.d.More() {
		t, at, err := p.token()
		if err != nil {
			return nil, err
		}
		name := t.(string) // the decoder gives nothing else here
		if seen[name] {
			return nil, wrongAt(at, "%q stands twice in the object", name)
		}
		seen[name] = true
		n, err := p.read(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, member{name, at, n})
	}
	_, _, err := p.token()
	return all, err
}

func boundedNumber(text string) bool {
	if len(text) > maxNumber {
		return false
	}
	i := strings.IndexAny(text, "eE")
	if i < 0 {
		return true
	}
	e, err := strconv.Atoi(strings.TrimPrefix(text[i+1:], "+"))
	return err == nil && e <= maxExponent && e >= -maxExponent
}

// plain is the value as encoding/json gives it, with numbers as json.Number.
func (n *node) plain() any {
	switch v := n.value.(type) {
	case []*node:
		all := make([]any, len(v))
		for i := range v {
			all[i] = v[i].plain()
		}
		return all
	case []member:
		all := make(map[string]any, len(v))
		for _, m := range v {
			all[m.name] = m.node.plain()
		}
		return all
	}
	return n.value
}

// what names the type of a value.
func (n *node) what() string {
	switch n.value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []*node:
		return "an array"
	}
	return "an object"
}
