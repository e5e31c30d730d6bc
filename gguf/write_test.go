package gguf

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// everyKind has a key of each type, and arrays of each.
func everyKind(t testing.TB) []Key {
	t.Helper()
	var keys []Key
	add := func(name string, value any) Value {
		v, err := NewValue(value)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, Key{name, v})
		return v
	}
	add("bool", true)
	add("u8", uint8(math.MaxUint8))
	add("i8", int8(math.MinInt8))
	add("u16", uint16(math.MaxUint16))
	add("i16", int16(math.MinInt16))
	add("u32", uint32(math.MaxUint32))
	add("i32", int32(math.MinInt32))
	add("u64", uint64(math.MaxUint64))
	add("i64", int64(math.MinInt64))
	add("f32", float32(1e-5))
	add("f64", math.Pi)
	add("str", "naïve ␛ \x00 text")
	add("empty", "")
	add("[bool]", []bool{true, false})
	add("[u8]", []uint8{0, 255})
	add("[i8]", []int8{-128, 127})
	add("[u16]", []uint16{1, 65535})
	add("[i16]", []int16{-2, 3})
	add("[u32]", []uint32{7, 1 << 31})
	numbers := add("[i32]", []int32{-5, 1 << 30})
	add("[u64]", []uint64{1 << 63})
	add("[i64]", []int64{math.MinInt64, 1})
	add("[f32]", []float32{0.5, -1})
	add("[f64]", []float64{math.MaxFloat64})
	texts := add("[str]", []string{"a", "", "\xff\xfe"})
	add("[none]", []string{})
	nested := add("[[i32],[str]]", []Value{numbers, texts})
	add("[[[]]]", []Value{nested, nested})
	add("[[none]]", []Value{})
	return keys
}

// bytesOf writes a file.
func bytesOf(t testing.TB, w *Writer) []byte {
	t.Helper()
	size, err := w.Size()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if n, err := w.WriteTo(&b); err != nil || n != int64(b.Len()) || n != size {
		t.Fatalf("%d bytes of %d, %d: %v", n, b.Len(), size, err)
	}
	return b.Bytes()
}

func readBytes(t testing.TB, b []byte) *File {
	t.Helper()
	f, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sameKeys compares keys with their order, and reads all arrays.
func sameKeys(t testing.TB, got, want []Key) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d keys, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Name != want[i].Name {
			t.Errorf("key %d is %q, want %q", i, got[i].Name, want[i].Name)
		}
		if same, err := got[i].Equal(want[i].Value); !same || err != nil {
			t.Errorf("%s: %v, want %v: %v", want[i].Name, got[i].Value, want[i].Value, err)
		}
	}
}

// TestWriteEveryType: what is written is what is read, in both byte orders, also when
// it is written again from the file that was read, in its order or the other.
func TestWriteEveryType(t *testing.T) {
	keys := everyKind(t)
	for _, big := range []bool{false, true} {
		w := NewWriter()
		w.BigEndian = big
		for _, k := range keys {
			if err := w.Set(k.Name, k.Value); err != nil {
				t.Fatal(err)
			}
		}
		first := bytesOf(t, w)
		f := readBytes(t, first)
		if f.BigEndian != big || f.Version != 3 {
			t.Errorf("version %d, big endian %v", f.Version, f.BigEndian)
		}
		sameKeys(t, f.Keys, keys)
		again, err := f.Copy()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytesOf(t, again), first) {
			t.Error("a copy of the file has other bytes")
		}
		again.BigEndian = !big
		sameKeys(t, readBytes(t, bytesOf(t, again)).Keys, keys)
	}
}

