package quant

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// TensorType is what is known of a type of tensors.
type TensorType struct {
	gguf.TensorType
	Description string
	// Writable tells whether tensors can be quantized to it, Readable whether from it.
	Writable, Readable bool
}

// tensorTypes describes each type of ggml/include/ggml.h@v0.5.0; layouts are in package
// gguf. Writable is ggml_quantize_chunk of ggml/src/ggml.c, Readable is what
// llama_tensor_dequantize_impl of src/llama-quant.cpp takes, and F32.
var tensorTypes = []TensorType{
	{gguf.F64, "64-bit float", false, false},
	{gguf.F32, "32-bit float", true, true},
	{gguf.F16, "16-bit float", true, true},
	{gguf.BF16, "16-bit float with the range of a 32-bit one", true, true},
	{gguf.I64, "64-bit integer", false, false},
	{gguf.I32, "32-bit integer", false, false},
	{gguf.I16, "16-bit integer", false, false},
	{gguf.I8, "8-bit integer", false, false},
	{gguf.Q8_0, "8 bits; a 16-bit scale", true, true},
	{gguf.Q8_1, "8 bits; a scale and a sum; of products under way only", false, false},
	{gguf.Q8_K, "8 bits; a 32-bit scale and sums; of products under way only", false, false},
	{gguf.Q6_K, "6 bits; 8-bit scales of 16 weights under one scale", true, true},
	{gguf.Q5_K, "5 bits; 6-bit scales and offsets of 32 weights under one pair", true, true},
	{gguf.Q5_1, "5 bits; a scale and an offset", true, true},
	{gguf.Q5_0, "5 bits; a scale", true, true},
	{gguf.Q4_K, "4 bits; 6-bit scales and offsets of 32 weights under one pair", true, true},
	{gguf.Q4_1, "4 bits; a scale and an offset", true, true},
	{gguf.Q4_0, "4 bits; a scale", true, true},
	{gguf.IQ4_NL, "4 bits by a table of unequal steps; a scale", true, true},
	{gguf.IQ4_XS, "4 bits by a table of unequal steps; 6-bit scales of 32 weights under one scale", true, true},
	{gguf.MXFP4, "4-bit float; an exponent", true, true},
	{gguf.NVFP4, "4-bit float; 8-bit float scales of 16 weights", true, true},
	{gguf.Q3_K, "3 bits; 6-bit scales of 16 weights under one scale", true, true},
	{gguf.IQ3_S, "3 bits: 512 points for 4 weights and signs; 4-bit scales of 32 weights", true, true},
	{gguf.IQ3_XXS, "3 bits: 256 points for 4 weights and signs; 4-bit scales of 32 weights", true, true},
	{gguf.Q2_K, "2 bits; 4-bit scales and offsets of 16 weights under one pair", true, true},
	{gguf.Q2_0, "2 bits; a scale", true, true},
	{gguf.IQ2_S, "2 bits: 1024 points for 8 weights and signs; 4-bit scales of 16 weights", true, true},
	{gguf.IQ2_XS, "2 bits: 512 points for 8 weights and signs; 4-bit scales of 16 weights", true, true},
	{gguf.IQ2_XXS, "2 bits: 256 points for 8 weights and signs; 4-bit scales of 32 weights", true, true},
	{gguf.TQ2_0, "three values, 2 bits each; a scale", true, true},
	{gguf.TQ1_0, "three values, five in a byte; a scale", true, true},
	{gguf.IQ1_M, "2048 points for 8 weights; 3-bit scales of 16 weights", true, true},
	{gguf.IQ1_S, "2048 points for 8 weights; 3-bit scales of 32 weights", true, true},
	{gguf.Q1_0, "1 bit; a scale", true, true},
}

// rows has the index in tensorTypes of each type, by its number.
var rows = func() (rows [64]*TensorType) {
	for i := range tensorTypes {
		rows[tensorTypes[i].TensorType] = &tensorTypes[i]
	}
	return rows
}()

func row(t gguf.TensorType) TensorType {
	if int(t) < len(rows) && rows[t] != nil {
		return *rows[t]
	}
	return TensorType{TensorType: t}
}

// TensorTypes are all types of tensors, from large to small. The list is the caller's.
func TensorTypes() []TensorType { return append([]TensorType(nil), tensorTypes...) }

// BitsPerWeight of a type, with its scales; 0 of a type that is unknown.
func BitsPerWeight(t gguf.TensorType) float64 {
	numbers, bytes := t.Block()
	if numbers == 0 {
		return 0
	}
	return 8 * float64(bytes) / float64(numbers)
}

// ParseTensorType is the type of a name, in any case, that a tensor can be quantized to.
func ParseTensorType(name string) (gguf.TensorType, error) {
	for _, t := range tensorTypes {
		switch {
		case !strings.EqualFold(name, t.String()):
		case t.Writable:
			return t.TensorType, nil
		default:
			return 0, fmt.Errorf("type of tensors %s: nothing can be quantized to it; name one of %s", gguf.Quote(name), writable())
		}
	}
	return 0, fmt.Errorf("type of tensors %s: there is none of this name; name one of %s", gguf.Quote(name), writable())
}

func writable() string {
	var list []string
	for _, t := range tensorTypes {
		if t.Writable {
			list = append(list, strings.ToLower(t.String()))
		}
	}
	return strings.Join(list, ", ")
}
