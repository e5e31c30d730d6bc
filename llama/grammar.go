package llama

// #include "llm.h"
import "C"

import "strings"

// CheckGrammar says why Sampler.Constrain would refuse a grammar.
func (m *Model) CheckGrammar(grammar string) error {
	const op = "grammar"
	if strings.IndexByte(grammar, 0) >= 0 {
		return &Error{Op: op, Kind: ErrInvalid, Message: "it contains a NUL byte"}
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
	cschema, free := cString(string(schema))
	defer free()
	var grammar, cerr *C.char
	if code := C.llm_schema_to_grammar(cschema, &grammar, &cerr); code != C.LLM_OK {
		return "", newError("JSON schema", code, cerr)
	}
	return takeString(grammar), nil
}
