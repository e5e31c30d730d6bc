package testheader

import (
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/quant"
)

// TestTypesOfTiny: of every architecture, tensor by tensor what the engine's quantizer
// chooses, and to the byte what it writes.
func TestTypesOfTiny(t *testing.T) {
	paths, types := Tiny(t), quant.FileTypes()
	for i, path := range paths {
		_, s := open(t, path)
		for _, row := range types {
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
