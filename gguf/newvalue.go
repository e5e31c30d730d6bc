package gguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// NewValue is a value to write. It takes bool, string, int8 to int64, uint8 to uint64,
// float32, float64, slices of all these, and []Value with nothing but arrays in it,
// which is an array of arrays. Errors: [ErrType].
func NewValue(value any) (Value, error) {
	switch v := value.(type) {
	case string:
		return Value{Type: String, Elem: String, Size: int64(len(v)), text: v}, nil
	case []string:
		var b []byte
		for _, s := range v {
			b = binary.LittleEndian.AppendUint64(b, uint64(len(s)))
			b = append(b, s...)
		}
		return newArray(String, len(v), b), nil
	case []Value:
		var b []byte
		for i, a := range v {
			var err error
			if b, err = appendArray(b, a, binary.LittleEndian); err != nil {
				return Value{}, fmt.Errorf("array %d of an array of arrays: %w", i, err)
			}
		}
		return newArray(Array, len(v), b), nil
	}
	t, array := goType(value)
	if t == typeCount {
		return Value{}, fmt.Errorf("%w: GGUF has nothing for a Go value of type %T", ErrType, value)
	}
	b, err := binary.Append(nil, binary.LittleEndian, value)
	if err != nil {
		return Value{}, err
	}
	if array {
		return newArray(t, len(b)/int(typeSizes[t]), b), nil
	}
	return newNumber(t, number(b, binary.LittleEndian)), nil
}

func newNumber(t Type, bits uint64) Value {
	return Value{Type: t, Elem: t, Size: typeSizes[t], bits: bits}
}

func newArray(elem Type, count int, b []byte) Value {
	memory := &source{r: bytes.NewReader(b), order: binary.LittleEndian}
	return Value{Type: Array, Elem: elem, Size: int64(len(b)), count: uint64(count), file: memory}
}

// goType is the type of a number or bool, or of the elements of a slice of them;
// typeCount of anything else.
func goType(value any) (t Type, array bool) {
	switch value.(type) {
	case bool:
		return Bool, false
	case uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64:
		return typeOf(value), false
	case []bool:
		return Bool, true
	case []uint8:
		return Uint8, true
	case []int8:
		return Int8, true
	case []uint16:
		return Uint16, true
	case []int16:
		return Int16, true
	case []uint32:
		return Uint32, true
	case []int32:
		return Int32, true
	case []uint64:
		return Uint64, true
	case []int64:
		return Int64, true
	case []float32:
		return Float32, true
	case []float64:
		return Float64, true
	}
	return typeCount, false
}

// appendKey adds a row of the table of keys. The elements of an array are not added
// when they can be copied as they stand: then they are the section.
func appendKey(b []byte, k Key, order byteOrder) (_ []byte, elements bool, err error) {
	b = order.AppendUint64(b, uint64(len(k.Name)))
	b = append(b, k.Name...)
	b = order.AppendUint32(b, uint32(k.Type))
	switch {
	case k.Type == String:
		b = order.AppendUint64(b, uint64(len(k.text)))
		return append(b, k.text...), false, nil
	case k.Type != Array:
		return appendNumber(b, k.bits, typeSizes[k.Type], order), false, nil
	case k.Size > 0 && k.file.order == binary.ByteOrder(order):
		b = order.AppendUint32(b, uint32(k.Elem))
		return order.AppendUint64(b, k.count), true, nil
	}
	b, err = appendArray(b, k.Value, order)
	return b, false, err
}

var littleEndian = binary.LittleEndian

// byteOrder is binary.LittleEndian or binary.BigEndian.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

func appendNumber(b []byte, bits uint64, size int64, order byteOrder) []byte {
	switch size {
	case 1:
		return append(b, byte(bits))
	case 2:
		return order.AppendUint16(b, uint16(bits))
	case 4:
		return order.AppendUint32(b, uint32(bits))
	}
	return order.AppendUint64(b, bits)
}

// appendArray adds an array as it stands in a file of this byte order: the type of its
// elements, their count, and they.
func appendArray(b []byte, v Value, order byteOrder) ([]byte, error) {
	if v.Type != Array {
		return nil, v.wrong("an array")
	}
	b = order.AppendUint32(b, uint32(v.Elem))
	b = order.AppendUint64(b, v.count)
	switch {
	case v.count == 0:
	case v.Elem == String:
		s, err := v.Strings()
		if err != nil {
			return nil, err
		}
		for _, text := range s.All() {
			b = order.AppendUint64(b, uint64(len(text)))
			b = append(b, text...)
		}
	case v.Elem == Array:
		arrays, err := v.Arrays()
		for _, a := range arrays {
			if b, err = appendArray(b, a, order); err != nil {
				break
			}
		}
		return b, err
	default:
		from := len(b)
		b = append(b, make([]byte, v.Size)...)
		if err := v.file.read(b[from:], v.Offset); err != nil {
			return nil, err
		}
		if v.file.order != binary.ByteOrder(order) {
			swap(b[from:], int(typeSizes[v.Elem]))
		}
	}
	return b, nil
}

// Equal tells whether two values are the same, with the same types. Arrays are read.
func (v Value) Equal(other Value) (bool, error) {
	if v.Type != other.Type || v.Elem != other.Elem || v.count != other.count || v.Size != other.Size {
		return false, nil
	}
	if v.Type != Array {
		return v.bits == other.bits && v.text == other.text, nil
	}
	one, err := appendArray(nil, v, binary.LittleEndian)
	if err != nil {
		return false, err
	}
	two, err := appendArray(nil, other, binary.LittleEndian)
	return bytes.Equal(one, two), err
}

// finite tells whether a number is one.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
