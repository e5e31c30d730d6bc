package testheader

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama/reference"
	"github.com/seed-f87006eb/llm/quant"
)

// written has the engine make a file, and tells how it differs from what the recipe says:
// the types of its tensors and their order, its header, its size.
func written(t *testing.T, path string, s *quant.Source, o quant.Options) error {
	t.Helper()
	q := reference.QuantizeRun{
		FileType: int32(o.FileType), Pure: o.Pure, Copy: o.Copy, Requantize: o.Requantize, KeepOutput: o.KeepOutput,
		Imatrix: o.Imatrix != nil, Output: -1, Embedding: -1,
	}
	if o.Imatrix != nil {
		q.File, q.Dataset, q.Chunks = o.Imatrix.File, o.Imatrix.Dataset, o.Imatrix.Chunks
	}
	if o.Output != nil {
		q.Output = int(*o.Output)
	}
	if o.Embedding != nil {
		q.Embedding = int(*o.Embedding)
	}
	for _, x := range o.Overrides {
		q.Patterns, q.Types = append(q.Patterns, x.Pattern), append(q.Types, uint32(x.Type))
	}
	out := filepath.Join(t.TempDir(), "out.gguf")
	r, err := s.Recipe(o)
	refused := reference.QuantizeFile(path, out, q)
	switch {
	case err != nil || len(r.Problems) > 0:
		if refused == nil {
			return fmt.Errorf("the engine makes it; ours: %v %v", err, r)
		}
		return nil
	case refused != nil:
		return fmt.Errorf("ours finds no problem; the engine: %v", refused)
	}
	defer os.Remove(out)
	f, err := gguf.Open(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if len(f.Tensors) != len(r.Tensors) {
		return fmt.Errorf("%d tensors, the file has %d", len(r.Tensors), len(f.Tensors))
	}
	for i, x := range f.Tensors {
		if y := r.Tensors[i]; x.Name != y.Name || x.Type != y.To {
			return fmt.Errorf("tensor %d: %s %v, the file has %s %v", i, y.Name, y.To, x.Name, x.Type)
		}
	}
	if f.Size() != r.Size || f.Parts[0].DataOffset != r.Header {
		return fmt.Errorf("%d bytes, header %d; the file has %d, header %d", r.Size, r.Header, f.Size(), f.Parts[0].DataOffset)
	}
	return nil
}

// TestWritten: every type, of a model in which none falls back.
func TestWritten(t *testing.T) {
	path := testgguf.Quantizable(1).Write(t, "random.gguf")
	_, s := open(t, path)
	matrix := &quant.Imatrix{File: "matrix of all.gguf", Dataset: "random", Chunks: 7, Entries: 1}
	for _, ft := range quant.FileTypes() {
		if err := written(t, path, s, quant.Options{FileType: ft.Number}); err != nil {
			t.Errorf("%s: %v", ft.Name, err)
		}
		if !quant.NeedsImatrix(ft.Number) && ft.Most != gguf.Q4_0 {
			continue // nothing depends on one
		}
		if err := written(t, path, s, quant.Options{FileType: ft.Number, Imatrix: matrix}); err != nil {
			t.Errorf("%s with a matrix: %v", ft.Name, err)
		}
	}
}

func pointer(t gguf.TensorType) *gguf.TensorType { return &t }

// TestWrittenAsAsked: the options that change types one by one.
func TestWrittenAsAsked(t *testing.T) {
	path := testgguf.Quantizable(2).Write(t, "random.gguf")
	_, s := open(t, path)
	overrides, err := quant.ParseOverrides(`attn_v=q8_0 blk\.[0-3]\.ffn_(up|gate)=Q5_K blk\.1\d\.=q2_k token_embd=q4_0`)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []quant.Options{
		{FileType: quant.Q4_K_M, Pure: true},
		{FileType: quant.Q4_K_M, Copy: true},
		{FileType: quant.Q4_K_M, KeepOutput: true},
		{FileType: quant.Q4_K_M, Output: pointer(gguf.Q4_0), Embedding: pointer(gguf.BF16)},
		{FileType: quant.F16, Output: pointer(gguf.Q8_0), Overrides: overrides},
		{FileType: quant.Q3_K_M, Overrides: overrides},
		{FileType: quant.Q3_K_M, Overrides: overrides, Embedding: pointer(gguf.Q6_K)},
		{FileType: quant.Q4_0, Imatrix: &quant.Imatrix{}},
		{FileType: quant.Q4_0, Imatrix: &quant.Imatrix{File: strings.Repeat("long ", 40)}},
		{FileType: quant.Q4_0, Embedding: pointer(gguf.IQ2_XXS)},
		{FileType: quant.Q4_0, Embedding: pointer(gguf.IQ3_S)},
	} {
		if err := written(t, path, s, o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestWrittenOfReal: models that are quantized already, of which rows fall back.
func TestWrittenOfReal(t *testing.T) {
	for path, types := range map[string][]gguf.FileType{
		testmodel.SmolLM2(t): {quant.Q4_0, quant.Q8_0, quant.F16, quant.TQ1_0, quant.Q1_0},
		testmodel.Gemma3(t):  {quant.Q4_0, quant.Q2_0},
	} {
		_, s := open(t, path)
		for _, ft := range types {
			if err := written(t, path, s, quant.Options{FileType: ft, Requantize: true}); err != nil {
				t.Errorf("%s as %v: %v", filepath.Base(path), ft, err)
			}
		}
		if err := written(t, path, s, quant.Options{FileType: quant.Q8_0}); err != nil {
			t.Errorf("%s, again: %v", filepath.Base(path), err)
		}
	}
}
