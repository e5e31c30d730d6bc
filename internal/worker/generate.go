package worker

import (
	"context"
	"fmt"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// Generate answers a request, as engine.Engine does: the sequence ends with a Usage
// and a Stop event, or with an error; a cancelled context gives both. Leaving the loop
// cancels the request and returns when the child has let go of it, or was killed.
func (m *Model) Generate(ctx context.Context, r chat.Request) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		begin := time.Now()
		err := validate(&r)
		if err != nil {
			yield(chat.Event{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var k *call
		if err = context.Cause(ctx); err == nil {
			k, err = m.begin(ctx, &request{Generate: newGenerateRequest(&r)})
		}
		if err != nil {
			if ctx.Err() == nil || yieldCanceled(begin, yield) {
				yield(chat.Event{}, err)
			}
			return
		}
		stopped := false
		for over := false; !over; {
			var r reply
			r, over, err = k.take()
			for i := range r.Events {
				stopped = stopped || r.Events[i].Kind == chat.KindStop
				if !yield(r.Events[i].event(), nil) {
					cancel()
					for !over {
						_, over, _ = k.take()
					}
					return
				}
			}
		}
		if err != nil && ctx.Err() != nil && !stopped && !yieldCanceled(begin, yield) {
			return // the child was killed before it could say so itself
		}
		if err != nil {
			yield(chat.Event{}, err)
		}
	}
}

// validate refuses a request before anything is spent on it, and what JSON would
// change on its way.
func validate(r *chat.Request) error {
	if err := r.Validate(); err != nil {
		return err
	}
	if !utf8.ValidString(r.Grammar) {
		return fmt.Errorf("%w: the grammar is not valid UTF-8", chat.ErrRequest)
	}
	return checkAdapters(r.Adapters)
}

// yieldCanceled ends a cancelled request that the child did not end.
func yieldCanceled(begin time.Time, yield func(chat.Event, error) bool) bool {
	return yield(chat.Event{Kind: chat.KindUsage, Usage: &chat.Usage{Queued: time.Since(begin)}}, nil) &&
		yield(chat.Event{Kind: chat.KindStop, Stop: &chat.Stop{Reason: chat.StopCanceled}}, nil)
}
