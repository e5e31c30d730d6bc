package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// sparseModel is a GGUF file of a few gigabytes of zeros that takes seconds to read
// and no room on the disk: a model of the llama architecture without a vocabulary.
func sparseModel(t *testing.T) string {
	t.Helper()
	const layers, embd, ff, vocab = 24, 2048, 8192, 256
	var kv, tensors bytes.Buffer
	var nKV, nTensors, offset uint64
	put := func(b *bytes.Buffer, values ...any) {
		for _, v := range values {
			if s, ok := v.(string); ok {
				binary.Write(b, binary.LittleEndian, uint64(len(s)))
				b.WriteString(s)
			} else {
				binary.Write(b, binary.LittleEndian, v)
			}
		}
	}
	text := func(key, value string) { nKV++; put(&kv, key, uint32(8), value) }
	number := func(key string, value uint32) { nKV++; put(&kv, key, uint32(4), value) }
	tensor := func(name string, dims ...uint64) {
		nTensors++
		put(&tensors, name, uint32(len(dims)))
		size := uint64(4)
		for _, d := range dims {
			put(&tensors, d)
			size *= d
		}
		put(&tensors, uint32(0), offset) // F32
		offset += size
	}
	text("general.architecture", "llama")
	text("tokenizer.ggml.model", "no_vocab")
	number("llama.vocab_size", vocab)
	number("llama.block_count", layers)
	number("llama.embedding_length", embd)
	number("llama.feed_forward_length", ff)
	number("llama.context_length", 2048)
	number("llama.attention.head_count", 16)
	number("llama.attention.head_count_kv", 16)
	nKV++
	put(&kv, "llama.attention.layer_norm_rms_epsilon", uint32(6), float32(1e-5))
	tensor("token_embd.weight", embd, vocab)
	tensor("output_norm.weight", embd)
	for i := range layers {
		at := func(name string) string { return fmt.Sprintf("blk.%d.%s.weight", i, name) }
		for _, name := range []string{"attn_norm", "ffn_norm"} {
			tensor(at(name), embd)
		}
		for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output"} {
			tensor(at(name), embd, embd)
		}
		tensor(at("ffn_gate"), embd, ff)
		tensor(at("ffn_up"), embd, ff)
		tensor(at("ffn_down"), ff, embd)
	}
	var file bytes.Buffer
	file.WriteString("GGUF")
	put(&file, uint32(3), nTensors, nKV)
	file.Write(kv.Bytes())
	file.Write(tensors.Bytes())
	file.Write(make([]byte, (32-file.Len()%32)%32))
	path := filepath.Join(t.TempDir(), "sparse.gguf")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(file.Len())+int64(offset)); err != nil {
		t.Fatal(err)
	}
	return path
}
