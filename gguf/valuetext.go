package gguf

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ValueType is the whole type of a value.
type ValueType struct {
	Type Type
	Elem Type // of an array; not looked at elsewhere
}

// ValueType is the whole type of v.
func (v Value) ValueType() ValueType { return ValueType{v.Type, v.Elem} }

// Is tells whether two kinds are the same.
func (k ValueType) Is(other ValueType) bool {
	return k.Type == other.Type && (k.Type != Array || k.Elem == other.Elem)
}

func (k ValueType) String() string {
	if k.Type == Array {
		return "arr:" + k.Elem.String()
	}
	return k.Type.String()
}

// ValueTypeNames are all that ParseValueType takes.
func ValueTypeNames() []string {
	var names []string
	for t := range typeCount {
		if t != Array {
			names = append(names, t.String())
		}
	}
	for _, name := range slices.Clone(names) {
		names = append(names, "arr:"+name)
	}
	return names
}

// ParseValueType reads what ValueType.String gives, but for arrays of arrays: u32, str, arr:f32.
func ParseValueType(text string) (ValueType, error) {
	name, array := strings.CutPrefix(text, "arr:")
	t := Type(slices.Index(typeNames[:], name))
	switch {
	case t >= typeCount || t == Array:
		return ValueType{}, fmt.Errorf("there is no type %s: it must be one of %s", Quote(text), strings.Join(ValueTypeNames(), " "))
	case array:
		return ValueType{Array, t}, nil
	}
	return ValueType{Type: t}, nil
}

// GuessValueType is of a text that may be of any: true and false, numbers (u32, and i32 for
// negative ones, where they fit; f32 with a point or an exponent), JSON arrays of one
// kind (of integers: i32), and str for everything else.
func GuessValueType(text string) ValueType {
	var elements []json.RawMessage
	if !strings.HasPrefix(text, "[") || json.Unmarshal([]byte(text), &elements) != nil || len(elements) == 0 {
		return ValueType{Type: guessType(text)}
	}
	elem := typeCount
	for _, e := range elements {
		t := String
		if e[0] != '"' {
			if t = guessType(string(e)); t == String {
				return ValueType{Type: String}
			}
		}
		if t == Uint32 && guessFits(string(e), 32) {
			t = Int32
		}
		switch {
		case elem == typeCount || elem == t || elem == Int32 && t == Float32:
			elem = t
		case elem == Float32 && t == Int32:
		default:
			return ValueType{Type: String}
		}
	}
	return ValueType{Array, elem}
}

func guessType(text string) Type {
	switch {
	case text == "true" || text == "false":
		return Bool
	case guessFits(text, 32) && strings.HasPrefix(text, "-"):
		return Int32
	case guessFits(text, 64) && strings.HasPrefix(text, "-"):
		return Int64
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		if n > math.MaxUint32 {
			return Uint64
		}
		return Uint32
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && finite(f) && !strings.ContainsAny(text, "_xX") {
		return Float32
	}
	return String
}

func guessFits(text string, bits int) bool {
	_, err := strconv.ParseInt(text, 10, bits)
	return err == nil
}

// ParseValue reads a value of this kind: a text as it stands, a number, true or false,
// a JSON array. The error says what does not fit.
func ParseValue(text string, k ValueType) (Value, error) {
	switch k.Type {
	case String:
		return NewValue(text)
	case Array:
		return parseArray(text, k.Elem)
	}
	bits, err := parseNumber(text, k.Type)
	return newNumber(k.Type, bits), err
}

func parseArray(text string, elem Type) (Value, error) {
	if elem == String {
		var list []string
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			return Value{}, fmt.Errorf("%s is no JSON array of texts: %w", Quote(text), err)
		}
		return NewValue(list)
	}
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return Value{}, fmt.Errorf("%s is no JSON array: %w", Quote(text), err)
	}
	var b []byte
	for i, e := range list {
		bits, err := parseNumber(string(e), elem)
		if err != nil {
			return Value{}, fmt.Errorf("element %d: %w", i, err)
		}
		b = appendNumber(b, bits, typeSizes[elem], littleEndian)
	}
	return newArray(elem, len(list), b), nil
}

func parseNumber(text string, t Type) (bits uint64, err error) {
	size := 0
	if t < typeCount {
		size = 8 * int(typeSizes[t])
	}
	switch t {
	case Uint8, Uint16, Uint32, Uint64:
		bits, err = strconv.ParseUint(text, 10, size)
	case Int8, Int16, Int32, Int64:
		var n int64
		n, err = strconv.ParseInt(text, 10, size)
		bits = uint64(n) << (64 - size) >> (64 - size)
	case Float32:
		var f float64
		f, err = strconv.ParseFloat(text, 32)
		bits = uint64(math.Float32bits(float32(f)))
	case Float64:
		var f float64
		f, err = strconv.ParseFloat(text, 64)
		bits = math.Float64bits(f)
	case Bool:
		if text != "true" && text != "false" {
			return 0, fmt.Errorf("%s is neither true nor false", Quote(text))
		}
		if text == "true" {
			bits = 1
		}
	default:
		return 0, fmt.Errorf("%w: %v cannot be written as a text", ErrType, t)
	}
	if err != nil {
		return 0, fmt.Errorf("%s is no number of type %v", Quote(text), t)
	}
	return bits, nil
}
