package llm

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/internal/worker"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// What a plan is made of; package plan describes them.
type (
	PlanWishes     = plan.Wishes
	PlanChoice     = plan.Choice
	PlanMemory     = plan.Memory
	ErrNothingFits = plan.NothingFits
	ErrImpossible  = plan.Impossible
)

// Plan says how the GGUF file at path goes onto devices, which need not be there
// (plan.ParseDevices), and what it takes of their memory: the engine's own figures. The file
// is read as far as its header. Errors: *ErrNothingFits, *ErrImpossible, and those of the
// file.
//
//	devices, err := plan.ParseDevices("2x12GiB")
//	…
//	choice, err := llm.Plan(ctx, "model.gguf", llm.PlanWishes{Devices: devices, Request: plan.DefaultRequest(), Headroom: plan.DefaultHeadroom})
func Plan(ctx context.Context, path string, w PlanWishes) (*PlanChoice, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := OpenPlanner(ctx, f, nil)
	if err != nil {
		return nil, fmt.Errorf("plan for %s: %w", path, err)
	}
	defer p.Close()
	return p.Search(ctx, w)
}

// Planner plans for one model. Its methods may be called from any goroutine.
type Planner struct {
	plan.Model
	Guess *plan.Estimator // by arithmetic alone
	exact exactPlanner
}

// exactPlanner is the engine, in this process or in a child.
type exactPlanner interface {
	plan.Measurer
	Close() error
}

// OpenPlanner plans for a model whose header was read: the engine does so in a child process
// where main calls WorkerMain, as a header is a stranger's, else in this process. Tensors are
// those that the model is to have, with the types of another level of quantization for one; nil:
// its own. The file may be closed afterwards; the caller closes the Planner.
func OpenPlanner(ctx context.Context, f *gguf.File, tensors []gguf.Tensor) (*Planner, error) {
	hyper, err := f.Hyper()
	if err != nil {
		return nil, err
	}
	header, err := oracle.Strip(f, tensors)
	if err != nil {
		return nil, err
	}
	p := &Planner{Model: plan.Model{Hyper: hyper, Tensors: tensors}}
	if tensors == nil {
		p.Tensors = f.Tensors
	}
	p.Guess = plan.NewEstimator(hyper, p.Tensors, plan.RepackNone)
	if workerMainCalled.Load() {
		p.exact, err = worker.OpenPlanner(ctx, header, worker.Config{})
	} else {
		p.exact, err = oracle.New(header)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Measure says exactly what a request takes.
func (p *Planner) Measure(ctx context.Context, devices []plan.Device, r plan.Request) (*PlanMemory, error) {
	return p.exact.Measure(ctx, devices, r)
}

// Search looks for the placement that fits best; see plan.Search.
func (p *Planner) Search(ctx context.Context, w PlanWishes) (*PlanChoice, error) {
	return plan.Search(ctx, p.exact, p.Guess, &p.Model, w)
}

// Close ends the child, or removes what the engine was given.
func (p *Planner) Close() error { return p.exact.Close() }

// PlanDevices are the devices of this machine that layers go to, as Open chooses them, with what
// is free of their memory; and what is free of the host's, 0: unknown. names are those of
// UseDevices, nil: all.
func PlanDevices(names []string) (devices []plan.Device, hostMemory uint64, err error) {
	return engine.PlanDevices(names)
}

// PlanRequest is what Open with these options asks the engine for, and the names of
// UseDevices. A context that no option names is 0. Errors: options that Open would refuse.
func PlanRequest(options ...Option) (r plan.Request, devices []string, err error) {
	var o openOptions
	for _, option := range options {
		option(&o)
	}
	r, err = o.engine.Request()
	return r, o.engine.Placement.Devices, err
}

// PlanOptions open a model as a choice has it, on the devices of this machine.
func PlanOptions(c *PlanChoice) []Option {
	r := &c.Request
	options := []Option{
		ContextSize(r.Context), BatchSize(r.Batch, r.Ubatch), SplitMode(r.SplitMode), MainGPU(r.MainGPU),
		KVCache(strings.ToLower(r.KeyType.String()), strings.ToLower(r.ValueType.String())),
	}
	if len(c.Devices) == 0 {
		options = append(options, UseDevices(llama.NoDevice))
	} else {
		options = append(options, GPULayers(r.GPULayers))
	}
	if r.TensorSplit != nil {
		options = append(options, TensorSplit(r.TensorSplit...))
	}
	for _, o := range r.Overrides {
		options = append(options, OverrideTensor(o.Pattern, o.Buffer))
	}
	if r.FlashAttention != plan.FlashAttentionAuto {
		options = append(options, FlashAttention(r.FlashAttention == plan.FlashAttentionOn))
	}
	for _, o := range []struct {
		on     bool
		option func() Option
	}{{r.FullWindow, FullSWA}, {r.NoKVOffload, NoKVOffload}, {r.NoOpOffload, NoOpOffload}, {r.NoHost, NoHost}, {r.NoRepack, NoRepack}} {
		if o.on {
			options = append(options, o.option())
		}
	}
	return options
}

// ParseKVType is one of KVCacheTypes; empty: f16.
func ParseKVType(name string) (gguf.TensorType, error) { return engine.ParseKVType(name) }
