package testheader

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama/reference"
	"github.com/seed-f87006eb/llm/quant"
)

// open is the file at a path, which the test closes, as a source for the quantizer.
func open(t *testing.T, path string) (*gguf.File, *quant.Source) {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	s, err := quant.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}

// planned has the engine's quantizer and ours choose types, and tells what differs.
func planned(s *quant.Source, path string, o quant.Options) error {
	theirs, refused := reference.Quantize(path, reference.Quantization{FileType: uint32(o.FileType), Imatrix: o.Imatrix != nil, Pure: o.Pure})
	ours, err := s.Recipe(o)
	if err != nil || refused != nil {
		if (err == nil) != (refused == nil) {
			return fmt.Errorf("ours says %v, the engine %v", err, refused)
		}
		return nil
	}
	if len(theirs.Types) != len(ours.Tensors) {
		return fmt.Errorf("%d tensors, the engine has %d", len(ours.Tensors), len(theirs.Types))
	}
	for i, x := range ours.Tensors {
		if want := theirs.Types[i]; want.Name != x.Name || gguf.TensorType(want.Type) != x.To {
			return fmt.Errorf("tensor %d: %s %v, the engine has %s %v", i, x.Name, x.To, want.Name, gguf.TensorType(want.Type))
		}
	}
	if o.Imatrix == nil && theirs.NeedsImatrix != (len(ours.Imatrix) > 0) {
		return fmt.Errorf("the engine wants an importance matrix: %v; ours for %d tensors", theirs.NeedsImatrix, len(ours.Imatrix))
	}
	return nil
}

// choices are all that a file's types depend on besides the file.
func choices() (list []quant.Options) {
	for _, ft := range quant.FileTypes() {
		list = append(list, quant.Options{FileType: ft.Number})
	}
	for _, ft := range []gguf.FileType{quant.Q4_0, quant.Q5_0, quant.IQ3_XXS, quant.IQ4_NL, quant.IQ4_XS, quant.Q2_K_S} {
		list = append(list, quant.Options{FileType: ft, Imatrix: &quant.Imatrix{}})
	}
	for _, ft := range []gguf.FileType{quant.Q4_K_M, quant.IQ2_XXS, quant.Q4_0} {
		list = append(list, quant.Options{FileType: ft, Pure: true})
	}
	return list
}

func name(o quant.Options) string {
	return fmt.Sprintf("%s imatrix=%v pure=%v", o.FileType.Short(), o.Imatrix != nil, o.Pure)
}

// withoutVocabulary is the header of a model without what the quantizer reads in vain.
func withoutVocabulary(t *testing.T, path string) string {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := gguf.NewWriter()
	for _, k := range f.Keys {
		if strings.HasPrefix(k.Name, "tokenizer.") {
			continue
		}
		if err := w.Set(k.Name, k.Value); err != nil {
			t.Fatal(err)
		}
	}
	if err := finish(w, uint32(f.FileType()), f.Tensors); err != nil {
		t.Fatal(err)
	}
	header := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := writeSparse(w, header); err != nil {
		t.Fatal(err)
	}
	return header
}

// TestTypesOfModels: tensor by tensor what the engine's quantizer chooses.
func TestTypesOfModels(t *testing.T) {
	paths := map[string]string{}
	for _, m := range Names() {
		paths[m] = Write(t, m, "F16")
	}
	paths["SmolLM2"], paths["Gemma 3"] = withoutVocabulary(t, testmodel.SmolLM2(t)), withoutVocabulary(t, testmodel.Gemma3(t))
	for _, m := range slices.Sorted(maps.Keys(paths)) {
		_, s := open(t, paths[m])
		for _, o := range choices() {
			if err := planned(s, paths[m], o); err != nil {
				t.Errorf("%s as %s: %v", m, name(o), err)
			}
		}
	}
}
