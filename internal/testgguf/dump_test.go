package testgguf_test

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// dump is what our reader reads, as lines of text: llama/native/reference/reference.h has
// their form. Each part of a split model stands for itself.
func dump(t *testing.T, path string) string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Read(file, info.Size())
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return ""
	}
	var b strings.Builder
	start := f.Parts[0].DataOffset
	if len(f.Tensors) == 0 {
		start = 0
	}
	fmt.Fprintln(&b, "version", f.Version, "alignment", f.Alignment, "data", start)
	for _, k := range f.Keys {
		sum := crc32.NewIEEE()
		if err := addValue(sum, k.Value); err != nil {
			t.Errorf("%s: %s: %v", path, k.Name, err)
		}
		fmt.Fprintln(&b, "key", word(k.Name), uint32(k.Type), uint32(k.Elem), k.Len(), sum.Sum32())
	}
	for _, tensor := range f.Tensors {
		dims := [4]uint64{1, 1, 1, 1}
		copy(dims[:], tensor.Dims)
		size, ok := tensor.Size()
		if !ok {
			t.Errorf("%s: %s has no size", path, tensor.Name)
		}
		fmt.Fprintln(&b, "tensor", word(tensor.Name), uint32(tensor.Type), dims[0], dims[1], dims[2], dims[3], tensor.Offset, size)
	}
	return b.String()
}

// word is a name without spaces and line ends.
func word(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("._-", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// addValue adds a value as it stands in a little-endian file.
func addValue(sum hash.Hash32, v gguf.Value) error {
	if text, ok := v.Text(); ok {
		addText(sum, text)
		return nil
	}
	switch v.Type {
	case gguf.Array:
		return addArray(sum, v)
	case gguf.Bool:
		is, _ := v.Bool()
		return binary.Write(sum, binary.LittleEndian, is)
	case gguf.Float32:
		x, _ := v.Float()
		return binary.Write(sum, binary.LittleEndian, float32(x))
	case gguf.Float64:
		x, _ := v.Float()
		return binary.Write(sum, binary.LittleEndian, math.Float64bits(x))
	}
	i, ok := v.Int()
	u, okUint := v.Uint()
	if !ok && !okUint {
		return fmt.Errorf("a %v is no integer", v.Type)
	}
	if okUint {
		i = int64(u)
	}
	_, err := sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(i))[:v.Size])
	return err
}

func addText(sum hash.Hash32, text string) {
	sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text))))
	sum.Write([]byte(text))
}

func addArray(sum hash.Hash32, v gguf.Value) error {
	switch v.Elem {
	case gguf.String:
		s, err := v.Strings()
		if err != nil {
			return err
		}
		for _, text := range s.All() {
			addText(sum, text)
		}
		return nil
	case gguf.Array:
		arrays, err := v.Arrays()
		for _, a := range arrays {
			if err == nil {
				err = addArray(sum, a)
			}
		}
		return err
	case gguf.Uint8, gguf.Bool:
		return addNumbers[uint8](sum, v)
	case gguf.Int8:
		return addNumbers[int8](sum, v)
	case gguf.Uint16:
		return addNumbers[uint16](sum, v)
	case gguf.Int16:
		return addNumbers[int16](sum, v)
	case gguf.Uint32:
		return addNumbers[uint32](sum, v)
	case gguf.Int32:
		return addNumbers[int32](sum, v)
	case gguf.Uint64:
		return addNumbers[uint64](sum, v)
	case gguf.Int64:
		return addNumbers[int64](sum, v)
	case gguf.Float32:
		return addNumbers[float32](sum, v)
	case gguf.Float64:
		return addNumbers[float64](sum, v)
	}
	return fmt.Errorf("an array of %v", v.Elem)
}

func addNumbers[T gguf.Number](sum hash.Hash32, v gguf.Value) error {
	numbers, err := gguf.Numbers[T](v)
	if err != nil {
		return err
	}
	return binary.Write(sum, binary.LittleEndian, numbers)
}
