package llama

// #include "llm.h"
// #cgo noescape llm_grammar_allows
// #cgo noescape llm_grammar_mask
// #cgo noescape llm_grammar_accept
import "C"

import (
	"errors"
	"unicode/utf8"
	"unsafe"
)

// Grammar is a grammar (GBNF) at work: which tokens can follow the text so far. One
// goroutine at a time. What it does in one call and in all is limited: ErrLimit.
type Grammar struct {
	handle
	c *C.llm_grammar
}

// NewGrammar compiles a grammar with a rule "root", as if the text begun, whole
// characters, had been generated already. The model must stay open for as long.
// ErrEngine with the place in the grammar where it does not compile; ErrLimit when it
// takes too much.
func (m *Model) NewGrammar(grammar, begun string) (*Grammar, error) {
	const op = "grammar"
	if err := errors.Join(checkText(op, grammar), checkText("text before the grammar", begun)); err != nil {
		return nil, err
	}
	if !utf8.ValidString(begun) {
		return nil, &Error{Op: "text before the grammar", Kind: ErrInvalid, Message: "it is not valid UTF-8"}
	}
	g := &Grammar{}
	if err := open(g, &g.handle, op, &m.handle); err != nil {
		return nil, err
	}
	cgrammar, free := cString(grammar)
	defer free()
	cbegun, freeBegun := cString(begun)
	defer freeBegun()
	var cerr *C.char
	if code := C.llm_grammar_new(m.c, cgrammar, cbegun, &g.c, &cerr); code != C.LLM_OK {
		g.close(func() {})
		return nil, newError(op, code, cerr)
	}
	return g, nil
}

// Close frees the grammar.
func (g *Grammar) Close() error {
	return g.close(func() { C.llm_grammar_free(g.c); g.c = nil })
}

// Allows says whether a token can come next.
func (g *Grammar) Allows(token Token) (bool, error) {
	var allowed C.bool
	var cerr *C.char
	if code := C.llm_grammar_allows(g.c, C.int32_t(token), &allowed, &cerr); code != C.LLM_OK {
		return false, newError("grammar", code, cerr)
	}
	return bool(allowed), nil
}

// Mask sets the logits, one for each token, of all tokens that cannot come next to minus
// infinity. It looks at all that are not there already.
func (g *Grammar) Mask(logits []float32) error {
	var cerr *C.char
	if code := C.llm_grammar_mask(g.c, (*C.float)(unsafe.SliceData(logits)), C.int32_t(len(logits)), &cerr); code != C.LLM_OK {
		return newError("grammar", code, cerr)
	}
	return nil
}

// Accept moves on by a token that was generated; ErrInvalid where it cannot come.
func (g *Grammar) Accept(token Token) error {
	var cerr *C.char
	if code := C.llm_grammar_accept(g.c, C.int32_t(token), &cerr); code != C.LLM_OK {
		return newError("grammar", code, cerr)
	}
	return nil
}

// Done says whether nothing but the end of the text can come.
func (g *Grammar) Done() bool { return bool(C.llm_grammar_done(g.c)) }

// CheckGrammar says why NewGrammar would refuse a grammar.
func (m *Model) CheckGrammar(grammar string) error {
	const op = "grammar"
	if err := checkText(op, grammar); err != nil {
		return err
	}
	cgrammar, free := cString(grammar)
	defer free()
	var cerr *C.char
	if code := C.llm_grammar_check(m.c, cgrammar, &cerr); code != C.LLM_OK {
		return newError(op, code, cerr)
	}
	return nil
}

// SchemaToGrammar makes a grammar, in GBNF, of the JSON texts that match a JSON schema.
// What of a schema the engine does not know it ignores: check that before.
func SchemaToGrammar(schema []byte) (string, error) {
	start()
	const op = "JSON schema"
	if err := checkText(op, string(schema)); err != nil {
		return "", err
	}
	cschema, free := cString(string(schema))
	defer free()
	var grammar, cerr *C.char
	if code := C.llm_schema_to_grammar(cschema, &grammar, &cerr); code != C.LLM_OK {
		return "", newError(op, code, cerr)
	}
	return takeString(grammar), nil
}
