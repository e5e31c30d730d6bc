package speed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// planned is what a test will take, as the engine says without allocating, or why it cannot be
// done. memory is nil where the engine could not say.
type planned struct {
	memory []Memory
	err    error
}

// bytes are those of the context.
func (p planned) bytes() (sum uint64) {
	for _, m := range p.memory {
		sum += m.KV + m.Compute
	}
	return sum
}

// plan finds out, once for each test, whether it fits its model's context and the memory. A
// system would grant more host memory than it has, and end the process when it is used; some
// backends end it themselves.
func (e *Engine) plan(ctx context.Context, t Test) error {
	if p, known := e.plans[t]; known {
		return p.err
	}
	p := e.look(ctx, t)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e.plans[t] = p
	return p.err
}

func (e *Engine) look(ctx context.Context, t Test) (p planned) {
	o := e.oracle(t.Load.Model)
	if o == nil {
		return p
	}
	params, err := engine.ModelParams(e.options(t.Load))
	if err != nil {
		return planned{err: err}
	}
	devices, memory, err := o.Simulate(ctx, params, func(i llama.ModelInfo) (llama.ContextParams, error) {
		if err := suits(i, t); err != nil {
			return llama.ContextParams{}, &unfit{err}
		}
		return e.contextParams(t)
	})
	var no *unfit
	var impossible *plan.Impossible
	switch {
	case errors.As(err, &no):
		return planned{err: no.error}
	case errors.As(err, &impossible):
		return planned{err: impossible}
	case err != nil:
		return p
	}
	p.memory = memoryOf(devices, memory)
	here, err := llama.Devices()
	if err != nil {
		return p
	}
	var own []Memory // what is loaded goes before another is loaded, and with contexts of the same
	if e.loaded != nil {
		own = e.loaded.memory()
	}
	p.err = lacking(p.memory, own, here)
	return p
}

// oracle is that of a model; nil: loading it will say what is wrong, in better words.
func (e *Engine) oracle(path string) *oracle.Oracle {
	o, known := e.oracles[path]
	if known {
		return o
	}
	if i, err := os.Stat(path); err != nil || !i.Mode().IsRegular() { // opening a pipe waits for its writer
		return nil
	}
	if f, err := gguf.Open(path); err == nil {
		defer f.Close()
		if o, err = oracle.Open(f); err != nil {
			o = nil
		}
	}
	e.oracles[path] = o
	return o
}

// unfit is an error of a test that its model cannot do.
type unfit struct{ error }

// suits tells whether a model can do a test at all.
func suits(i llama.ModelInfo, t Test) error {
	switch {
	case !i.Decoder || i.Encoder:
		return errors.New("only models with a decoder alone are measured: this one makes embeddings, or has an encoder")
	case i.Diffusion:
		return errors.New("diffusion models do not generate token by token, and are not measured")
	case i.Vocab == 0:
		return errors.New("the model has no vocabulary")
	case i.ContextTrain > 0 && t.Context() > i.ContextTrain:
		return fmt.Errorf("it needs a context of %d tokens, and the model was trained on %d; give fewer with -p, -n and -d", t.Context(), i.ContextTrain)
	}
	return nil
}

// memory is what the model that is there takes, with the most that its contexts do.
func (l *loaded) memory() (sum []Memory) {
	for i, o := range l.contexts {
		for _, m := range o.memory {
			j := 0
			for j < len(sum) && sum[j].Device != m.Device {
				j++
			}
			if j == len(sum) {
				sum = append(sum, Memory{Device: m.Device})
			}
			if i == 0 {
				sum[j].Weights += m.Weights
			}
			sum[j].KV += m.KV
			sum[j].Compute += m.Compute
		}
	}
	return sum
}

// lacking says which memory has less free than a test takes. own is taken already, and will be
// free. Weights in host memory are a file that is mapped, and need not be there at once.
func lacking(need, own []Memory, here []llama.Device) error {
	for _, m := range need {
		for _, d := range here {
			host := m.Device == hostName && d.Type == llama.DeviceCPU
			if !host && !strings.EqualFold(d.Name, m.Device) || d.MemoryTotal == 0 {
				continue
			}
			free, want := d.MemoryFree, m.Total()
			for _, o := range own {
				if o.Device == m.Device && !host {
					free += o.Total()
				} else if o.Device == m.Device {
					free += o.KV + o.Compute
				}
			}
			if host {
				want -= m.Weights
			}
			if want > free {
				return fmt.Errorf("it takes %s of the memory of %s, of which %s is free", bytes(want), m.Device, bytes(free))
			}
		}
	}
	return nil
}

const hostName = "host"

// memoryOf is an account by device, the host last.
func memoryOf(devices []string, account *plan.Memory) (list []Memory) {
	for i, u := range account.Devices {
		list = append(list, Memory{Device: devices[i], Weights: u.Weights, KV: u.KV, Compute: u.Compute + u.Output})
	}
	h := account.Host
	return append(list, Memory{Device: hostName, Weights: h.Weights, KV: h.KV, Compute: h.Compute + h.Output})
}
