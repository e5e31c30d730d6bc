package llama

// #include "llm.h"
import "C"

// CheckGrammar says why Sampler.Constrain would refuse a grammar.
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
