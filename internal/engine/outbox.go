package engine

import (
	"sync"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// outbox carries the events of a job to its consumer. The owner never waits for a
// consumer: one that is slow, or that asks the same model in the middle of its
// loop, holds nobody up.
type outbox struct {
	ready chan struct{} // holds a token when there is something to take

	mu     sync.Mutex
	events []chat.Event
	closed bool
	err    error
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

// put adds events.
func (o *outbox) put(events []chat.Event) {
	if len(events) > 0 {
		o.change(func() { o.events = append(o.events, events...) })
	}
}

// close ends the events; err is what the consumer sees last.
func (o *outbox) close(err error) {
	o.change(func() { o.closed, o.err = true, err })
}

func (o *outbox) change(f func()) {
	o.mu.Lock()
	f()
	o.mu.Unlock()
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

// take waits for events. With the last of them, perhaps none, comes closed.
func (o *outbox) take() (events []chat.Event, closed bool, err error) {
	<-o.ready
	o.mu.Lock()
	defer o.mu.Unlock()
	events, o.events = o.events, nil
	return events, o.closed, o.err
}
