package engine

import (
	"context"
	"iter"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// job is one request on its way through the owner goroutine.
type job struct {
	ctx     context.Context
	request chat.Request
	prompt  *prompt
	begin   time.Time
	outbox  *outbox
}

// Generate answers a request. The sequence ends with a Usage and a Stop event, or
// with an error; a cancelled context gives both. Leaving the loop cancels the
// request and returns when the engine has let go of it. The engine runs ahead of a
// slow consumer.
//
// Requests from any number of goroutines are served one after the other, in the
// order in which they came.
func (e *Engine) Generate(ctx context.Context, request chat.Request) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		begin := time.Now()
		p, err := e.prepare(&request)
		if err != nil {
			yield(chat.Event{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		j := &job{ctx: ctx, request: request, prompt: p, begin: begin, outbox: newOutbox()}
		if err := e.enqueue(ctx, func(o *owner) { o.serve(j) }); err != nil {
			if ctx.Err() == nil || yieldCanceled(j, yield) {
				yield(chat.Event{}, err)
			}
			return
		}
		for closed := false; !closed; {
			var events []chat.Event
			events, closed, err = j.outbox.take()
			for _, ev := range events {
				if !yield(ev, nil) {
					cancel()
					for !closed {
						_, closed, _ = j.outbox.take()
					}
					return
				}
			}
		}
		if err != nil {
			yield(chat.Event{}, err)
		}
	}
}

// do runs f on the owner goroutine, in turn with the requests.
func (e *Engine) do(ctx context.Context, f func(*owner) error) error {
	done := make(chan error, 1)
	if err := e.enqueue(ctx, func(o *owner) { done <- o.run(ctx, f) }); err != nil {
		return err
	}
	return <-done
}

// enqueue waits for the owner's attention.
func (e *Engine) enqueue(ctx context.Context, work func(*owner)) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case e.work <- work:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-e.quit:
		return chat.ErrClosed
	}
}

// yieldCanceled ends a request that was cancelled before it began.
func yieldCanceled(j *job, yield func(chat.Event, error) bool) bool {
	queued := time.Since(j.begin)
	return yield(chat.Event{Kind: chat.KindUsage, Usage: &chat.Usage{Queued: queued}}, nil) &&
		yield(chat.Event{Kind: chat.KindStop, Stop: &chat.Stop{Reason: chat.StopCanceled}}, nil)
}
