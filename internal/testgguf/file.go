// Package testgguf makes tiny GGUF files for tests: models with random weights that the
// engine loads and computes, adapters for them, and files that it must refuse. All of
// it is made up here: no vocabulary and no header comes from a real model. Nothing but
// tests may import it.
package testgguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// File is a GGUF file in the making: keys and tensors in the order in which they are
// added.
type File struct {
	keys    []keyValue
	tensors []tensor
}

type keyValue struct {
	key   string
	value any
}

// tensor is one of 32-bit floats; the first dimension is the one that is contiguous.
type tensor struct {
	name  string
	shape []int
	data  []float32
}

// Set adds a key, or changes it. The value is a uint32, int32, float32, bool or string,
// or a slice of int32, float32 or string.
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
	f.tensors = append(f.tensors, tensor{name, shape, data})
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

// alignment is of tensors in the file, in bytes; GGUF's default.
const alignment = 32

// GGUF's numbers for the types of values that are used here, and of tensors.
const (
	typeUint32  = 4
	typeInt32   = 5
	typeFloat32 = 6
	typeBool    = 7
	typeString  = 8
	typeArray   = 9

	tensorFloat32 = 0
)

// Bytes is the file in GGUF's version 3.
func (f *File) Bytes() []byte {
	var b buffer
	b.WriteString("GGUF")
	b.put(uint32(3), uint64(len(f.tensors)), uint64(len(f.keys)))
	for _, kv := range f.keys {
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
		b.put(uint32(tensorFloat32), uint64(offset))
		offset += (4*len(t.data) + alignment - 1) / alignment * alignment
	}
	for _, t := range f.tensors {
		b.pad()
		b.put(t.data)
	}
	b.pad()
	return b.Bytes()
}

type buffer struct{ bytes.Buffer }

func (b *buffer) put(values ...any) {
	for _, v := range values {
		if err := binary.Write(b, binary.LittleEndian, v); err != nil {
			panic(err) // a type that has no size
		}
	}
}

func (b *buffer) pad() {
	for b.Len()%alignment != 0 {
		b.WriteByte(0)
	}
}

func (b *buffer) string(s string) {
	b.put(uint64(len(s)))
	b.WriteString(s)
}

// value writes the type and the value of a key.
func (b *buffer) value(v any) {
	switch v := v.(type) {
	case uint32:
		b.put(uint32(typeUint32), v)
	case int32:
		b.put(uint32(typeInt32), v)
	case float32:
		b.put(uint32(typeFloat32), v)
	case bool:
		b.put(uint32(typeBool), v)
	case string:
		b.put(uint32(typeString))
		b.string(v)
	case []int32:
		b.put(uint32(typeArray), uint32(typeInt32), uint64(len(v)), v)
	case []float32:
		b.put(uint32(typeArray), uint32(typeFloat32), uint64(len(v)), v)
	case []string:
		b.put(uint32(typeArray), uint32(typeString), uint64(len(v)))
		for _, s := range v {
			b.string(s)
		}
	default:
		panic(fmt.Sprintf("testgguf: a value of type %T", v))
	}
}
