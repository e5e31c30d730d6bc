package reference

/*
#include "reference.h"
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
)

// QuantizeRun is what to ask a run of the engine's quantizer for.
type QuantizeRun struct {
	FileType                           int32
	Pure, Copy, Requantize, KeepOutput bool
	Output, Embedding                  int // types of GGML; negative: by the mixture

	// Imatrix is one in which all weights count alike; a File that is not empty is noted in
	// the result with what follows it.
	Imatrix       bool
	File, Dataset string
	Chunks        int

	Patterns []string // regular expressions
	Types    []uint32 // one for each of Patterns
}

// QuantizeFile has the engine's quantizer make a file of another.
func QuantizeFile(in, out string, q QuantizeRun) error {
	llama.BuildInfo()
	var texts []*C.char
	text := func(s string) *C.char {
		texts = append(texts, C.CString(s))
		return texts[len(texts)-1]
	}
	defer func() {
		for _, t := range texts {
			C.free(unsafe.Pointer(t))
		}
	}()
	flag := map[bool]C.int{true: 1}
	o := C.llm_reference_quantize{
		ftype: C.int(q.FileType), pure: flag[q.Pure], copy: flag[q.Copy], requantize: flag[q.Requantize], keep_output: flag[q.KeepOutput],
		output_type: C.int(q.Output), embedding_type: C.int(q.Embedding),
		imatrix: flag[q.Imatrix], imatrix_file: text(q.File), imatrix_dataset: text(q.Dataset), imatrix_chunks: C.int(q.Chunks),
		n_patterns: C.int(len(q.Patterns)),
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	if len(q.Patterns) > 0 {
		patterns, types := make([]*C.char, len(q.Patterns)), make([]C.int, len(q.Patterns))
		for i := range patterns {
			patterns[i], types[i] = text(q.Patterns[i]), C.int(q.Types[i])
		}
		pin.Pin(&patterns[0])
		pin.Pin(&types[0])
		o.patterns, o.pattern_types = &patterns[0], &types[0]
	}
	var cerr *C.char
	code := C.llm_reference_quantize_file(text(in), text(out), &o, &cerr)
	defer C.free(unsafe.Pointer(cerr))
	if code != 0 {
		return fmt.Errorf("reference: quantize %s: %s", in, C.GoString(cerr))
	}
	return nil
}

// Finds tells whether the engine's regular expressions find a pattern in a text. False in
// second place: they do not take the pattern.
func Finds(pattern, text string) (found, ok bool) {
	cpattern, ctext := C.CString(pattern), C.CString(text)
	defer C.free(unsafe.Pointer(cpattern))
	defer C.free(unsafe.Pointer(ctext))
	n := C.llm_reference_regex(cpattern, ctext)
	return n > 0, n >= 0
}
