package llama

// #include "llm.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// State is what memory holds of a sequence, as bytes that only the same engine reads,
// with the same model and the same KV cache types. They are a copy.
func (m Memory) State(sequence int) ([]byte, error) {
	var size, n C.size_t
	var cerr *C.char
	if err := m.check("state size", C.llm_state_size(m.c.c, pos(sequence), &size, &cerr), cerr); err != nil {
		return nil, err
	}
	state := make([]byte, size)
	code := C.llm_state_get(m.c.c, pos(sequence), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(state))), size, &n, &cerr)
	return state[:n], m.check("save state", code, cerr)
}

// SetState makes a sequence what State returned. ErrEngine when the bytes are damaged, or
// of another model or other KV cache types; the sequence is empty then.
func (m Memory) SetState(sequence int, state []byte) error {
	var cerr *C.char
	code := C.llm_state_set(m.c.c, pos(sequence), (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(state))), C.size_t(len(state)), &cerr)
	return m.check(fmt.Sprintf("restore a state of %d bytes", len(state)), code, cerr)
}
