package testgguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"testing"
)

// Header is what adapters need to know of the model that they are for.
type Header struct {
	Architecture string
	Shapes       map[string][]int // of all tensors
}

// ReadHeader reads the beginning of a GGUF file, which must be a good one.
func ReadHeader(t testing.TB, path string) Header {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := reader{in: bufio.NewReader(f)}
	h := r.header()
	if r.err != nil {
		t.Fatalf("%s: %v", path, r.err)
	}
	return h
}

// reader reads GGUF until the first error, which it keeps.
type reader struct {
	in  *bufio.Reader
	err error
}

func (r *reader) header() Header {
	h := Header{Shapes: map[string][]int{}}
	if magic := string(r.bytes(4)); magic != "GGUF" && r.err == nil {
		r.err = fmt.Errorf("it begins with %q", magic)
	}
	r.uint32()
	tensors, keys := r.uint64(), r.uint64()
	for range keys {
		key, kind := r.string(), r.uint32()
		if key == "general.architecture" && kind == typeString {
			h.Architecture = r.string()
		} else {
			r.skip(kind)
		}
	}
	for range tensors {
		name := r.string()
		shape := make([]int, min(r.uint32(), 4))
		for i := range shape {
			shape[i] = int(r.uint64())
		}
		r.uint32() // type
		r.uint64() // offset
		h.Shapes[name] = shape
		if r.err != nil {
			break
		}
	}
	return h
}

// skip reads over a value.
func (r *reader) skip(kind uint32) {
	sizes := []uint64{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8} // by type
	switch {
	case r.err != nil:
	case kind == typeString:
		r.discard(r.uint64())
	case kind == typeArray:
		element, n := r.uint32(), r.uint64()
		if element != typeString && element != typeArray && int(element) < len(sizes) {
			r.discard(n * sizes[element])
			return
		}
		for i := uint64(0); i < n && r.err == nil; i++ {
			r.skip(element)
		}
	case int(kind) < len(sizes):
		r.discard(sizes[kind])
	default:
		r.err = fmt.Errorf("a value of type %d", kind)
	}
}

func (r *reader) discard(n uint64) {
	if r.err == nil {
		_, r.err = io.CopyN(io.Discard, r.in, int64(n))
	}
}

func (r *reader) bytes(n uint64) []byte {
	if r.err == nil && n > 1<<20 {
		r.err = fmt.Errorf("a name of %d bytes", n)
	}
	if r.err != nil {
		return make([]byte, 8)
	}
	b := make([]byte, n)
	_, r.err = io.ReadFull(r.in, b)
	return b
}

func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.bytes(4)) }
func (r *reader) uint64() uint64 { return binary.LittleEndian.Uint64(r.bytes(8)) }
func (r *reader) string() string { return string(r.bytes(r.uint64())) }
