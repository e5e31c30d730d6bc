package llama

// #include "llm.h"
import "C"

import (
	"errors"
	"unicode/utf8"
	"unsafe"
)

// SamplerParams are the choices of the engine's sampler chain, applied in the
// order penalties, top-k, typical, top-p, min-p, temperature.
type SamplerParams struct {
	Seed             uint32
	Temperature      float32 // 0 or less: greedy
	TopK             int     // 0 or less: off
	TopP             float32 // 1: off
	MinP             float32 // 0: off
	TypicalP         float32 // 1: off
	PenaltyLast      int     // tokens looked back; 0: off, -1: the context
	RepeatPenalty    float32 // 1: off
	FrequencyPenalty float32 // 0: off
	PresencePenalty  float32 // 0: off
}

// Sampler chooses tokens from logits. One goroutine at a time.
type Sampler struct {
	handle
	c     *C.llm_sampler
	vocab int
	// Greedy without a history or a grammar: what was accepted changes nothing.
	stateless bool
	// Where calls leave their results: no allocation a call.
	token C.int32_t
	cerr  *C.char
}

// NewSampler makes a sampler chain. The model must stay open for as long.
func (m *Model) NewSampler(p SamplerParams) (*Sampler, error) {
	params := C.struct_llm_sampler_params{
		seed: C.uint32_t(p.Seed), temp: C.float(p.Temperature), top_k: C.int32_t(clampInt32(p.TopK)),
		top_p: C.float(p.TopP), min_p: C.float(p.MinP), typical_p: C.float(p.TypicalP),
		penalty_last_n: C.int32_t(clampInt32(p.PenaltyLast)), penalty_repeat: C.float(p.RepeatPenalty),
		penalty_freq: C.float(p.FrequencyPenalty), penalty_present: C.float(p.PresencePenalty),
	}
	s := &Sampler{vocab: m.info.Vocab}
	if err := open(s, &s.handle, "sampler", &m.handle); err != nil {
		return nil, err
	}
	var cerr *C.char
	if code := C.llm_sampler_new(m.c, &params, &s.c, &cerr); code != C.LLM_OK {
		s.close(func() {})
		return nil, newError("new sampler", code, cerr)
	}
	s.stateless = bool(C.llm_sampler_is_stateless(s.c))
	return s, nil
}

// Close frees the sampler.
func (s *Sampler) Close() error {
	return s.close(func() { C.llm_sampler_free(s.c); s.c = nil })
}

// Sample chooses a token. The logits are only read.
func (s *Sampler) Sample(logits []float32) (Token, error) {
	code := C.llm_sampler_sample(s.c, (*C.float)(unsafe.Pointer(unsafe.SliceData(logits))), C.int32_t(len(logits)), &s.token, &s.cerr)
	if code != C.LLM_OK {
		return NoToken, newError("sample", code, s.cerr)
	}
	return Token(s.token), nil
}

// Accept tells the sampler that token is now part of the text. generated: false for
// tokens of the prompt, which a grammar does not see.
func (s *Sampler) Accept(token Token, generated bool) error {
	if s.stateless && token >= 0 && int(token) < s.vocab && s.c != nil {
		return nil // no call into C
	}
	if code := C.llm_sampler_accept(s.c, C.int32_t(token), C.bool(generated), &s.cerr); code != C.LLM_OK {
		return newError("sampler accept", code, s.cerr)
	}
	return nil
}

// Constrain lets only those tokens be sampled from now on that the grammar (GBNF, with
// a rule "root") allows, as if text, whole characters, had been generated already. ErrEngine with the
// place in the grammar where it does not compile; ErrLimit when it takes too much.
// Sampling with a grammar can fail with ErrLimit too.
func (s *Sampler) Constrain(grammar, text string) error {
	const op = "grammar"
	if err := errors.Join(checkText(op, grammar), checkText("text before the grammar", text)); err != nil {
		return err
	}
	if !utf8.ValidString(text) {
		return &Error{Op: "text before the grammar", Kind: ErrInvalid, Message: "it is not valid UTF-8"}
	}
	cgrammar, free := cString(grammar)
	defer free()
	ctext, freeText := cString(text)
	defer freeText()
	var cerr *C.char
	if code := C.llm_sampler_constrain(s.c, cgrammar, ctext, &cerr); code != C.LLM_OK {
		return newError(op, code, cerr)
	}
	s.stateless = false
	return nil
}
