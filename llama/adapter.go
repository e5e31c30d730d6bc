package llama

// #include "llm.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// Adapter is a LoRA adapter or a control vector for one model. It may act on any
// number of contexts of that model.
type Adapter struct {
	handle
	c *C.llm_adapter
}

// LoadLoRA loads a LoRA adapter from a GGUF file. ErrEngine when it is none, or one for
// another model. The model must stay open for as long.
func (m *Model) LoadLoRA(path string) (*Adapter, error) {
	return m.loadAdapter("LoRA adapter", path, func(cpath *C.char, a *Adapter, cerr **C.char) C.int {
		return C.llm_lora_load(m.c, cpath, &a.c, cerr)
	})
}

// LoadControlVector loads a control vector from a GGUF file, as LoadLoRA does.
func (m *Model) LoadControlVector(path string) (*Adapter, error) {
	return m.loadAdapter("control vector", path, func(cpath *C.char, a *Adapter, cerr **C.char) C.int {
		return C.llm_control_vector_load(m.c, cpath, &a.c, cerr)
	})
}

func (m *Model) loadAdapter(kind, path string, load func(*C.char, *Adapter, **C.char) C.int) (*Adapter, error) {
	cpath, free, err := cPath(kind, path)
	if err != nil {
		return nil, err
	}
	defer free()
	a := &Adapter{}
	if err := open(a, &a.handle, kind, &m.handle); err != nil {
		return nil, err
	}
	var cerr *C.char
	if code := load(cpath, a, &cerr); code != C.LLM_OK {
		a.close(func() {})
		return nil, newError(kind+" "+path, code, cerr)
	}
	return a, nil
}

// Close frees the adapter. ErrBusy while it acts on a context.
func (a *Adapter) Close() error {
	return a.close(func() { C.llm_adapter_free(a.c); a.c = nil })
}

// ScaledAdapter is an adapter with the strength at which it acts; 1 is as trained.
type ScaledAdapter struct {
	Adapter *Adapter
	Scale   float32
}

// Adapt makes exactly these adapters act on the context. What memory holds was
// computed with those before: clear it.
func (c *Context) Adapt(adapters ...ScaledAdapter) error {
	cs := make([]*C.llm_adapter, len(adapters))
	scales := make([]C.float, len(adapters))
	used := make([]*handle, len(adapters))
	for i, a := range adapters {
		if a.Adapter == nil {
			return &Error{Op: "adapt the context", Kind: ErrInvalid, Message: fmt.Sprintf("adapter %d is nil", i)}
		}
		cs[i], scales[i], used[i] = a.Adapter.c, C.float(a.Scale), &a.Adapter.handle
	}
	var cerr *C.char
	code := C.llm_context_adapt(c.c, unsafe.SliceData(cs), unsafe.SliceData(scales), C.int32_t(len(cs)), &cerr)
	if code != C.LLM_OK {
		return newError("adapt the context", code, cerr)
	}
	c.useAdapters(used)
	return nil
}

// useAdapters keeps the adapters that act on the context from being closed.
func (c *Context) useAdapters(used []*handle) {
	for _, h := range used {
		h.addChildren(1)
	}
	for _, h := range c.adapters {
		h.addChildren(-1)
	}
	c.adapters = used
}
