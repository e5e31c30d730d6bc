package worker

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// realHeader is that of a real model, with a file of zeros for its weights.
type realHeader struct {
	path string
	file *os.File
	good []byte
}

func newRealHeader(t *testing.T, f *gguf.File, path string) *realHeader {
	t.Helper()
	h := &realHeader{path: filepath.Join(t.TempDir(), "header.gguf"), good: make([]byte, f.Parts[0].HeaderSize)}
	whole, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.Close()
	if _, err := whole.ReadAt(h.good, 0); err != nil {
		t.Fatal(err)
	}
	if h.file, err = os.Create(h.path); err == nil {
		err = h.file.Truncate(f.Size())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.file.Close() })
	return h
}

// check writes the header with some bytes changed, and sees what becomes of the file.
func (h *realHeader) check(t *testing.T, name string, at int64, bytes ...byte) {
	t.Run(name, func(t *testing.T) {
		changed := append([]byte(nil), h.good...)
		copy(changed[at:], bytes)
		if _, err := h.file.WriteAt(changed, 0); err != nil {
			t.Fatal(err)
		}
		outcome, err := survive(h.path)
		if outcome == "crashed" || err != nil && strings.Contains(err.Error(), "the engine requires") {
			t.Errorf("%s: %.300v", outcome, err)
		}
		t.Logf("%s: %.300v", outcome, err)
	})
}

// TestMalformedHeader: each number of a real header, and the types and shapes of its
// first tensors, changed one by one.
func TestMalformedHeader(t *testing.T) {
	path := testmodel.SmolLM2(t)
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := newRealHeader(t, f, path)
	le := binary.LittleEndian
	h.check(t, "as it was", 0)
	for _, k := range f.Keys {
		switch k.Type {
		case gguf.Uint32:
			for _, n := range []uint32{0, 3, 1 << 31, math.MaxUint32} {
				h.check(t, fmt.Sprintf("%s = %d", k.Name, n), k.Offset, le.AppendUint32(nil, n)...)
			}
		case gguf.Float32:
			for _, x := range []float64{0, -1, math.NaN()} {
				h.check(t, fmt.Sprintf("%s = %v", k.Name, x), k.Offset, le.AppendUint32(nil, math.Float32bits(float32(x)))...)
			}
		case gguf.Array:
			h.check(t, k.Name+" with its first elements changed", k.Offset, make([]byte, min(k.Size, 64))...)
			h.check(t, k.Name+" one shorter", k.Offset-8, le.AppendUint64(nil, uint64(k.Len()-1))...)
		}
	}
	for _, tensor := range f.Tensors[:12] {
		row := strings.Index(string(h.good), string(le.AppendUint64(nil, uint64(len(tensor.Name))))+tensor.Name)
		dims := int64(row + 8 + len(tensor.Name) + 4)
		for _, kind := range []gguf.TensorType{gguf.F16, gguf.I8, gguf.Q8_0, gguf.Q8_1} {
			h.check(t, fmt.Sprintf("%s of %v", tensor.Name, kind), dims+8*int64(len(tensor.Dims)), le.AppendUint32(nil, uint32(kind))...)
		}
		h.check(t, tensor.Name+" without rows", dims, make([]byte, 8)...)
	}
}
