package reference

/*
#include "reference.h"
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
)

// Shape is a tensor with as many dimensions as the engine needs.
type Shape struct {
	Name string
	Dims []uint64
}

// Tensors are those that the engine makes of a header with keys alone, those that a model
// may lack among them.
func Tensors(path string) ([]Shape, error) {
	llama.BuildInfo()
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	var text, cerr *C.char
	code := C.llm_reference_tensors(cpath, &text, &cerr)
	defer C.free(unsafe.Pointer(text))
	defer C.free(unsafe.Pointer(cerr))
	if code != 0 {
		return nil, fmt.Errorf("reference: tensors of %s: %s", path, C.GoString(cerr))
	}
	var shapes []Shape
	for line := range strings.Lines(C.GoString(text)) {
		words := strings.Fields(line)
		s := Shape{Name: words[0]}
		for _, w := range words[1:] {
			n, err := strconv.ParseUint(w, 10, 64)
			if err != nil {
				return nil, err
			}
			s.Dims = append(s.Dims, n)
		}
		shapes = append(shapes, s)
	}
	return shapes, nil
}

// Quantization is what to ask the engine's quantizer for.
type Quantization struct {
	FileType uint32 // a number of general.file_type
	Imatrix  bool   // as if there were an importance matrix
	Pure     bool   // one type for all
}

// Quantized is what it would make.
type Quantized struct {
	Types        []TypeOf // in the order in which it looks at the tensors
	NeedsImatrix bool     // without which it would refuse
}

// TypeOf is the GGML type of a tensor.
type TypeOf struct {
	Name string
	Type uint32
}

// Quantize has the quantizer plan for a file of which the header and the size are enough.
// Not while other goroutines load models: it takes over the engine's log.
func Quantize(path string, q Quantization) (Quantized, error) {
	llama.BuildInfo()
	cpath := C.CString(path)
	defer C.free(unsafe.Pointer(cpath))
	flag := map[bool]C.int{true: 1}
	var text, cerr *C.char
	var needs C.int
	code := C.llm_reference_quantized_types(cpath, C.int(q.FileType), flag[q.Imatrix], flag[q.Pure], &text, &needs, &cerr)
	defer C.free(unsafe.Pointer(text))
	defer C.free(unsafe.Pointer(cerr))
	if code != 0 {
		return Quantized{}, fmt.Errorf("reference: quantize %s: %s", path, C.GoString(cerr))
	}
	made := Quantized{NeedsImatrix: needs != 0}
	for line := range strings.Lines(C.GoString(text)) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return Quantized{}, err
		}
		made.Types = append(made.Types, TypeOf{name, uint32(n)})
	}
	return made, nil
}
