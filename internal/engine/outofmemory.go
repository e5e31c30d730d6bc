package engine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// simulate is what the model and a context would take. p nil: the context that Open makes.
func simulate(path string, o *Options, p *llama.ContextParams) ([]llama.MemoryUse, error) {
	mp, err := o.modelParams()
	if err != nil {
		return nil, err
	}
	mp.NoAlloc = true
	model, err := llama.LoadModel(path, mp)
	if err != nil {
		return nil, explainLoad(err)
	}
	defer model.Close()
	if p == nil {
		size, _ := chooseContext(o.Context, model.Info().ContextTrain)
		params, err := o.contextParams(size)
		if err != nil {
			return nil, err
		}
		p = &params
	}
	c, err := model.NewContext(*p)
	if err != nil {
		return nil, explainContext(err, p.Context, model.Info())
	}
	defer c.Close()
	return c.MemoryUse(), nil
}

// explainModelMemory says which device lacks the memory for a model and its context,
// where err, of loading it, is for lack of memory.
func explainModelMemory(err error, path string, o *Options) error {
	var lack *chat.ErrOutOfMemory
	if !errors.As(err, &lack) {
		return err
	}
	uses, serr := simulate(path, o, nil)
	if serr != nil {
		return err // which says less, and is true
	}
	need := func(u llama.MemoryUse) uint64 { return u.Model + u.Context + u.Compute }
	if lack := lacking("the model with its context", uses, need); lack != nil {
		return fmt.Errorf("open model %s: %w", path, lack)
	}
	return err
}

// explainContextMemory is the same for a context of a model that is loaded.
func (e *Engine) explainContextMemory(err error, p llama.ContextParams) error {
	var lack *chat.ErrOutOfMemory
	if !errors.As(err, &lack) {
		return err
	}
	// The devices have less free memory than before the load: they are to get the layers
	// that they have.
	o := e.options
	if devices := e.model.Devices(); len(devices) > 1 {
		o.Placement.TensorSplit = nil
		for _, s := range e.info.Shares[:len(devices)] {
			o.Placement.TensorSplit = append(o.Placement.TensorSplit, float32(s.Layers))
		}
	}
	uses, serr := simulate(e.info.Path, &o, &p)
	if serr != nil {
		return err
	}
	need := func(u llama.MemoryUse) uint64 { return u.Context + u.Compute }
	if lack := lacking(lack.What, uses, need); lack != nil {
		return lack
	}
	return err
}

// lacking is the first device that has less than is needed of it; nil: none.
func lacking(what string, uses []llama.MemoryUse, need func(llama.MemoryUse) uint64) error {
	devices, err := llama.Devices()
	if err != nil {
		return nil
	}
	for _, d := range devices {
		if d.Type == llama.DeviceCPU || d.MemoryTotal == 0 {
			continue
		}
		var sum uint64
		for _, use := range uses {
			if use.Device == d.Name && !use.Host {
				sum += need(use)
			}
		}
		if sum > d.MemoryFree {
			return &chat.ErrOutOfMemory{What: what, Device: d.Name, Need: sum, Free: d.MemoryFree}
		}
	}
	return nil
}

// explainDecode says where a computation found no memory.
func (e *Engine) explainDecode(err error) error {
	var le *llama.Error
	if !errors.Is(err, llama.ErrDecode) || !errors.As(err, &le) || !outOfMemory(le.Message) {
		return err
	}
	lack := &chat.ErrOutOfMemory{What: "the computation"}
	devices := e.model.Devices()
	for _, device := range devices {
		if len(devices) == 1 || strings.Contains(le.Message, device) {
			lack.Device = device
			break
		}
	}
	return fmt.Errorf("%w (%s) (%w)", lack, llama.Plain(le.Message), llama.ErrDecode)
}
