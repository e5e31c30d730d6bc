package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama"
)

// Load loads the model at path, checked and explained as Open does, and makes no context:
// for measurements that decode by themselves. Adapters and what concerns contexts are left
// out of account. header, which may be nil, sees the file's. The model is the caller's to
// close. Cancelling ctx stops the load.
func Load(ctx context.Context, path string, o Options, header func(*gguf.File)) (*llama.Model, error) {
	if _, err := CheckModel(path, true, header); err != nil {
		return nil, err
	}
	params, err := o.modelParams()
	if err == nil {
		err = o.Placement.Check()
	}
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	model, err := loadModel(ctx, path, o.Progress, params)
	if err != nil {
		return nil, explainModelMemory(err, path, &o)
	}
	if err := checkGenerates(model.Info()); err != nil {
		return nil, errors.Join(fmt.Errorf("open model %s: %w", path, err), model.Close())
	}
	return model, nil
}

// ModelParams are what Load asks the engine for: for planning the same load.
func ModelParams(o Options) (llama.ModelParams, error) { return o.modelParams() }

// NewContext makes a context of size tokens for a model that Load loaded from path, with
// the options that concern contexts and what adjust changes of them. It is the caller's to
// close.
func NewContext(model *llama.Model, path string, o Options, size int, adjust func(*llama.ContextParams)) (*llama.Context, error) {
	params, err := o.contextParams(size)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	adjust(&params)
	if err := checkMemory(path, o, params); err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, err)
	}
	c, err := model.NewContext(params)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", path, explainContext(err, size, model.Info()))
	}
	if !c.Info().Memory {
		return nil, errors.Join(fmt.Errorf("open model %s: %w", path, errOnlyEmbeds), c.Close())
	}
	return c, nil
}
