package engine

import (
	"context"

	"github.com/seed-f87006eb/llm/llama"
)

// LoadAlone checks the model file at path as Open does and loads its weights, with no
// context and no owner: for what measures the engine itself. Cancelling ctx stops it.
// progress may be nil. The caller closes the model.
func LoadAlone(ctx context.Context, path string, progress func(float32), p llama.ModelParams) (*llama.Model, error) {
	if _, err := CheckModel(path, true, nil); err != nil {
		return nil, err
	}
	return loadModel(ctx, path, progress, p)
}
