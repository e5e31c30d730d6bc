package llama

// #include "llm.h"
import "C"

import "unsafe"

// Logprobs are natural logarithms of the softmax over logits: of token, and of the
// likeliest tokens, best first, as many as top and topLogprobs have room for.
func Logprobs(logits []float32, token Token, top []Token, topLogprobs []float32) (float32, error) {
	if len(top) != len(topLogprobs) {
		return 0, &Error{Op: "log-probabilities", Kind: ErrInvalid, Message: "top and topLogprobs have different lengths"}
	}
	var logprob C.float
	var cerr *C.char
	code := C.llm_logprobs((*C.float)(unsafe.Pointer(unsafe.SliceData(logits))), C.int32_t(len(logits)), C.int32_t(token),
		C.int32_t(len(top)), (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(top))),
		(*C.float)(unsafe.Pointer(unsafe.SliceData(topLogprobs))), &logprob, &cerr)
	if code != C.LLM_OK {
		return 0, newError("log-probabilities", code, cerr)
	}
	return float32(logprob), nil
}
