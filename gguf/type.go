package gguf

import "fmt"

// Type is of a value: ggml-org/llama.cpp ggml/include/gguf.h@v0.5.0, enum gguf_type.
type Type uint32

// The types of values.
const (
	Uint8 Type = iota
	Int8
	Uint16
	Int16
	Uint32
	Int32
	Float32
	Bool
	String
	Array
	Uint64
	Int64
	Float64
	typeCount
)

var typeNames = [typeCount]string{"u8", "i8", "u16", "i16", "u32", "i32", "f32", "bool", "str", "arr", "u64", "i64", "f64"}

// typeSizes are in bytes; 0 where a value says its own size.
var typeSizes = [typeCount]int64{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

func (t Type) String() string {
	if t < typeCount {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint32(t))
}
