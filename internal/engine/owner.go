package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// owner is the one goroutine that touches the contexts.
type owner struct {
	engine *Engine
	ctx    *llama.Context // nil: the model does not generate
	memory llama.Memory
	batch  *llama.Batch
	size   int // tokens the context holds

	// tokens are those in memory, position by position; adapters act on it.
	tokens   []llama.Token
	adapters []chat.Adapter

	embedder *embedder // nil until it is needed

	pieces pieces

	sampler  *sampler.Chain // nil until it is needed
	sampling sampler.Params // that it was made of, without the seed

	// broken is the assertion that the engine ran into; it must not be used again.
	broken error
}

// loop works until the engine is closed. It stays on its thread: the OpenMP runtime
// keeps a team of compute threads for each thread that decodes.
func (o *owner) loop() {
	runtime.LockOSThread()
	defer close(o.engine.done)
	defer o.close()
	for {
		select {
		case <-o.engine.quit:
			return
		case work := <-o.engine.work:
			work(o)
		}
	}
}

// close frees what the owner owns.
func (o *owner) close() (err error) {
	if o.embedder != nil {
		err = o.embedder.close()
	}
	if o.ctx != nil {
		err = errors.Join(err, o.batch.Close(), o.ctx.Close())
	}
	return err
}

// run does f, unless the engine is broken, and notices when it breaks. An error that a
// cancelled context or Close brought about is theirs.
func (o *owner) run(ctx context.Context, f func(*owner) error) error {
	if o.broken != nil {
		return fmt.Errorf("the engine cannot be used after: %w; open the model again", o.broken)
	}
	err := o.engine.explainDecode(f(o))
	if errors.Is(err, llama.ErrAssertion) {
		o.broken = err
	}
	if errors.Is(err, llama.ErrCanceled) {
		if err = context.Cause(ctx); err == nil {
			err = chat.ErrClosed
		}
	}
	return err
}

// serve does one job.
func (o *owner) serve(j *job) {
	defer o.cancelWith(j.ctx, o.ctx)()
	g := &generation{owner: o, job: j, policy: j.request.Overflow}
	g.usage.ContextSize = o.size
	var reason chat.StopReason
	err := o.run(j.ctx, func(*owner) (err error) {
		reason, err = g.run()
		if errors.Is(err, llama.ErrCanceled) {
			reason = chat.StopCanceled
		}
		return err
	})
	if err == nil || reason == chat.StopCanceled {
		g.finish(reason)
	}
	g.flush()
	j.outbox.close(err)
}

// cancelWith makes what c computes stop when ctx is done or the engine closes, until
// the function it returns is called.
func (o *owner) cancelWith(ctx context.Context, c *llama.Context) (release func()) {
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ctx.Done():
		case <-o.engine.quit:
		case <-stop:
			return
		}
		c.Cancel(true)
	}()
	return func() {
		close(stop)
		<-stopped
		c.Cancel(false)
	}
}

// rewindable tells whether memory is made of positions that can be dropped; a
// recurrent state is not.
func (o *owner) rewindable() bool {
	mi := o.engine.info.Model
	return !mi.Recurrent && !mi.Hybrid
}

// rewind makes memory hold the first n of its tokens and no more. It may end up
// with none: some memories cannot go back.
func (o *owner) rewind(n int) error {
	if n == len(o.tokens) {
		return nil
	}
	ok, err := o.canRewind(n)
	if err != nil {
		return err
	}
	if ok {
		if ok, err = o.memory.Remove(0, n, -1); err != nil {
			return err
		}
	}
	if !ok {
		if err := o.memory.Clear(); err != nil {
			return err
		}
		n = 0
	}
	o.tokens = o.tokens[:n]
	return nil
}

// canRewind tells whether the window of a sliding-window model is still there for
// the token at position n.
func (o *owner) canRewind(n int) (bool, error) {
	window := o.engine.info.Model.SlidingWindow
	if n == 0 || window == 0 {
		return n > 0, nil
	}
	first, _, err := o.memory.Range(0)
	return first <= max(0, n-window), err
}

// evaluate appends tokens to memory and computes the logits after the last one.
func (o *owner) evaluate(tokens []llama.Token) error {
	for len(tokens) > 0 {
		n := min(len(tokens), o.batch.Cap())
		o.batch.Clear()
		for i, t := range tokens[:n] {
			if err := o.batch.Add(t, len(o.tokens)+i, n == len(tokens) && i == n-1, 0); err != nil {
				return err
			}
		}
		if err := o.decode(tokens[:n]); err != nil {
			return err
		}
		tokens = tokens[n:]
	}
	return nil
}

// decode computes the batch, which holds the given tokens, and keeps account of
// what memory holds afterwards.
func (o *owner) decode(tokens []llama.Token) error {
	err := o.ctx.Decode(o.batch)
	if err == nil {
		o.tokens = append(o.tokens, tokens...)
		return nil
	}
	if errors.Is(err, llama.ErrCanceled) || errors.Is(err, llama.ErrDecode) {
		if !o.rewindable() {
			// A recurrent state cannot be taken back to the last finished ubatch.
			o.tokens = o.tokens[:0]
			return errors.Join(err, o.memory.Clear())
		}
		// Finished ubatches stay: a retry of the request goes on from there.
		_, last, rerr := o.memory.Range(0)
		if rerr != nil {
			return errors.Join(err, rerr)
		}
		done := min(max(last+1-len(o.tokens), 0), len(tokens))
		o.tokens = append(o.tokens, tokens[:done]...)
	}
	return err
}

// drop takes a span out of memory and closes the gap.
func (o *owner) drop(s span) error {
	n := len(o.tokens)
	ok, err := o.memory.Remove(0, s.from, s.to)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("the context cannot drop tokens %d to %d", s.from, s.to)
	}
	if err := o.memory.Shift(0, s.to, n, -s.len()); err != nil {
		return err
	}
	o.tokens = slices.Delete(o.tokens, s.from, s.to)
	return nil
}
