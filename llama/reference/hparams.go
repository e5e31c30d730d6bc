package reference

/*
#include "reference.h"
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
)

// Hparams is what the engine reads of a model's hyper-parameters: lines of a name and
// numbers. With a context above 0 the last of them is the bytes of the memory of one
// sequence, for keys and values of these types of GGML; "-" where the engine cannot
// make it.
func Hparams(path string, context, k, v int) (string, error) {
	llama.BuildInfo()
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	var text, err *C.char
	code := C.llm_reference_hparams(cpath, C.int(context), C.int(k), C.int(v), &text, &err)
	defer C.free(unsafe.Pointer(text))
	defer C.free(unsafe.Pointer(err))
	if code != 0 {
		return "", errors.New(C.GoString(err))
	}
	return C.GoString(text), nil
}

// Architectures are the names that the engine knows.
func Architectures() (names []string) {
	for i := 0; ; i++ {
		name := C.llm_reference_architecture(C.int(i))
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// Keys are the names of keys that the engine knows, as the architecture llama has them.
func Keys() (names []string) {
	for i := 0; ; i++ {
		name := C.llm_reference_key(C.int(i))
		if name == nil {
			return names
		}
		if text := C.GoString(name); text != "" {
			names = append(names, text)
		}
		C.free(unsafe.Pointer(name))
	}
}