// TestWriteTensors: names, types, dimensions, data and padding, for several alignments.
func TestWriteTensors(t *testing.T) {
	for _, alignment := range []uint32{0, 1, 8, 64, 8192} {
		w := NewWriter()
		if alignment > 0 {
			v, _ := NewValue(alignment)
			if err := w.Set(KeyAlignment, v); err != nil {
				t.Fatal(err)
			}
		}
		tensors := []Tensor{
			{Name: "scalar", Type: F32},
			{Name: "row", Type: I8, Dims: []uint64{5}},
			{Name: "nothing", Type: F16, Dims: []uint64{3, 0}},
			{Name: "blocks", Type: Q4_K, Dims: []uint64{256, 3, 1, 2}},
			{Name: "", Type: F64, Dims: []uint64{2, 2}},
		}
		var data [][]byte
		for i, x := range tensors {
			size, _ := x.Size()
			data = append(data, bytes.Repeat([]byte{byte(i + 1)}, int(size)))
			if err := w.Add(x, bytes.NewReader(data[i])); err != nil {
				t.Fatal(err)
			}
		}
		var header bytes.Buffer
		if err := w.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		b := bytesOf(t, w)
		f := readBytes(t, b)
		if int64(len(b))%f.Alignment != 0 {
			t.Errorf("alignment %d: %d bytes", f.Alignment, len(b))
		}
		if !bytes.Equal(header.Bytes(), b[:f.Parts[0].DataOffset]) {
			t.Errorf("alignment %d: the header alone is another one, of %d bytes", f.Alignment, header.Len())
		}
		var rest int
		for i, x := range f.Tensors {
			r, err := f.Data(x)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, data[i]) || x.Name != tensors[i].Name || x.Type != tensors[i].Type || !slices.Equal(x.Dims, tensors[i].Dims) || int64(x.Offset)%f.Alignment != 0 {
				t.Errorf("alignment %d: %v of %d bytes: %v", f.Alignment, x, len(got), err)
			}
			rest += len(got)
		}
		if zeros := bytes.Count(b[f.Parts[0].DataOffset:], []byte{0}); zeros != len(b)-int(f.Parts[0].DataOffset)-rest {
			t.Errorf("alignment %d: padding is not zero", f.Alignment)
		}
	}
}

// TestWriteWhatIsRead: a real model, read and written, is the same file.
func TestWriteWhatIsRead(t *testing.T) {
	path := testmodel.SmolLM2(t)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := f.Copy()
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.gguf")
	if err := Create(t.Context(), []Output{{copied, w}}, false, nil); err != nil {
		t.Fatal(err)
	}
	if fileHash(t, copied) != fileHash(t, path) {
		t.Error("the copy differs")
	}
}

func fileHash(t testing.TB, path string) (sum [sha256.Size]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	h.Sum(sum[:0])
	return sum
}

func TestWriterRefuses(t *testing.T) {
	text, _ := NewValue("text")
	three, _ := NewValue(uint32(3))
	w := NewWriter()
	row := Tensor{Name: "t", Type: F32, Dims: []uint64{2}}
	for want, err := range map[string]error{
		"":                          w.Set("a", text),
		"a name has 1 to 65535":     w.Set("", text),
		"bytes":                     w.Set(strings.Repeat("x", maxName+1), text),
		"a name is UTF-8":           w.Set("\xff", text),
		"power of two":              w.Set(KeyAlignment, three),
		"no such key":               w.Rename("b", "c"),
		"a key \"a\" already":       w.Rename("a", "a"),
		"1 to 65535 bytes":          w.Rename("a", ""),
		"power of two, of type u32": w.Rename("a", KeyAlignment),
		"has no size":               w.Add(Tensor{Name: "x", Type: 4, Dims: []uint64{32}}, nil),
		"type Q4_0 has no size":     w.Add(Tensor{Name: "x", Type: Q4_0, Dims: []uint64{31}}, nil),
		"type F32 has no size":      w.Add(Tensor{Name: "x", Type: F32, Dims: []uint64{1 << 62, 2}}, nil),
		"limit is 4":                w.Add(Tensor{Name: "x", Type: F32, Dims: []uint64{1, 1, 1, 1, 1}}, nil),
	} {
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := w.Add(row, strings.NewReader("1234567")); err != nil {
		t.Fatal(err)
	}
	if err := w.Add(row, nil); err == nil || !strings.Contains(err.Error(), "this name already") {
		t.Error(err)
	}
	if _, err := w.WriteTo(io.Discard); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), `write tensor "t": unexpected EOF: its data ends 1 bytes too soon`) {
		t.Error(err)
	}
	for _, v := range []any{1, []int{1}, nil, []Value{text}, struct{}{}} {
		if _, err := NewValue(v); !errors.Is(err, ErrType) {
			t.Errorf("%v: %v", v, err)
		}
	}
	if !w.Remove("a") || w.Remove("a") {
		t.Error("Remove")
	}
}

// TestWriteVersion2: numbers of an old file stand where version 3 has them.
func TestWriteVersion2(t *testing.T) {
	w := NewWriter()
	w.version = 2
	b := bytesOf(t, w)
	if f := readBytes(t, b); f.Version != 2 || binary.LittleEndian.Uint32(b[4:]) != 2 {
		t.Error(f.Version)
	}
}
