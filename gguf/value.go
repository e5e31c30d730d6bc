package gguf

import (
	"encoding/binary"
	"io"
	"math"
)

// Value is what a key has. Its numbers and its text were read with the header; the
// elements of an array are read when they are asked for, by a method that can fail.
// A Value stays good as long as its File is open, texts and elements longer. Any
// goroutine may use it.
type Value struct {
	Type Type // Array for arrays
	Elem Type // of an array; else the same as Type

	// Where it stands in its file: the bytes of a text without its length, and the
	// elements of an array.
	Offset, Size int64

	count uint64 // of an array
	bits  uint64 // of a number
	text  string
	file  *source
}

// source is where the elements of arrays are.
type source struct {
	r     io.ReaderAt
	order binary.ByteOrder
}

// Len is the number of elements of an array; 0 for other values.
func (v Value) Len() int { return int(v.count) }

// Text of a string. False: it is none.
func (v Value) Text() (string, bool) { return v.text, v.Type == String }

// Bool is true or false. False in second place: it is neither.
func (v Value) Bool() (value, ok bool) { return v.bits != 0, v.Type == Bool }

// Uint is an integer of any type that is not negative. False: it is none.
func (v Value) Uint() (uint64, bool) {
	i, ok := v.Int()
	if v.Type == Uint64 {
		return v.bits, true
	}
	return uint64(i), ok && i >= 0
}

// Int is an integer of any type that fits. False: it is none.
func (v Value) Int() (int64, bool) {
	switch v.Type {
	case Uint8, Uint16, Uint32, Int64:
		return int64(v.bits), true
	case Uint64:
		return int64(v.bits), v.bits <= math.MaxInt64
	case Int8:
		return int64(int8(v.bits)), true
	case Int16:
		return int64(int16(v.bits)), true
	case Int32:
		return int64(int32(v.bits)), true
	}
	return 0, false
}

// Float is a floating-point number of either size. False: it is none.
func (v Value) Float() (float64, bool) {
	switch v.Type {
	case Float32:
		return float64(math.Float32frombits(uint32(v.bits))), true
	case Float64:
		return math.Float64frombits(v.bits), true
	}
	return 0, false
}
