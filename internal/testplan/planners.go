package testplan

import (
	"context"
	"errors"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/plan"
)

// Engine is the planner that is right: the engine itself. It has one file open at a time, so
// that rows should come file by file. One goroutine at a time; the caller closes it.
type Engine struct {
	path   string
	oracle *oracle.Oracle
}

// Plan is a [Planner].
func (e *Engine) Plan(ctx context.Context, r Row) (*plan.Memory, error) {
	if e.path != r.File.Path {
		if err := errors.Join(e.Close(), e.open(r.File.Path)); err != nil {
			return nil, err
		}
	}
	return e.oracle.Measure(ctx, r.Cell.Setting.Devices, r.Cell.Request())
}

func (e *Engine) open(path string) error {
	f, err := gguf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if e.oracle, err = oracle.Open(f); err == nil {
		e.path = path
	}
	return err
}

// Close closes the file.
func (e *Engine) Close() error {
	if e.oracle == nil {
		return nil
	}
	o := e.oracle
	e.oracle, e.path = nil, ""
	return o.Close()
}

// Arithmetic is [plan.Estimator], of one file at a time as well.
type Arithmetic struct {
	path      string
	estimator *plan.Estimator
}

// Plan is a [Planner].
func (a *Arithmetic) Plan(ctx context.Context, r Row) (*plan.Memory, error) {
	if a.path != r.File.Path {
		f, err := gguf.Open(r.File.Path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		h, err := f.Hyper()
		if err != nil {
			return nil, err
		}
		a.path, a.estimator = r.File.Path, plan.NewEstimator(h, f.Tensors, plan.RepackNone)
	}
	return a.estimator.Measure(ctx, r.Cell.Setting.Devices, r.Cell.Request())
}
