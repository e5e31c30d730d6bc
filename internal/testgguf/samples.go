package testgguf

import (
	"fmt"
	"math"
	"strings"
)

// Sample is a well-formed file.
type Sample struct {
	Name string
	*File
	Engine bool // reads it too: it knows no arrays of arrays, no big-endian files and no NULs
}

// Samples are files with all that the format has, but for the types of tensors.
func Samples() []Sample {
	nested := Values(&File{}).Set("nested", []any{[]int32{1, 2}, []int32{}, []int32{3}}).
		Set("nested.texts", []any{[]string{"a", ""}, []string{"b"}}).
		Set("nested.deep", []any{[]any{[]uint8{1}, []uint8{2}}, []any{[]uint8{3}}}).
		Set("nul", "a\x00b").Set("nuls", []string{"\x00", "a\x00b"})
	return []Sample{
		{"nothing", &File{}, true},
		{"values", Values(&File{}), true},
		{"version 2", shapes(Values(&File{Version: 2})), true},
		{"shapes", shapes(&File{}), true},
		{"alignment 64", shapes(Values(&File{Alignment: 64})), true},
		{"alignment 8", shapes(&File{Alignment: 8}), true},
		{"alignment 4096", shapes(&File{Alignment: 4096}), true},
		{"many keys", manyKeys(), true},
		{"big", big(300_000), true},
		{"nested", nested, false},
		{"big-endian", shapes(Values(&File{BigEndian: true, Alignment: 64})), false},
		{"big-endian, big", bigEndian(big(30_000)), false},
		{"big-endian, nested", bigEndian(nested), false},
	}
}

func bigEndian(f *File) *File {
	other := *f
	other.BigEndian = true
	return &other
}

// Values has a key of each type, and arrays of each: some elements, one and none.
func Values(f *File) *File {
	setArrays(f, []uint8{0, 1, 255})
	setArrays(f, []int8{0, -1, -128, 127})
	setArrays(f, []uint16{0, 258, math.MaxUint16})
	setArrays(f, []int16{0, -2, math.MinInt16})
	setArrays(f, []uint32{0, 16909060, math.MaxUint32})
	setArrays(f, []int32{0, -3, math.MinInt32})
	setArrays(f, []float32{0, 1.5, float32(math.Inf(-1)), math.SmallestNonzeroFloat32})
	setArrays(f, []bool{false, true})
	setArrays(f, []uint64{0, 72623859790382856, math.MaxUint64})
	setArrays(f, []int64{0, -4, math.MinInt64})
	setArrays(f, []float64{0, math.Pi, math.Inf(1), math.NaN()})
	setArrays(f, []string{"", "a", "a longer text, with \"quotes\"\n and lines", "東京 🚆", strings.Repeat("long ", 2000)})
	return f
}

func setArrays[T any](f *File, v []T) {
	name := fmt.Sprintf("%T", v[0])
	f.Set(name+".some", v).Set(name+".one", v[len(v)-1:]).Set(name+".none", v[:0])
	for i := range v {
		f.Set(fmt.Sprint(name, ".", i), v[i])
	}
}

// shapes has tensors of 0 to 4 dimensions, and of no elements.
func shapes(f *File) *File {
	for i, shape := range [][]int{{3}, {}, {4, 5}, {0}, {2, 3, 4}, {1, 2, 1, 3}, {7, 0, 2}, {1}} {
		f.Add(fmt.Sprintf("blk.%d.weight", i), make([]float32, product(shape)), shape...)
	}
	return f
}

func manyKeys() *File {
	f := &File{}
	for i := range 3000 {
		f.Set(fmt.Sprintf("key.%d", i), uint32(i))
	}
	return f
}

// big has a vocabulary of more than one window, with texts of every length.
func big(n int) *File {
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = strings.Repeat("x", i%13)
		switch i % 5000 {
		case 17:
			tokens[i] = strings.Repeat("long", 500)
		case 18:
			tokens[i] = strings.Repeat("very long", 5000)
		case 19, 20, 21:
			tokens[i] = ""
		}
	}
	return shapes((&File{}).Set("general.architecture", "llama").Set("tokens", tokens).Set("scores", make([]float32, n/100)).Set("last", "text"))
}

// Stored is a file with tensors of a type of which so many numbers take so many bytes.
func Stored(kind uint32, block, bytes int) *File {
	f := &File{}
	for i, shape := range [][]int{{block}, {3 * block, 5}, {block, 2, 3}, {block, 1, 2, 2}} {
		f.AddStored(fmt.Sprint("tensor.", i), kind, make([]byte, product(shape)/block*bytes), shape...)
	}
	return f
}
