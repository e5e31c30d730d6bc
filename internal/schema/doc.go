// Package schema says whether a JSON schema can be turned into a grammar without
// anything of it being lost. The engine's converter (common/json-schema.cpp@v0.5.0
// and common/json-schema-to-grammar.cpp@v0.5.0) ignores keywords that it does not
// know, lets one keyword hide another, and gives up on patterns with a warning; each
// of these is an error here. The package reads schemas only: it makes no grammars and
// checks no values against a schema.
//
// Where the converter demands more than the schema does, the schema passes: objects
// have their properties in the order of the schema and, without additionalProperties,
// no others; a keyword that speaks of one type ("properties") without "type" means
// that type; a list of prefixItems has exactly these items; all properties under
// allOf are required; dates are not checked against the calendar. One thing it does
// loosely and the schema passes all the same: beside named properties, the names of
// additional ones may hold characters that JSON would escape.
package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// The limits of a schema. The converter and the grammar parser have limits of their
// own, most of them silent: a repetition above 2000 becomes one without an end
// (MAX_REPETITION_THRESHOLD, src/llama-grammar.cpp@v0.5.0).
const (
	MaxBytes       = 1 << 20 // of the text
	MaxNesting     = 256     // of brackets in the text
	MaxDepth       = 128     // of schemas in schemas, through $ref as well
	MaxSchemas     = 2048    // that can be reached
	MaxLength      = 2000    // minLength, maxLength
	MaxItems       = 1000    // minItems, maxItems
	MaxRepetitions = 20000   // all of these together
	MaxValues      = 2000    // of all enum lists together
	MaxOptional    = 200     // properties of one object that are not required
	MaxPatterns    = 256     // patterns, and twice that many copies of rules
	MaxRuleName    = 1024    // bytes of a path of property names
	maxJSONValues  = 1 << 16
	maxTypeCopies  = 1 << 20 // values that the converter copies for lists of types
)

// Error is what is wrong with a schema, and what to do about it.
type Error struct {
	Pointer string // where: a JSON pointer as "#/properties/age"
	Keyword string // which keyword; "" when it is the schema as such
	Reason  string // what is wrong, and the remedy
}

func (e *Error) Error() string {
	at := e.Pointer
	if e.Keyword != "" {
		at += ": " + e.Keyword
	}
	return "schema: " + at + ": " + e.Reason
}

func wrong(at, keyword, format string, args ...any) *Error {
	return &Error{Pointer: at, Keyword: keyword, Reason: fmt.Sprintf(format, args...)}
}

// Check returns nil when the grammar of a schema allows only values that the schema
// allows, and an *Error otherwise. It takes time in proportion to the size of the
// schema, and may be called by any goroutine.
func Check(raw []byte) error {
	if err := check(raw); err != nil {
		return err
	}
	return nil
}

func check(raw []byte) *Error {
	if len(raw) > MaxBytes {
		return wrong("#", "", "%d bytes are more than the %d that are allowed", len(raw), MaxBytes)
	}
	root, err := parse(raw)
	if err != nil {
		return err
	}
	c := &checker{root: root, refs: map[string]*node{}, refNames: map[string]string{}, names: map[string]bool{}}
	top, err := c.build(root, place{at: "#"})
	if err != nil {
		return err
	}
	for _, pass := range []func(*node) *Error{c.checkLoops, c.checkCombinations, c.checkEnds, c.checkRefNames} {
		if err := pass(top); err != nil {
			return err
		}
	}
	return nil
}

// parse reads the text as the engine would: without what parsers disagree about.
func parse(raw []byte) (*value, *Error) {
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRune(raw[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, wrong("#", "", "the text is not UTF-8 at byte %d", i)
		}
		i += n
	}
	var whole json.RawMessage
	if err := json.Unmarshal(raw, &whole); err != nil {
		offset := int64(len(raw))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = syntax.Offset
		}
		return nil, wrong("#", "", "the text is not JSON at byte %d: %v", offset, err)
	}
	if i := loneSurrogate(raw); i >= 0 {
		return nil, wrong("#", "", "the escape at byte %d is half of a character; write the pair, or the character itself", i)
	}
	return newReader(raw).read("#", 0)
}
