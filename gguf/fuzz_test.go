package gguf_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// Memory that is allocated for a file: so much for any, and so much for each of its bytes
// to open it, and to read all of it.
const (
	anyFile = 1 << 20
	toOpen  = 32
	toRead  = 512
)

// FuzzOpen: no bytes make the reader panic, go on for ever or allocate more than a small
// multiple of them, and all of what opens can be asked for.
func FuzzOpen(f *testing.F) {
	for _, c := range malformed {
		if len(c.b) < 100_000 {
			f.Add(c.b)
		}
	}
	for _, c := range odd {
		f.Add(c.b)
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		f.Add(whole(order))
	}
	f.Add(oneKey(gguf.Array, gguf.String, uint64(2000), bytes.Repeat(file(text("text"), text("longer"), text(""), text("x")), 500)))
	f.Fuzz(openAndWalk)
}

func openAndWalk(t *testing.T, b []byte) {
	before := allocated()
	model, err := gguf.Read(bytes.NewReader(b), int64(len(b)))
	if n := allocated() - before; n > anyFile+toOpen*uint64(len(b)) {
		t.Errorf("%d bytes were allocated to open %d", n, len(b))
	}
	if _, err := gguf.Peek(bytes.NewReader(b), int64(len(b)), "k", gguf.KeyAlignment); err != nil && model != nil {
		t.Errorf("it opens, but Peek: %v", err)
	}
	if err != nil {
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("control characters in %q", err)
		}
		return
	}
	for _, k := range model.Keys {
		if _, ok := model.Lookup(k.Name); !ok {
			t.Errorf("%q is not found", k.Name)
		}
		walkValue(t, k.Value)
	}
	for _, tensor := range model.Tensors {
		walkTensor(t, model, tensor)
	}
	if n := allocated() - before; n > anyFile+toRead*uint64(len(b)) {
		t.Errorf("%d bytes were allocated to read all of %d", n, len(b))
	}
	if err := model.Close(); err != nil {
		t.Error(err)
	}
}

// allocated is how many bytes were in all; small ones may be counted a little later.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// walkValue reads every element: the file did not change, so that none may fail.
func walkValue(t *testing.T, v gguf.Value) {
	v.Text()
	v.Bool()
	v.Int()
	v.Uint()
	v.Float()
	_, intErr := v.Ints()
	if v.Type != gguf.Array {
		if intErr == nil {
			t.Errorf("the array of a %v", v.Type)
		}
		return
	}
	switch v.Elem {
	case gguf.String:
		walkStrings(t, v)
	case gguf.Array:
		arrays, err := v.Arrays()
		if err != nil || len(arrays) != v.Len() {
			t.Fatalf("%d arrays of %d: %v", len(arrays), v.Len(), err)
		}
		for _, a := range arrays {
			walkValue(t, a)
		}
	case gguf.Float32:
		walkNumbers[float32](t, v)
	case gguf.Float64:
		walkNumbers[float64](t, v)
	case gguf.Uint8, gguf.Bool:
		walkNumbers[uint8](t, v)
	case gguf.Int64:
		walkNumbers[int64](t, v)
	default:
		if v.Elem != gguf.Uint64 && intErr != nil {
			t.Errorf("integers: %v", intErr)
		}
	}
}

func walkNumbers[T gguf.Number](t *testing.T, v gguf.Value) {
	numbers, err := gguf.Numbers[T](v)
	if err != nil || len(numbers) != v.Len() {
		t.Errorf("%d numbers of %d: %v", len(numbers), v.Len(), err)
	}
}

func walkStrings(t *testing.T, v gguf.Value) {
	s, err := v.Strings()
	if err != nil || s.Len() != v.Len() {
		t.Fatalf("%d strings: %v", v.Len(), err)
	}
	n, size := 0, int64(0)
	for i, text := range s.All() {
		if i != n || s.At(i) != text {
			t.Fatalf("string %d is %q, and %q", i, text, s.At(i))
		}
		n, size = n+1, size+8+int64(len(text))
	}
	if n != v.Len() || size != v.Size {
		t.Errorf("%d strings in %d bytes of %d in %d", n, size, v.Len(), v.Size)
	}
}

// walkTensor reads the first and the last bytes.
func walkTensor(t *testing.T, f *gguf.File, tensor gguf.Tensor) {
	tensor.Elements()
	size, sized := tensor.Size()
	r, err := f.Data(tensor)
	if err != nil {
		return
	}
	if !sized || r.Size() != size {
		t.Errorf("%d bytes of data, %d, %v", r.Size(), size, sized)
	}
	for _, at := range []int64{0, max(size-8, 0)} {
		b := make([]byte, min(size, 8))
		if n, err := r.ReadAt(b, at); n != len(b) {
			t.Errorf("%d of %d bytes at %d of %d: %v", n, len(b), at, size, err)
		}
	}
	if _, err := r.ReadAt(make([]byte, 1), size); err != io.EOF {
		t.Errorf("behind the data: %v", err)
	}
}
