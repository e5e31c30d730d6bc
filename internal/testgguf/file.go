// Package testgguf makes tiny GGUF files for tests: models with random weights that the
// engine loads and computes, adapters for them, and files that it must refuse. All of
// it is made up here: no vocabulary and no header comes from a real model. Nothing but
// tests may import it.
package testgguf

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// File is a GGUF file in the making: keys and tensors in the order in which they are
// added.
type File struct {
	Version   uint32 // 0: 3
	BigEndian bool
	Alignment int // of tensors in the file, in bytes; 0: 32, and no key says so
	keys      []keyValue
	tensors   []tensor
	packed    int // what tensors are aligned to, whatever Alignment says; 0: what that says
}

type keyValue struct {
	key   string
	value any
}

// tensor has its first dimension where elements are neighbours.
type tensor struct {
	name  string
	kind  uint32
	shape []int
	data  any
	size  int
	shift int // of the offset, from where it should be
}

// Set adds a key, or changes it. The value is a number of a sized type, a bool or a
// string, a slice of one of these, a slice of slices as []any, or Raw.
func (f *File) Set(key string, value any) *File {
	for i := range f.keys {
		if f.keys[i].key == key {
			f.keys[i].value = value
			return f
		}
	}
	f.keys = append(f.keys, keyValue{key, value})
	return f
}

// Add adds a tensor of 32-bit floats. It panics when the data does not fill the shape.
func (f *File) Add(name string, data []float32, shape ...int) *File {
	if n := product(shape); n != len(data) {
		panic(fmt.Sprintf("testgguf: tensor %s of shape %v has %d values", name, shape, len(data)))
	}
	f.tensors = append(f.tensors, tensor{name: name, kind: tensorFloat32, shape: shape, data: data, size: 4 * len(data)})
	return f
}

// AddStored adds a tensor of any type, given as it is stored.
func (f *File) AddStored(name string, kind uint32, data []byte, shape ...int) *File {
	f.tensors = append(f.tensors, tensor{name: name, kind: kind, shape: shape, data: data, size: len(data)})
	return f
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Write writes the file into a folder that the test removes, and returns its path.
func (f *File) Write(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, f.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// tensorFloat32 is GGUF's number for the type of tensors of 32-bit floats.
const tensorFloat32 = 0

// Bytes is the file.
func (f *File) Bytes() []byte {
	b := buffer{order: binary.LittleEndian, alignment: cmp.Or(f.packed, f.Alignment, 32)}
	if f.BigEndian {
		b.order = binary.BigEndian
	}
	keys := f.keys
	if f.Alignment != 0 {
		keys = append(slices.Clip(keys), keyValue{"general.alignment", uint32(f.Alignment)})
	}
	b.WriteString("GGUF")
	b.put(cmp.Or(f.Version, 3), uint64(len(f.tensors)), uint64(len(keys)))
	for _, kv := range keys {
		b.string(kv.key)
		b.value(kv.value)
	}
	offset := 0
	for _, t := range f.tensors {
		b.string(t.name)
		b.put(uint32(len(t.shape)))
		for _, d := range t.shape {
			b.put(uint64(d))
		}
		b.put(t.kind, uint64(offset+t.shift))
		offset += (t.size + b.alignment - 1) / b.alignment * b.alignment
	}
	for _, t := range f.tensors {
		b.pad()
		b.put(t.data)
	}
	b.pad()
	return b.Bytes()
}
