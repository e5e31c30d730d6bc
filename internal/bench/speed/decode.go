package speed

import (
	"context"
	"errors"
	"time"

	"github.com/seed-f87006eb/llm/llama"
)

// prepare warms a context up and fills its depth.
func (e *Engine) prepare(ctx context.Context, o *opened, t Test) error {
	shape := [2]int{t.Prompt, t.Generation}
	if !o.warm[shape] && !e.NoWarmup {
		o.filled = 0
		if err := o.context.Memory().Clear(); err != nil {
			return err
		}
		if err := e.decode(ctx, o, 0, t.Prompt, min(t.Generation, 1)); err != nil {
			return err
		}
	}
	o.warm[shape] = true
	return e.rewind(ctx, o, t.Depth)
}

// rewind makes memory hold depth tokens and nothing after them. It does not compute them
// again where it need not: of what was there, the end is dropped; where memory cannot do that
// (a sliding window, a recurrent state), its state is kept from then on.
func (e *Engine) rewind(ctx context.Context, o *opened, depth int) error {
	memory := o.context.Memory()
	if depth > 0 && o.filled == depth {
		if ok, err := o.drop(depth); err != nil || ok {
			return err
		}
		if o.state != nil {
			if err := memory.Clear(); err != nil {
				return err
			}
			return memory.SetState(0, o.state)
		}
		o.keep = true
	}
	o.filled, o.state = 0, nil
	if err := memory.Clear(); err != nil || depth == 0 {
		return err
	}
	if err := e.decode(ctx, o, 0, depth, 0); err != nil {
		return err
	}
	o.filled = depth
	var err error
	if o.first, _, err = memory.Range(0); err != nil {
		return err
	}
	if o.keep {
		if o.state, err = memory.State(0); err != nil {
			return err
		}
	}
	return nil
}

// drop forgets what came after a depth. False: memory cannot do that, or what came after has
// pushed a part of the depth out of a window.
func (o *opened) drop(depth int) (bool, error) {
	first, _, err := o.context.Memory().Range(0)
	if err != nil || first != o.first {
		return false, err
	}
	return o.context.Memory().Remove(0, depth, -1)
}

// Run is of Machine.
func (e *Engine) Run(ctx context.Context, t Test) (time.Duration, error) {
	if e.ready == nil {
		return 0, errors.New("no test is ready")
	}
	begin := time.Now()
	err := e.decode(ctx, e.ready, t.Depth, t.Prompt, t.Generation)
	return time.Since(begin), err
}

// decode does what llama-bench's test_prompt and test_gen do: a prompt of random tokens, in
// batches that are not waited for but for the last; then single tokens, each waited for. The
// first token is BOS where the model wants one.
func (e *Engine) decode(ctx context.Context, o *opened, pos, prompt, generation int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, func() { o.context.Cancel(true) })
	defer func() {
		if !stop() {
			o.context.Cancel(false)
		}
	}()
	info := e.loaded.model.Info()
	token := func(first bool) llama.Token {
		if first && info.AddBOS && info.BOS != llama.NoToken {
			return info.BOS
		}
		return llama.Token(e.random.IntN(info.Vocab))
	}
	batch := o.batch
	for done := 0; done < prompt; {
		n := min(prompt-done, batch.Cap())
		batch.Clear()
		for i := range n {
			if err := batch.Add(token(done+i == 0), pos, i == n-1, 0); err != nil {
				return err
			}
			pos++
		}
		if err := o.context.Decode(batch); err != nil {
			return err
		}
		done += n
	}
	if prompt > 0 {
		o.context.Synchronize()
	}
	for i := range generation {
		batch.Clear()
		if err := batch.Add(token(i == 0), pos, true, 0); err != nil {
			return err
		}
		if err := o.context.Decode(batch); err != nil {
			return err
		}
		o.context.Synchronize()
		pos++
	}
	return nil
}
