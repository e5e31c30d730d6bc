// Package reference is C++ for tests: a plain greedy loop over the upstream API, to
// compare the engine with, assertions, crashes and calls without end on demand, calls
// that only C can make, the size of the C heap, the engine's reader of GGUF files, and
// the hyper-parameters that it reads, the tensors that it makes of them and the types that
// its quantizer chooses. Nothing but tests may import it.
package reference

/*
// -lllm again: the reference needs parts of the engine that nothing before it does.
#cgo CFLAGS: -I${SRCDIR}/../native/reference
#cgo !asan LDFLAGS: -L${SRCDIR}/../../build/cpu -lllm_reference -lllm
#cgo asan LDFLAGS: -L${SRCDIR}/../../build/cpu-asan -lllm_reference -lllm
#include "reference.h"
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
)

// Greedy is the continuation of prompt by at most predict tokens, each of them the
// likeliest, in a context of the given size.
func Greedy(path, prompt string, context, predict, threads int) (string, error) {
	llama.BuildInfo() // links and starts the engine
	cpath, cprompt := C.CString(path), C.CString(prompt)
	defer C.free(unsafe.Pointer(cpath))
	defer C.free(unsafe.Pointer(cprompt))
	text := C.llm_reference_greedy(cpath, cprompt, C.int(context), C.int(predict), C.int(threads))
	if text == nil {
		return "", errors.New("reference: the model could not be run")
	}
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text), nil
}

// Likely is a token with its log-probability.
type Likely struct {
	Token   llama.Token
	Logprob float32
}

// Logprobs are the top likeliest tokens at each of predict places after tokens, where
// the likeliest is always taken.
func Logprobs(path string, tokens []llama.Token, predict, top, threads int) ([][]Likely, error) {
	llama.BuildInfo()
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	ids, logprobs := make([]C.int, predict*top), make([]C.float, predict*top)
	if code := C.llm_reference_logprobs(cpath, (*C.int)(unsafe.Pointer(&tokens[0])), C.int(len(tokens)), C.int(predict), C.int(top),
		C.int(threads), &ids[0], &logprobs[0]); code != 0 {
		return nil, fmt.Errorf("reference: log-probabilities: %d", code)
	}
	rows := make([][]Likely, predict)
	for i := range ids {
		rows[i/top] = append(rows[i/top], Likely{llama.Token(ids[i]), float32(logprobs[i])})
	}
	return rows, nil
}

// Embedding is the embedding of a text, scaled to length 1.
func Embedding(path, text string, pooling llama.Pooling, threads int) ([]float32, error) {
	llama.BuildInfo()
	cpath, ctext := C.CString(path), C.CString(text)
	defer C.free(unsafe.Pointer(cpath))
	defer C.free(unsafe.Pointer(ctext))
	v := make([]float32, 1<<16)
	n := C.llm_reference_embedding(cpath, ctext, C.int(pooling), C.int(threads), (*C.float)(&v[0]), C.int(len(v)))
	if n < 0 {
		return nil, errors.New("reference: no embedding was made")
	}
	return v[:n], nil
}

// Assert runs into an assertion of the engine inside a guarded call: on the calling
// thread it comes back as the message of an error, on another the process ends.
func Assert(onOtherThread bool) (code int, message string) {
	llama.BuildInfo()
	var other C.int
	if onOtherThread {
		other = 1
	}
	var err *C.char
	code = int(C.llm_reference_assert(other, &err))
	defer C.free(unsafe.Pointer(err))
	return code, C.GoString(err)
}

// Segfault writes to address 0, which ends the process.
func Segfault() { C.llm_reference_segfault() }

// Hang never returns.
func Hang() { C.llm_reference_hang() }

// Faults is how many calls Fault can make.
func Faults() int { return int(C.llm_reference_faults()) }

// Fault makes call i with arguments that only C can give: null pointers, counts that are
// wrong. It returns the code and the message.
func Fault(path string, i int) (code int, message string) {
	llama.BuildInfo()
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	var err *C.char
	code = int(C.llm_reference_fault(cpath, C.int(i), &err))
	defer C.free(unsafe.Pointer(err))
	return code, C.GoString(err)
}

// HeapBytes is what the C allocator has handed out and not taken back. Unlike the
// resident size it does not move with what the allocator keeps for later.
func HeapBytes() uint64 { return uint64(C.llm_reference_heap_bytes()) }
