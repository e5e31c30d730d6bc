package quant

import (
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
)

// check adds what the quantizer would not do with a tensor.
func (r *Recipe) check(t *Tensor, o *Options) {
	if t.Kept == "" && needsImatrix(t, o.FileType) {
		r.Imatrix = append(r.Imatrix, t.Name)
		if o.Imatrix == nil {
			r.problem(t, "%v is not made without an importance matrix", t.To)
		}
	}
	if n, _ := t.Elements(); n == 0 {
		r.problem(t, "it has no numbers, on which the quantizer fails")
		return
	}
	if t.To == t.Type {
		return
	}
	block, _ := t.To.Block()
	switch {
	case !row(t.To).Writable:
		r.problem(t, "nothing can be quantized to %v", t.To)
	case !row(t.Type).Readable:
		r.problem(t, "nothing can be quantized from %v", t.Type)
	case t.Type.Quantized() && !o.Requantize:
		r.problem(t, "it is quantized already (%v): start from a model in F16 or BF16, or ask for it to be quantized again, which costs quality", t.Type)
	case dim(&t.Tensor, 0)%uint64(block) != 0:
		r.problem(t, "rows of %d are no multiple of %d, the block of %v that was asked for", dim(&t.Tensor, 0), block, t.To)
	case dim(&t.Tensor, 3) > 1:
		r.problem(t, "it has four dimensions: the quantizer takes three")
	case ownMatrixOnly(t.To) && o.Imatrix == nil && !needsImatrix(t, o.FileType):
		r.problem(t, "%v is not made without an importance matrix", t.To)
	}
}

// CheckImatrix says what is wrong with an importance matrix for the recipe: numbers is how
// many an entry has for a tensor; false: there is none. Where nothing is wrong the list is
// empty, and used is how many tensors are quantized with it.
func (r *Recipe) CheckImatrix(numbers func(name string) (int, bool)) (used int, problems []string) {
	list := Recipe{}
	for i := range r.Tensors {
		t := &r.Tensors[i]
		if t.To == t.Type {
			continue
		}
		want := dim(&t.Tensor, 0) * dim(&t.Tensor, 2)
		switch n, ok := numbers(t.Name); {
		case ok && uint64(n) == want:
			used++
		case ok && categoryOf(t.Name) != tokenEmbedding: // of these the quantizer does without
			list.problem(t, "the importance matrix has %d numbers for it, and it takes %d: the matrix is of another model", n, want)
		case needsImatrix(t, r.FileType) || ownMatrixOnly(t.To):
			list.problem(t, "%v is not made without an importance matrix, and the one that is given has nothing for this tensor", t.To)
		}
	}
	return used, list.Problems
}

// shown is how many problems of a kind are listed.
const shown = 3

// problem adds one, unless there are many already: one kind often concerns all tensors.
func (r *Recipe) problem(t *Tensor, format string, args ...any) {
	switch n := len(r.Problems); {
	case n < shown:
		r.Problems = append(r.Problems, fmt.Sprintf("tensor %s: %s", gguf.Quote(t.Name), fmt.Sprintf(format, args...)))
	case n == shown:
		r.Problems = append(r.Problems, "and others")
	}
}

// needsImatrix is tensor_requires_imatrix of src/llama-quant.cpp@v0.5.0.
func needsImatrix(t *Tensor, file gguf.FileType) bool {
	switch t.To {
	case gguf.IQ3_XXS, gguf.IQ2_XXS, gguf.IQ2_XS, gguf.IQ2_S, gguf.IQ1_M, gguf.IQ1_S:
	case gguf.Q2_K:
		if file != Q2_K_S {
			return false
		}
	default:
		return false
	}
	c := categoryOf(t.Name)
	return c != tokenEmbedding && c != outputWeight
}

// ownMatrixOnly are types that are quantized to by a matrix alone, embeddings included:
// ggml_quantize_requires_imatrix of ggml/src/ggml.c@v0.5.0.
func ownMatrixOnly(t gguf.TensorType) bool {
	return t == gguf.IQ2_XXS || t == gguf.IQ2_XS || t == gguf.IQ1_S
}
