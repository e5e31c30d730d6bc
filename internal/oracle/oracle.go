package oracle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// keep is how many placements of the model stay loaded: a load takes most of the time of a
// plan, and a search asks for many contexts with few placements.
const keep = 4

// ErrClosed is for an oracle that was closed.
var ErrClosed = errors.New("the plan was closed")

// Oracle plans for one model. Its methods may be called from any goroutine.
type Oracle struct {
	file *sparseFile

	mu      sync.Mutex
	closed  bool
	models  []*model // the last one was used last
	running sync.WaitGroup
}

var _ plan.Measurer = (*Oracle)(nil)

// model is a placement of the model, simulated.
type model struct {
	placement string // what it was loaded with
	users     int    // under Oracle.mu

	mu sync.Mutex   // held while it is loaded and while a context is made
	m  *llama.Model // nil: not loaded
}

// Open is New for what Strip makes of a file, which may be closed afterwards.
func Open(f *gguf.File) (*Oracle, error) {
	h, err := Strip(f, nil)
	if err != nil {
		return nil, err
	}
	return New(h)
}

// New writes the header to a file of its own, which takes no room for the weights. The caller
// closes the Oracle.
func New(h *Header) (*Oracle, error) {
	s, err := newSparseFile(h)
	if err != nil {
		return nil, fmt.Errorf("plan for a model: write its header: %w", err)
	}
	return &Oracle{file: s}, nil
}

// Measure says what a request takes on these devices. A device without a Backend is one of
// this machine, by its name; the others need not be there. Errors: *[plan.Impossible],
// the context's, [ErrClosed], and what the engine cannot do with the file at all.
func (o *Oracle) Measure(ctx context.Context, devices []plan.Device, r plan.Request) (*plan.Memory, error) {
	q, err := newQuestion(devices, &r)
	if err != nil {
		return nil, err
	}
	var memory *plan.Memory
	err = o.with(ctx, q.model, func(m *llama.Model) error {
		memory, err = measure(m, q.names, q.context)
		return err
	})
	return memory, err
}

// Simulate is Measure for a load and a context as the engine is asked for them. Devices are
// the names of those that it takes. The context may depend on the model.
func (o *Oracle) Simulate(ctx context.Context, p llama.ModelParams, context func(llama.ModelInfo) (llama.ContextParams, error)) (devices []string, memory *plan.Memory, err error) {
	err = o.with(ctx, p, func(m *llama.Model) error {
		c, err := context(m.Info())
		if err != nil {
			return err
		}
		devices = m.Devices()
		memory, err = measure(m, devices, c)
		return err
	})
	return devices, memory, err
}

// with uses the model in a placement.
func (o *Oracle) with(ctx context.Context, p llama.ModelParams, use func(*llama.Model) error) error {
	p.Progress = nil
	m, err := o.take(fmt.Sprintf("%+v", p))
	if err != nil {
		return err
	}
	defer o.giveBack(m)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.m == nil {
		if m.m, err = load(ctx, o.file.path, p); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = use(m.m)
	if errors.Is(err, llama.ErrAssertion) {
		m.m = nil // it must not be touched again, not even to close it
	}
	return err
}

// take is the model of a placement, to be given back.
func (o *Oracle) take(placement string) (*model, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, ErrClosed
	}
	i := slices.IndexFunc(o.models, func(m *model) bool { return m.placement == placement })
	var m *model
	if i < 0 {
		m = &model{placement: placement}
	} else {
		m = o.models[i]
		o.models = slices.Delete(o.models, i, i+1)
	}
	o.models = append(o.models, m)
	m.users++
	o.running.Add(1)
	return m, nil
}

// giveBack closes the models that were not used for longest.
func (o *Oracle) giveBack(m *model) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.users--
	o.running.Done()
	for i := 0; i < len(o.models) && len(o.models) > keep; {
		if old := o.models[i]; old.users == 0 {
			old.close() // only who plans holds it, and nobody does
			o.models = slices.Delete(o.models, i, i+1)
		} else {
			i++
		}
	}
}

func (m *model) close() error {
	if m.m == nil {
		return nil
	}
	return m.m.Close()
}

// Close waits for what is being measured and removes the file. A second call does nothing.
func (o *Oracle) Close() error {
	o.mu.Lock()
	closed := o.closed
	o.closed = true
	o.mu.Unlock()
	if closed {
		return nil
	}
	o.running.Wait()
	var errs []error
	for _, m := range o.models {
		errs = append(errs, m.close())
	}
	return errors.Join(append(errs, o.file.close())...)
}
