package llama

// #include "llm.h"
// #cgo noescape llm_token_piece
// #cgo nocallback llm_token_piece
// #cgo noescape llm_token_is_eog
// #cgo nocallback llm_token_is_eog
import "C"

import (
	"slices"
	"unsafe"
)

// Token is an id in a model's vocabulary.
type Token int32

// NoToken stands where a vocabulary has no such token.
const NoToken Token = -1

// Tokenize splits text. addSpecial adds BOS and EOS where the model wants them;
// parseSpecial reads control tokens ("<|im_end|>") in the text as such instead of
// as plain text. ErrLimit when it takes too long: some texts take time that grows with the
// square of their length.
func (m *Model) Tokenize(text string, addSpecial, parseSpecial bool) ([]Token, error) {
	// One call is nearly always enough: a token is seldom shorter than a byte.
	tokens := make([]Token, len(text)+8)
	for {
		var n C.int32_t
		var cerr *C.char
		code := C.llm_tokenize(m.c, (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.size_t(len(text)),
			C.bool(addSpecial), C.bool(parseSpecial),
			(*C.int32_t)(unsafe.Pointer(unsafe.SliceData(tokens))), C.int32_t(len(tokens)), &n, &cerr)
		if code != C.LLM_OK {
			return nil, newError("tokenize", code, cerr)
		}
		if int(n) <= len(tokens) {
			return tokens[:n:n], nil
		}
		tokens = make([]Token, n)
	}
}

// AppendPiece appends the text of one token to dst. Pieces are bytes: a character
// may be split over several tokens. Control tokens are empty unless special.
func (m *Model) AppendPiece(dst []byte, token Token, special bool) ([]byte, error) {
	for {
		room := dst[len(dst):cap(dst)]
		var n C.int32_t
		var cerr *C.char
		code := C.llm_token_piece(m.c, C.int32_t(token), C.bool(special),
			(*C.char)(unsafe.Pointer(unsafe.SliceData(room))), C.int32_t(len(room)), &n, &cerr)
		if code != C.LLM_OK {
			return dst, newError("token piece", code, cerr)
		}
		if int(n) <= len(room) {
			return dst[:len(dst)+int(n)], nil
		}
		dst = append(dst, make([]byte, n)...)[:len(dst)]
	}
}

// Detokenize is the text of tokens, control tokens included.
func (m *Model) Detokenize(tokens []Token) (string, error) {
	buf := make([]byte, 8*len(tokens)+8)
	for {
		var n C.int32_t
		var cerr *C.char
		code := C.llm_detokenize(m.c, (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(tokens))), C.int32_t(len(tokens)),
			(*C.char)(unsafe.Pointer(&buf[0])), C.int32_t(len(buf)), &n, &cerr)
		if code != C.LLM_OK {
			return "", newError("detokenize", code, cerr)
		}
		if int(n) <= len(buf) {
			return string(buf[:n]), nil
		}
		buf = make([]byte, n)
	}
}

// IsEOG tells whether token ends a generation. A token outside the vocabulary does
// not.
func (m *Model) IsEOG(token Token) bool { return bool(C.llm_token_is_eog(m.c, C.int32_t(token))) }

// IsControl tells whether token is a control token.
func (m *Model) IsControl(token Token) bool {
	return bool(C.llm_token_is_control(m.c, C.int32_t(token)))
}

// Suppressed are the tokens that the model's file says are never to be generated.
func (m *Model) Suppressed() []Token {
	var tokens *C.int32_t
	n := C.llm_model_suppressed(m.c, &tokens)
	return slices.Clone(unsafe.Slice((*Token)(unsafe.Pointer(tokens)), n))
}
