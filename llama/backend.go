package llama

// #include "llm.h"
import "C"

import (
	"strings"
	"sync"
	"unsafe"
)

// start loads the backends once, before the first use of the engine.
var start = sync.OnceFunc(func() { C.llm_backend_init() })

// Build says what the engine was built from.
type Build struct {
	Version string // the engine's version
	Tree    string // git tree id of its source
	Backend string // "cpu", …
	System  string // instruction sets and options in use, as the engine prints them
	Archive string // checksum and size of the archive that was linked
}

// BuildInfo describes the engine in this program.
func BuildInfo() Build {
	start()
	var b C.struct_llm_build
	C.llm_build_info(&b)
	return Build{
		Version: C.GoString(b.version),
		Tree:    C.GoString(b.tree),
		Backend: C.GoString(b.backend),
		System:  C.GoString(b.system),
		Archive: archive,
	}
}

// DefaultThreads is how many threads computation takes best: the physical cores,
// the fast ones where there are two kinds.
func DefaultThreads() int {
	start()
	return int(C.llm_default_threads())
}

// takeString copies a string that C allocated and frees it.
func takeString(s *C.char) string {
	if s == nil {
		return ""
	}
	defer C.llm_free(unsafe.Pointer(s))
	return C.GoString(s)
}

// cPath is a C copy of a path and what frees it. op is what an error says it is for.
func cPath(op, path string) (*C.char, func(), error) {
	if strings.IndexByte(path, 0) >= 0 {
		return nil, nil, &Error{Op: op, Kind: ErrInvalid, Message: "the path contains a NUL byte"}
	}
	c, free := cString(path)
	return c, free, nil
}

// checkText refuses what C would read only a part of.
func checkText(op, text string) error {
	if strings.IndexByte(text, 0) >= 0 {
		return &Error{Op: op, Kind: ErrInvalid, Message: "it contains a NUL byte"}
	}
	return nil
}

// cString is a C copy of s and what frees it.
func cString(s string) (*C.char, func()) {
	c := C.CString(s)
	return c, func() { C.llm_free(unsafe.Pointer(c)) }
}

// Archive is Build.Archive, without starting the engine.
func Archive() string { return archive }

// Backend is one that this program has, or that a module beside it was to bring.
type Backend struct {
	Name    string // as the engine calls it: "CPU", "CUDA", …; "" where its module did not load
	Module  string // path of the module that it came from; "" for one in the program itself
	Devices int    // how many it found
	Reason  string // what it said when it found none, or why its module did not load
}

// Backends lists what was found when the engine started. It never changes.
func Backends() ([]Backend, error) {
	start()
	backends := make([]Backend, int(C.llm_backend_count()))
	for i := range backends {
		var b C.struct_llm_backend
		var cerr *C.char
		if code := C.llm_backend_get(C.int(i), &b, &cerr); code != C.LLM_OK {
			return nil, newError("backend", code, cerr)
		}
		backends[i] = Backend{
			Name: C.GoString(b.name), Module: C.GoString(b.path),
			Devices: int(b.n_devices), Reason: C.GoString(b.reason),
		}
	}
	return backends, nil
}
