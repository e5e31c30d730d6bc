package testheader

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/quant"
)

// alike are file types without a rule of their own: they are compared where files are
// written.
var alike = []gguf.FileType{
	quant.F32, quant.F16, quant.BF16, quant.Q8_0, quant.Q6_K, quant.Q5_1, quant.Q5_0, quant.Q4_1, quant.Q5_K_S, quant.Q3_K_S, quant.IQ2_XS, quant.IQ1_M,
	quant.TQ1_0, quant.Q1_0,
}

// TestTypesOfTiny: of every architecture, tensor by tensor what the engine's quantizer
// chooses, and to the byte what it writes.
func TestTypesOfTiny(t *testing.T) {
	paths, types := Tiny(t), quant.FileTypes()
	for i, path := range paths {
		_, s := open(t, path)
		for _, row := range types {
			if slices.Contains(alike, row.Number) {
				continue
			}
			if err := planned(s, path, quant.Options{FileType: row.Number}); err != nil {
				t.Errorf("%s as %s: %v", filepath.Base(path), row.Name, err)
			}
		}
		// Each writes some of the types, and each type is written of many.
		for j := range 2 {
			row := types[(2*i+j)%len(types)]
			o := quant.Options{FileType: row.Number}
			if quant.NeedsImatrix(row.Number) {
				o.Imatrix = &quant.Imatrix{File: "matrix.gguf"}
			}
			if err := written(t, path, s, o); err != nil {
				t.Errorf("%s as %s, written: %v", filepath.Base(path), row.Name, err)
			}
		}
	}
	t.Logf("%d models", len(paths))
	if len(paths) < 100 {
		t.Errorf("%d models are fewer than the engine has architectures", len(paths))
	}
}
