package llama

// #include "llm.h"
import "C"

import (
	"context"
	"runtime/cgo"
	"unsafe"
)

// CPUAlone in LogitsParams.Device keeps a model away from all other devices.
const CPUAlone = -1

// LogitsParams say on which device a model is computed, and how.
type LogitsParams struct {
	Device  int // index in Devices: all layers there, as far as it has the operations; or CPUAlone
	Threads int // of the CPU; 0: DefaultThreads
	Prompt  int // so many tokens are decoded in batches, the rest one by one
	Batch   int // tokens of a batch
	// Progress, where it is not nil, is called on this goroutine with values from 0 to 1.
	Progress func(fraction float32)
}

// Logits loads a model, decodes tokens and returns the logits after each, row by row of
// vocab numbers. It is for comparing devices: the model is loaded for this alone, and freed.
// The memory of the rows is the caller's. When ctx is done it ends with ErrCanceled, while
// it loads or between batches.
func Logits(ctx context.Context, path string, tokens []Token, p LogitsParams) (rows []float32, vocab int, err error) {
	start()
	cpath, free, err := cPath("logits", path)
	if err != nil {
		return nil, 0, err
	}
	defer free()
	h := cgo.NewHandle(func(fraction float32) bool {
		if p.Progress != nil {
			p.Progress(fraction)
		}
		return ctx.Err() == nil
	})
	defer h.Delete()
	params := C.struct_llm_logits_params{
		device:    C.int32_t(p.Device),
		n_threads: C.int32_t(threadsOf(p.Threads)),
		n_prompt:  C.int32_t(p.Prompt),
		n_batch:   C.int32_t(p.Batch),
		progress:  C.uint64_t(h),
	}
	var logits *C.float
	var n C.int32_t
	var cerr *C.char
	if code := C.llm_probe_logits(cpath, (*C.int32_t)(unsafe.Pointer(unsafe.SliceData(tokens))), C.int32_t(len(tokens)), &params, &logits, &n, &cerr); code != C.LLM_OK {
		return nil, 0, newError("logits of "+path, code, cerr)
	}
	defer C.llm_free(unsafe.Pointer(logits))
	rows = make([]float32, len(tokens)*int(n))
	copy(rows, unsafe.Slice((*float32)(unsafe.Pointer(logits)), len(rows)))
	return rows, int(n), nil
}
