package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// Loaded is a model with its adapters and without a goroutine that owns its contexts, for work
// that decodes batches of its own. One goroutine at a time.
type Loaded struct {
	Model   *llama.Model
	Path    string
	Options Options  // with what was chosen to fit
	Notices []string // what became of the choices of the load otherwise than they say

	adapters adapters
}

// LoadFitted is [Load] with what Open takes account of beside it: Options.Fit, adapters, notices.
func LoadFitted(ctx context.Context, path string, o Options) (*Loaded, error) {
	l := &Loaded{Path: path, Options: o}
	if o.Fit {
		if _, err := CheckModel(path, true, func(f *gguf.File) { _, l.Notices = l.Options.fit(ctx, f) }); err != nil {
			return nil, err
		}
	}
	var err error
	if l.Model, err = Load(ctx, path, l.Options, nil); err != nil {
		return nil, err
	}
	l.Notices = append(l.Notices, o.Placement.notices(l.Model)...)
	if l.adapters, err = loadAdapters(l.Model, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open model %s: %w", path, err), l.Model.Close())
	}
	return l, nil
}

// NewContext is [NewContext] for the model, refuses a context whose logits have no room in the
// host's memory, and has the adapters act on it.
func (l *Loaded) NewContext(size int, adjust func(*llama.ContextParams)) (*llama.Context, error) {
	p, err := l.Options.contextParams(size)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", l.Path, err)
	}
	adjust(&p)
	if err := l.lackForLogits(&p); err != nil {
		return nil, fmt.Errorf("open model %s: %w", l.Path, err)
	}
	act, _, err := l.adapters.choose(nil)
	if err != nil {
		return nil, err
	}
	c, err := NewContext(l.Model, l.Path, l.Options, size, adjust)
	if err != nil {
		return nil, err
	}
	if err := c.Adapt(act...); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (l *Loaded) lackForLogits(p *llama.ContextParams) error {
	rows := orDefault(p.Outputs, p.Batch)
	need := 4 * uint64(rows) * uint64(l.Model.Info().Vocab)
	if free, ok := hostMemoryFree(); ok && need > free {
		lack := &chat.ErrOutOfMemory{What: fmt.Sprintf("a batch of %d tokens, by its logits,", rows), Need: need, Free: free}
		return fmt.Errorf("%w, or submit fewer tokens together", lack)
	}
	return nil
}

// Close frees the model, whose contexts must be closed.
func (l *Loaded) Close() error { return errors.Join(l.adapters.close(), l.Model.Close()) }
