package llama

// #include "llm.h"
import "C"

import (
	"encoding/json"
	"unsafe"
)

// ChatTemplates renders conversations with a model's own jinja templates. It does
// not refer to the model once it is made. Safe for concurrent use.
type ChatTemplates struct {
	handle
	c *C.llm_chat
}

// NewChatTemplates compiles the model's chat templates, or the one given when it
// is not empty. ErrInvalid when there is neither, ErrEngine when it does not
// compile.
func (m *Model) NewChatTemplates(override string) (*ChatTemplates, error) {
	var source *C.char
	if override != "" {
		if err := checkText("chat template", override); err != nil {
			return nil, err
		}
		c, free := cString(override)
		defer free()
		source = c
	}
	t := &ChatTemplates{}
	var cerr *C.char
	if code := C.llm_chat_new(m.c, source, &t.c, &cerr); code != C.LLM_OK {
		return nil, newError("chat template", code, cerr)
	}
	if err := open(t, &t.handle, "chat templates", nil); err != nil {
		return nil, err
	}
	return t, nil
}

// Close frees the templates.
func (t *ChatTemplates) Close() error {
	return t.close(func() { C.llm_chat_free(t.c); t.c = nil })
}

// Source is the template's text.
func (t *ChatTemplates) Source() string { return takeString(C.llm_chat_source(t.c)) }

// Prompt is a rendered conversation.
type Prompt struct {
	// Text is to be tokenized with parseSpecial.
	Text string `json:"prompt"`
	// Stops are strings that end a reply, beside the end-of-generation tokens.
	Stops []string `json:"stops"`
	// Syntax is what NewReply takes; empty when a reply is nothing but text.
	Syntax string `json:"syntax"`
	// Preserved are control tokens whose text NewReply's parser must see.
	Preserved []string `json:"preserved"`

	// KnowsTools tells whether the template has a place for tools; one that has none
	// leaves them out.
	KnowsTools bool `json:"knows_tools"`

	// Grammar is what a reply with tools or with a schema must match; empty: nothing.
	Grammar string `json:"grammar"`
	// Lazy: it binds only from the first of Triggers on.
	Lazy     bool      `json:"lazy"`
	Triggers []Trigger `json:"triggers"`
	// Begun is what Text already has of the reply, for Sampler.Constrain.
	Begun string `json:"begun"`
	// ThinkingEnd are the texts that end a model's reasoning.
	ThinkingEnd []string `json:"thinking_end"`
}

// Trigger begins a lazy grammar: a Text, or a Pattern (a regular expression in
// ECMAScript's syntax; the grammar begins at its first group, or else at its start).
type Trigger struct {
	Text    string `json:"text"`
	Pattern string `json:"pattern"`
}

// Apply renders a request: a JSON object with messages in OpenAI's shape, and
// optionally tools, tool_choice, parallel_tool_calls, json_schema (text),
// enable_thinking and add_generation_prompt.
func (t *ChatTemplates) Apply(request []byte) (Prompt, error) {
	const op = "chat template"
	if err := checkText(op, string(request)); err != nil {
		return Prompt{}, err
	}
	creq, free := cString(string(request))
	defer free()
	var result, cerr *C.char
	if code := C.llm_chat_apply(t.c, creq, &result, &cerr); code != C.LLM_OK {
		return Prompt{}, newError(op, code, cerr)
	}
	var p Prompt
	if err := json.Unmarshal([]byte(takeString(result)), &p); err != nil {
		return Prompt{}, &Error{Op: op, Kind: ErrEngine, Message: err.Error()}
	}
	return p, nil
}

// Piece is a part of a reply: text, reasoning, or a fragment of a tool call.
type Piece struct {
	Text      string `json:"text"`
	Reasoning string `json:"reasoning"`
	// Call is the index of the tool call, nil for other pieces. Name comes first and
	// once, ID once and maybe later, Arguments (JSON text) in fragments.
	Call      *int   `json:"call"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// Reply splits a streaming reply into pieces. One goroutine at a time.
type Reply struct {
	handle
	c *C.llm_reply
}

// NewReply starts a reply with the syntax of a Prompt.
func NewReply(syntax string) (*Reply, error) {
	const op = "reply parser"
	if err := checkText(op, syntax); err != nil {
		return nil, err
	}
	csyntax, free := cString(syntax)
	defer free()
	r := &Reply{}
	var cerr *C.char
	if code := C.llm_reply_new(csyntax, &r.c, &cerr); code != C.LLM_OK {
		return nil, newError(op, code, cerr)
	}
	if err := open(r, &r.handle, "reply", nil); err != nil {
		return nil, err
	}
	return r, nil
}

// Close frees the reply.
func (r *Reply) Close() error {
	return r.close(func() { C.llm_reply_free(r.c); r.c = nil })
}

// Add appends text, whole UTF-8 characters, and returns what became known. final:
// nothing follows. What does not follow the syntax becomes text.
func (r *Reply) Add(text string, final bool) ([]Piece, error) {
	const op = "reply parser"
	var result, cerr *C.char
	code := C.llm_reply_add(r.c, (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.size_t(len(text)), C.bool(final), &result, &cerr)
	if code != C.LLM_OK {
		return nil, newError(op, code, cerr)
	}
	var pieces []Piece
	if err := json.Unmarshal([]byte(takeString(result)), &pieces); err != nil {
		return nil, &Error{Op: op, Kind: ErrEngine, Message: err.Error()}
	}
	return pieces, nil
}
