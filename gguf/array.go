package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"unsafe"
)

// ErrType is for a value that is of another type than was asked for.
var ErrType = errors.New("a value of another type")

// Number is what an array of numbers can be read as: exactly the type that it has; an
// array of bool as uint8, 0 for false.
type Number interface {
	uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64 | int64 | float32 | float64
}

// Numbers reads an array of numbers from the file. Errors: [ErrType], and those of
// reading.
func Numbers[T Number](v Value) ([]T, error) {
	var zero T
	size := int(unsafe.Sizeof(zero))
	if v.Type != Array || v.Elem != typeOf(zero) && (v.Elem != Bool || typeOf(zero) != Uint8) {
		return nil, v.wrong(fmt.Sprintf("an array of %T", zero))
	}
	if v.count == 0 {
		return nil, nil
	}
	numbers := make([]T, v.count)
	b := unsafe.Slice((*byte)(unsafe.Pointer(&numbers[0])), len(numbers)*size)
	if err := v.file.read(b, v.Offset); err != nil {
		return nil, err
	}
	if v.file.order.Uint16([]byte{1, 0}) != binary.NativeEndian.Uint16([]byte{1, 0}) {
		swap(b, size)
	}
	return numbers, nil
}

func typeOf(number any) Type {
	switch number.(type) {
	case uint8:
		return Uint8
	case int8:
		return Int8
	case uint16:
		return Uint16
	case int16:
		return Int16
	case uint32:
		return Uint32
	case int32:
		return Int32
	case uint64:
		return Uint64
	case int64:
		return Int64
	case float32:
		return Float32
	}
	return Float64
}

// swap turns the bytes of each number round.
func swap(b []byte, size int) {
	native := binary.NativeEndian
	for ; len(b) >= size; b = b[size:] {
		switch size {
		case 2:
			native.PutUint16(b, bits.ReverseBytes16(native.Uint16(b)))
		case 4:
			native.PutUint32(b, bits.ReverseBytes32(native.Uint32(b)))
		case 8:
			native.PutUint64(b, bits.ReverseBytes64(native.Uint64(b)))
		}
	}
}

// Ints reads an array of integers of any type, or of bool as 0 and 1. Errors:
// [ErrType], also for a number above the int64s, and those of reading.
func (v Value) Ints() ([]int64, error) {
	size := int64(0)
	if v.Type == Array && v.Elem < typeCount && v.Elem != Float32 && v.Elem != Float64 {
		size = typeSizes[v.Elem]
	}
	if size == 0 {
		return nil, v.wrong("an array of integers")
	}
	b := make([]byte, v.Size)
	if err := v.file.read(b, v.Offset); err != nil {
		return nil, err
	}
	numbers := make([]int64, v.count)
	for i := range numbers {
		one := Value{Type: v.Elem, bits: number(b[int64(i)*size:][:size], v.file.order)}
		if one.Type == Bool {
			one.Type = Uint8
		}
		var ok bool
		if numbers[i], ok = one.Int(); !ok {
			return nil, fmt.Errorf("%w: %d does not fit an int64", ErrType, one.bits)
		}
	}
	return numbers, nil
}

// Arrays reads an array of arrays: the elements, of which each is an array whose own
// elements are not read. Errors: [ErrType], and those of reading.
func (v Value) Arrays() ([]Value, error) {
	if v.Type != Array || v.Elem != Array {
		return nil, v.wrong("an array of arrays")
	}
	w := newWindow(v.file.r, v.Offset+v.Size)
	defer w.free()
	w.start, w.order = v.Offset, v.file.order
	p := parser{w: w}
	arrays := make([]Value, 0, min(v.count, firstPlaces))
	for range v.count {
		a := Value{Type: Array, Elem: Type(w.uint32()), count: w.uint64(), file: v.file}
		a.Offset = w.offset()
		p.skipArray(a.Offset, a.Elem, a.count, 1)
		a.Size = w.offset() - a.Offset
		if w.err != nil {
			return nil, w.err
		}
		arrays = append(arrays, a)
	}
	return arrays, nil
}

// read fills b with what stands at an offset.
func (s *source) read(b []byte, offset int64) error {
	if n, err := s.r.ReadAt(b, offset); n < len(b) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read %d bytes at byte %d of the file: %w", len(b), offset, err)
	}
	return nil
}

func (v Value) wrong(want string) error {
	if v.Type == Array {
		return fmt.Errorf("%w: an array of %v, not %s", ErrType, v.Elem, want)
	}
	return fmt.Errorf("%w: %v, not %s", ErrType, v.Type, want)
}
