package testgguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
)

// GGUF's numbers for the types of values that are not numbers.
const (
	typeString = 8
	typeArray  = 9
)

// buffer is a file as it is written.
type buffer struct {
	bytes.Buffer
	order     binary.ByteOrder
	alignment int
}

func (b *buffer) put(values ...any) {
	for _, v := range values {
		if err := binary.Write(b, b.order, v); err != nil {
			panic(err) // a type that has no size
		}
	}
}

func (b *buffer) pad() {
	for b.Len()%b.alignment != 0 {
		b.WriteByte(0)
	}
}

func (b *buffer) string(s string) {
	b.put(uint64(len(s)))
	b.WriteString(s)
}

// value writes the type and the value of a key.
func (b *buffer) value(value any) {
	if raw, ok := value.(Raw); ok {
		b.put(raw.Type, raw.Bytes)
		return
	}
	v := reflect.ValueOf(value)
	b.put(typeOf(v.Type()))
	b.element(v)
}

// element writes a value whose type is known.
func (b *buffer) element(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		b.string(v.String())
	case reflect.Interface:
		b.element(v.Elem())
	case reflect.Slice:
		b.put(typeOf(v.Type().Elem()), uint64(v.Len()))
		if kind := v.Type().Elem().Kind(); kind != reflect.String && kind != reflect.Interface && kind != reflect.Slice {
			b.put(v.Interface())
			return
		}
		for i := range v.Len() {
			b.element(v.Index(i))
		}
	default:
		b.put(v.Interface())
	}
}

// typeOf is GGUF's number for the type of a value.
func typeOf(t reflect.Type) uint32 {
	for i, kind := range []reflect.Kind{reflect.Uint8, reflect.Int8, reflect.Uint16, reflect.Int16, reflect.Uint32, reflect.Int32,
		reflect.Float32, reflect.Bool, reflect.String, reflect.Slice, reflect.Uint64, reflect.Int64, reflect.Float64} {
		if t.Kind() == kind {
			return uint32(i)
		}
	}
	if t.Kind() == reflect.Interface { // what []any has: arrays
		return typeArray
	}
	panic(fmt.Sprintf("testgguf: a value of type %v", t))
}
