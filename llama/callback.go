package llama

// cgo wants exported functions in a file without C definitions; these are all of
// them. Compute threads never come here.

// #include "llm.h"
import "C"

import "runtime/cgo"

//export llm_go_log
func llm_go_log(level C.int, line *C.char) { logLine(int(level), C.GoString(line)) }

// llm_go_progress calls the function behind id; false stops the load.
//
//export llm_go_progress
func llm_go_progress(id C.uint64_t, fraction C.float) C.bool {
	return C.bool(cgo.Handle(id).Value().(func(float32) bool)(float32(fraction)))
}
