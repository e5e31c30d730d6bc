package reference

/*
#include "reference.h"
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
)

// GGUF is what the engine reads from the header of a file, as lines of text: reference.h
// has their form.
func GGUF(path string) (string, error) {
	llama.BuildInfo()
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	text := C.llm_reference_gguf(cpath)
	if text == nil {
		return "", fmt.Errorf("reference: the engine refuses %s", path)
	}
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text), nil
}

// OpenGGUF has the engine read the header of a file, and drop it.
func OpenGGUF(path string) error {
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	if C.llm_reference_gguf_open(cpath) != 0 {
		return fmt.Errorf("reference: the engine refuses %s", path)
	}
	return nil
}

// TensorTypes are lines of text: the number of a type, its name, and how many numbers
// and bytes a block has. Types that the engine gave up are not among them.
func TensorTypes() string {
	llama.BuildInfo()
	text := C.llm_reference_tensor_types()
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text)
}
