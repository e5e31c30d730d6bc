package reference_test

import (
	"fmt"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// TestFileTypeIsTheEngines: the names, and the guess where the key is absent.
func TestFileTypeIsTheEngines(t *testing.T) {
	c := newComparison(t)
	s := shape{layers: 6, context: 4096}
	for n := range uint32(45) {
		f := c.complete("llama", s).Set("general.file_type", n)
		c.same(fmt.Sprint("file type ", n), f)
		c.same(fmt.Sprint("guessed file type ", n), f.Set("general.file_type", n|uint32(gguf.FileTypeGuessed)))
	}
	types := []gguf.TensorType{gguf.F32, gguf.F16, gguf.BF16}
	for n := range gguf.TensorType(43) {
		if n.Quantized() {
			types = append(types, n)
		}
	}
	for i, typ := range types {
		for _, order := range [][]gguf.TensorType{{typ}, {typ, gguf.F16}, {gguf.F16, typ, types[(i+5)%len(types)], typ}} {
			f := c.complete("llama", s)
			for at, typ := range order {
				addTensor(f, fmt.Sprintf("blk.%d.attn_q.weight", 11-at), typ)
			}
			c.same(fmt.Sprint("tensors of ", order), f)
		}
	}
}

func addTensor(f *testgguf.File, name string, typ gguf.TensorType) {
	const n = 512
	block, size := typ.Block()
	f.AddStored(name, uint32(typ), make([]byte, n/block*size), n, 1)
}
