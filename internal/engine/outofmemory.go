package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// explainModelMemory says which device lacks the memory for a model and its context,
// where err, of loading it, is for lack of memory.
func explainModelMemory(err error, path string, o *Options) error {
	var lack *chat.ErrOutOfMemory
	if !errors.As(err, &lack) {
		return err
	}
	planned, serr := simulate(path, o, nil)
	if serr != nil {
		return err // which says less, and is true
	}
	need := func(u plan.Use) uint64 { return u.Weights + u.KV + u.Compute }
	if lack := planned.lacking("the model with its context", need); lack != nil {
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
	planned, serr := simulate(e.info.Path, e.placed(), &p)
	if serr != nil {
		return err
	}
	need := func(u plan.Use) uint64 { return u.KV + u.Compute }
	if lack := planned.lacking(lack.What, need); lack != nil {
		return lack
	}
	return err
}

// lacking is the first device that has less than is needed of it; nil: none.
func (s *simulation) lacking(what string, need func(plan.Use) uint64) error {
	devices, err := llama.Devices()
	if err != nil {
		return nil
	}
	for _, d := range devices {
		i := slices.Index(s.devices, d.Name)
		if i < 0 || d.MemoryTotal == 0 {
			continue
		}
		if sum := need(s.Devices[i]); sum > d.MemoryFree {
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
