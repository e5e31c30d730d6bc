package testgguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Sizes of Quantizable: rows are multiples of 256, the largest block of any type, and there
// are enough layers for mixtures to tell the first, the last and those between apart.
const (
	QuantizableLayers = 8
	quantizableWidth  = 256
	quantizableHidden = 256
)

// Quantizable is a Llama-like model in 16-bit floats that every type of tensors takes
// without falling back. Its output is one of its own, and four heads share a key.
func Quantizable(seed uint64) *File {
	f := newModel("llama")
	f.Set("general.file_type", uint32(1))
	f.Set("llama.embedding_length", uint32(quantizableWidth))
	f.Set("llama.block_count", uint32(QuantizableLayers))
	f.Set("llama.feed_forward_length", uint32(quantizableHidden))
	f.Set("llama.attention.head_count_kv", uint32(1))
	f.Set("llama.attention.layer_norm_rms_epsilon", float32(1e-5))
	f.Set("llama.rope.dimension_count", uint32(quantizableWidth/heads))
	vocab := sentencePiece(f)
	f.Set("llama.vocab_size", uint32(vocab))
	w := newWeights(f, seed)
	w.half("token_embd.weight", quantizableWidth, vocab)
	w.norm("output_norm", quantizableWidth, false)
	w.half("output.weight", quantizableWidth, vocab)
	for i := range QuantizableLayers {
		b := fmt.Sprintf("blk.%d.", i)
		w.norm(b+"attn_norm", quantizableWidth, false)
		w.half(b+"attn_q.weight", quantizableWidth, quantizableWidth)
		w.half(b+"attn_k.weight", quantizableWidth, quantizableWidth/heads)
		w.half(b+"attn_v.weight", quantizableWidth, quantizableWidth/heads)
		w.half(b+"attn_output.weight", quantizableWidth, quantizableWidth)
		w.norm(b+"ffn_norm", quantizableWidth, false)
		w.half(b+"ffn_gate.weight", quantizableWidth, quantizableHidden)
		w.half(b+"ffn_up.weight", quantizableWidth, quantizableHidden)
		w.half(b+"ffn_down.weight", quantizableHidden, quantizableWidth)
	}
	return f
}

// tensorFloat16 is GGUF's number for the type of tensors of 16-bit floats.
const tensorFloat16 = 1

// half is matrix in 16-bit floats.
func (w *weights) half(name string, shape ...int) {
	var b []byte
	for _, x := range w.normal(product(shape), 1/math.Sqrt(float64(shape[0]))) {
		b = binary.LittleEndian.AppendUint16(b, float16(x))
	}
	w.file.AddStored(name, tensorFloat16, b, shape...)
}

// float16 is a number as a 16-bit float, cut rather than rounded; what is too small is 0.
func float16(x float32) uint16 {
	bits := math.Float32bits(x)
	exponent := int(bits>>23&0xff) - 127 + 15
	if exponent <= 0 {
		return uint16(bits >> 16 & 0x8000)
	}
	return uint16(bits>>16&0x8000) | uint16(exponent)<<10 | uint16(bits>>13&0x3ff)
}
