package engine

import (
	"context"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// simulation is what a load and a context take, without their being made.
type simulation struct {
	devices []string // that the model uses
	*plan.Memory
}

// simulate asks the engine. The file at path was checked. p nil: the context that Open makes.
func simulate(path string, o *Options, p *llama.ContextParams) (*simulation, error) {
	var h *oracle.Header
	err := openHeader(path, func(f *gguf.File) (err error) {
		h, err = oracle.StripChecked(f, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	planner, err := oracle.New(h)
	if err != nil {
		return nil, err
	}
	defer planner.Close()
	params, err := o.modelParams()
	if err != nil {
		return nil, err
	}
	devices, memory, err := planner.Simulate(context.Background(), params, func(i llama.ModelInfo) (llama.ContextParams, error) {
		if p != nil {
			return *p, nil
		}
		size, _ := chooseContext(o.Context, i.ContextTrain)
		return o.contextParams(size)
	})
	return &simulation{devices, memory}, err
}

// placed is the placement of the model that is loaded. Its devices have less free memory than
// before, and are to get the layers that they have.
func (e *Engine) placed() *Options {
	o := e.options
	if devices := e.model.Devices(); len(devices) > 1 {
		o.Placement.TensorSplit = nil
		for _, s := range e.info.Shares[:len(devices)] {
			o.Placement.TensorSplit = append(o.Placement.TensorSplit, float32(s.Layers))
		}
	}
	return &o
}
