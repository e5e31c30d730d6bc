package llama

// #include "llm.h"
// #cgo nocallback llm_collected_count
// #cgo nocallback llm_collected_get
// #cgo nocallback llm_collected_clear
import "C"

import "unsafe"

// Collect says what of the importance matrix a context collects while it decodes.
type Collect int32

// Nothing; sums for the matrices of the layers and of experts; those for the output matrix
// too, where the model has one of its own.
const (
	CollectNothing Collect = 0
	CollectLayers  Collect = 1
	CollectOutput  Collect = 2
)

// Collected is what a context has collected of one tensor: sums of the squares of the
// activations that it was multiplied with, a number for each column of its matrix, and for
// each of its matrices or experts after one another. Counts are how many columns of
// activations are in them: one for all matrices, or one for each expert.
type Collected struct {
	Name   string
	Sums   []float32
	Counts []int64
}

// Collector is the importance matrix of a context that has one: sums that each Decode adds
// to, as upstream's llama-imatrix does (tools/imatrix/imatrix.cpp@v0.5.0), batches of fewer
// than 16 tokens left out. It is part of its context: it ends with it, and the same
// goroutine uses both. After a Decode that failed or was cancelled it has a part of the batch.
type Collector struct{ context *Context }

// Collector is the importance matrix that the context collects; nil where its parameters
// do not ask for one.
func (c *Context) Collector() *Collector {
	if !c.collects {
		return nil
	}
	return &Collector{c}
}

// Entries are copies of all that was collected, in the order of the computation.
func (c *Collector) Entries() []Collected {
	entries := make([]Collected, C.llm_collected_count(c.context.c))
	for i := range entries {
		var e C.struct_llm_collected
		C.llm_collected_get(c.context.c, C.int32_t(i), &e)
		entries[i] = Collected{
			Name:   C.GoString(e.name),
			Sums:   append([]float32(nil), unsafe.Slice((*float32)(unsafe.Pointer(e.sums)), int(e.n_sums))...),
			Counts: append([]int64(nil), unsafe.Slice((*int64)(unsafe.Pointer(e.counts)), int(e.n_counts))...),
		}
	}
	return entries
}

// Restore puts entries in place of all that was collected. ErrInvalid for one without a
// name, or whose sums are not as many for each count; what is collected is then undefined.
func (c *Collector) Restore(entries []Collected) error {
	C.llm_collected_clear(c.context.c)
	for _, e := range entries {
		if err := c.set(&e); err != nil {
			return err
		}
	}
	return nil
}

func (c *Collector) set(e *Collected) error {
	name, free := cString(e.Name)
	defer free()
	var cerr *C.char
	code := C.llm_collected_set(c.context.c, name,
		(*C.float)(unsafe.Pointer(unsafe.SliceData(e.Sums))), C.size_t(len(e.Sums)),
		(*C.int64_t)(unsafe.Pointer(unsafe.SliceData(e.Counts))), C.size_t(len(e.Counts)), &cerr)
	if code != C.LLM_OK {
		return newError("importance of "+e.Name, code, cerr)
	}
	return nil
}
