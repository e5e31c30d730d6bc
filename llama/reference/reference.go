// Package reference is a plain greedy loop in C++ over the upstream API, which
// tests compare the engine with. Nothing but tests may import it.
package reference

/*
#cgo CFLAGS: -I${SRCDIR}/../native/reference
#cgo LDFLAGS: -L${SRCDIR}/../../build/cpu -lllm_reference
#include "greedy.h"
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
