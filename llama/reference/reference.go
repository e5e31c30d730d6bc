// Package reference is C++ for tests: a plain greedy loop over the upstream API, to
// compare the engine with, assertions of the engine on demand, and the size of the C
// heap. Nothing but tests may import it.
package reference

/*
#cgo CFLAGS: -I${SRCDIR}/../native/reference
#cgo LDFLAGS: -L${SRCDIR}/../../build/cpu -lllm_reference
#include "reference.h"
#include <stdlib.h>
*/
import "C"

import (
	"errors"
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

// HeapBytes is what the C allocator has handed out and not taken back. Unlike the
// resident size it does not move with what the allocator keeps for later.
func HeapBytes() uint64 { return uint64(C.llm_reference_heap_bytes()) }
