package testplan

import (
	"path/filepath"
	"strings"

	"github.com/seed-f87006eb/llm/internal/testheader"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// File is the header of a model.
type File struct {
	Name string // "llama-3.1-70b"
	Type string // "Q4_K_M"
	Path string
}

// types are the levels of quantization that models are planned in.
var types = []string{"F16", "Q8_0", "Q4_K_M"}

// Files are the headers of well-known models, and those of the models that are there
// (scripts/fetch-model.sh), each in three levels of quantization.
func Files() (files []File, err error) {
	for _, name := range testheader.Names() {
		for _, typ := range types {
			path, err := testheader.Path(name, typ)
			if err != nil {
				return nil, err
			}
			files = append(files, File{name, typ, path})
		}
	}
	models, err := filepath.Glob(filepath.Join(testmodel.Root(), "models", "*.gguf"))
	if err != nil {
		return nil, err
	}
	headers, err := filepath.Glob(filepath.Join(testmodel.Root(), "models", "*.header"))
	for _, model := range append(models, headers...) {
		for _, typ := range types {
			path, err := testheader.Retyped(model, typ)
			if err != nil {
				return nil, err
			}
			name, _, _ := strings.Cut(filepath.Base(model), ".")
			files = append(files, File{name, typ, path})
		}
	}
	return files, err
}

// TinyFiles are those of the tiny models of every architecture.
func TinyFiles() (files []File, err error) {
	paths, err := testheader.TinyPaths()
	for _, path := range paths {
		files = append(files, File{strings.TrimSuffix(filepath.Base(path), ".gguf"), "tiny", path})
	}
	return files, err
}
