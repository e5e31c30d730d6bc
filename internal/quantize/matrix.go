package quantize

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/imatrix"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/quant"
)

// readMatrix reads the importance matrix of the spec; nil: there is none.
func (s *Spec) readMatrix() (*llama.Matrix, error) {
	if s.Imatrix == "" {
		return nil, nil
	}
	m, err := imatrix.Read(s.Imatrix)
	if err != nil {
		return nil, err
	}
	weights := m.Weights()
	for name := range weights {
		if finds(s.Exclude, name) || len(s.Include) > 0 && !finds(s.Include, name) {
			delete(weights, name)
		}
	}
	if len(weights) == 0 {
		return nil, fmt.Errorf("importance matrix %s: of its %d tensors none is left to be used: look at what is included and excluded", s.Imatrix, len(m.Entries))
	}
	made := &llama.Matrix{Weights: weights, File: s.Imatrix, Chunks: m.Chunks}
	if len(m.Datasets) > 0 {
		made.Dataset = m.Datasets[0]
	}
	return made, nil
}

func finds(parts []string, name string) bool {
	for _, part := range parts {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// noted is what of a matrix stands in the file.
func noted(m *llama.Matrix) *quant.Imatrix {
	if m == nil {
		return nil
	}
	return &quant.Imatrix{File: m.File, Dataset: m.Dataset, Entries: len(m.Weights), Chunks: m.Chunks}
}
