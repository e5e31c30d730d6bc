package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// adapters are those loaded with a model, by their path.
type adapters struct {
	loaded   map[string]*llama.Adapter
	standard []chat.Adapter // act where a request does not choose
}

func loadAdapters(m *llama.Model, o Options) (a adapters, err error) {
	a.loaded = map[string]*llama.Adapter{}
	load := func(kind string, wanted []chat.Adapter, f func(string) (*llama.Adapter, error)) error {
		for _, w := range wanted {
			if a.loaded[w.Path] == nil {
				if err := checkAdapter(kind, w.Path); err != nil {
					return err
				}
				adapter, err := f(w.Path)
				if err != nil {
					return explainAdapter(kind, w.Path, err)
				}
				a.loaded[w.Path] = adapter
			}
			a.standard = append(a.standard, w)
		}
		return nil
	}
	if err = load("LoRA adapter", o.LoRA, m.LoadLoRA); err == nil {
		err = load("control vector", o.ControlVectors, m.LoadControlVector)
	}
	if err != nil {
		err = errors.Join(err, a.close())
	}
	return a, err
}

func explainAdapter(kind, path string, err error) error {
	var le *llama.Error
	if !errors.As(err, &le) {
		return err
	}
	return fmt.Errorf("%s %s: %s; give one that was made for this very model (%w)", kind, path, llama.Plain(le.Message), le.Kind)
}

func (a *adapters) close() (err error) {
	for _, adapter := range a.loaded {
		err = errors.Join(err, adapter.Close())
	}
	return err
}

// choose is what acts for a request.
func (a *adapters) choose(wanted []chat.Adapter) ([]llama.ScaledAdapter, []chat.Adapter, error) {
	if wanted == nil {
		wanted = a.standard
	}
	var act []llama.ScaledAdapter
	for _, w := range wanted {
		adapter := a.loaded[w.Path]
		if adapter == nil {
			return nil, nil, fmt.Errorf("%w: the adapter %s was not loaded with the model", chat.ErrRequest, w.Path)
		}
		act = append(act, llama.ScaledAdapter{Adapter: adapter, Scale: float32(w.Scale)})
	}
	return act, wanted, nil
}

// adapt makes the adapters of a request act. What memory holds was computed with
// others, and goes.
func (o *owner) adapt(wanted []chat.Adapter) error {
	act, wanted, err := o.engine.adapters.choose(wanted)
	if err != nil || slices.Equal(wanted, o.adapters) {
		return err
	}
	if err := o.memory.Clear(); err != nil {
		return err
	}
	o.tokens = o.tokens[:0]
	if err := o.ctx.Adapt(act...); err != nil {
		return err
	}
	o.adapters = slices.Clone(wanted)
	return nil
}
