package llama_test

import (
	"context"
	"math"
	"path/filepath"
	"strings"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// Numbers of the engine: enum llama_ftype and enum ggml_type.
const (
	fileQ4_0, fileQ4_K_M, fileIQ2_XXS = 2, 15, 19

	typeF64, typeQ8_0, typeQ8_K, typeQ4_K, typeIQ2_XXS = 28, 8, 15, 12, 16
)

func (g *guarded) quantize(in string, p llama.QuantizeParams) error {
	return llama.Quantize(context.Background(), in, filepath.Join(g.TempDir(), "out.gguf"), p)
}

func number(n int) *int { return &n }

var quantizeGuards = map[string]guardCase{
	"quantizing with wrong arguments": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		in := testgguf.Quantizable(1).Write(g, "in.gguf")
		row := make([]float32, 256)
		for _, p := range []llama.QuantizeParams{
			{FileType: fileQ4_0, Threads: -1},
			{FileType: fileQ4_0, Threads: 1 << 20},
			{FileType: fileQ4_0, Output: number(typeF64)},
			{FileType: fileQ4_0, Output: number(typeQ8_K)},
			{FileType: fileQ4_0, Embedding: number(1 << 40)},
			{FileType: fileQ4_0, Embedding: number(typeIQ2_XXS)},
			{FileType: fileQ4_0, Types: map[string]int{"": typeQ8_0}},
			{FileType: fileQ4_0, Types: map[string]int{"a\x00b": typeQ8_0}},
			{FileType: fileQ4_0, Types: map[string]int{strings.Repeat("a", 64): typeQ8_0}},
			{FileType: fileQ4_0, Types: map[string]int{"a": -1}},
			{FileType: fileIQ2_XXS, Pure: true, Matrix: &llama.Matrix{Weights: map[string][]float32{"a": row}}},
			{FileType: fileQ4_0, Matrix: &llama.Matrix{}},
			{FileType: fileQ4_0, Matrix: &llama.Matrix{Weights: map[string][]float32{"a": nil}}},
			{FileType: fileQ4_0, Matrix: &llama.Matrix{Weights: map[string][]float32{"a": {float32(math.NaN())}}}},
			{FileType: fileQ4_0, Matrix: &llama.Matrix{Weights: map[string][]float32{"a": {-1}}}},
			{FileType: fileQ4_0, Matrix: &llama.Matrix{Weights: map[string][]float32{"a": row}, File: "a\x00b"}},
		} {
			errs = append(errs, g.quantize(in, p))
		}
		return append(errs, g.quantize("a\x00b", llama.QuantizeParams{FileType: fileQ4_0}))
	}},
	"quantizing what the engine refuses": {llama.ErrEngine, func(g *guarded) (errs []error) {
		good := testgguf.Quantizable(1)
		in := good.Write(g, "in.gguf")
		q4 := filepath.Join(g.TempDir(), "q4.gguf")
		g.must(llama.Quantize(context.Background(), in, q4, llama.QuantizeParams{FileType: fileQ4_0}))
		for _, path := range append(g.files(testgguf.Decoder(1).Bytes()), filepath.Join(g.TempDir(), "missing.gguf"), g.TempDir()) {
			errs = append(errs, g.quantize(path, llama.QuantizeParams{FileType: fileQ4_0}))
		}
		nan := testgguf.Quantizable(1).AddStored("blk.0.extra.weight", 0, []byte(strings.Repeat("\x00\x00\xc0\x7f", 256*32)), 256, 32)
		return append(errs,
			g.quantize(q4, llama.QuantizeParams{FileType: fileQ4_K_M}),
			g.quantize(in, llama.QuantizeParams{FileType: 4}),
			g.quantize(in, llama.QuantizeParams{FileType: math.MaxInt}),
			g.quantize(in, llama.QuantizeParams{FileType: fileIQ2_XXS}),
			g.quantize(nan.Write(g, "nan.gguf"), llama.QuantizeParams{FileType: fileQ4_0, Threads: 2}),
			g.quantize(in, llama.QuantizeParams{FileType: fileQ4_0, Matrix: &llama.Matrix{Weights: map[string][]float32{"blk.0.attn_q.weight": {1}}}}),
			llama.Quantize(context.Background(), in, g.TempDir(), llama.QuantizeParams{FileType: fileQ4_0}),
			llama.Quantize(context.Background(), in, "/dev/full", llama.QuantizeParams{FileType: fileQ4_0}))
	}},
	"quantizing shapes that the quantizer fails on": {llama.ErrInvalid, func(g *guarded) []error {
		four := testgguf.Quantizable(1).Add("blk.0.four.weight", make([]float32, 256*4), 256, 1, 1, 4).Write(g, "four.gguf")
		none := testgguf.Quantizable(1).Add("blk.0.none.weight", nil, 256, 0).Write(g, "none.gguf")
		narrow := testgguf.Decoder(1).Write(g, "narrow.gguf")
		return []error{
			g.quantize(four, llama.QuantizeParams{FileType: fileQ4_0}),
			g.quantize(none, llama.QuantizeParams{FileType: fileQ4_0}),
			g.quantize(narrow, llama.QuantizeParams{FileType: fileQ4_0, Threads: 2, Embedding: number(typeQ4_K)}),
		}
	}},
	"quantizing by patterns in names": {nil, func(g *guarded) []error {
		in := testgguf.Quantizable(1).Write(g, "in.gguf")
		return []error{g.quantize(in, llama.QuantizeParams{FileType: fileQ4_0, Types: map[string]int{
			"(a|a)*$": typeQ8_0, "[": typeQ8_0, `\`: typeQ8_0, "blk.0.attn_q.weight": typeQ8_0, "((((((": typeQ8_0, "\n\xff": typeQ8_0,
		}})}
	}},
}
