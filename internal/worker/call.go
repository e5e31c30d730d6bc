package worker

import (
	"sync"
	"time"
)

// call is a request on its way through a child, on the parent's side. Replies wait in
// it for the caller; the reader of the pipe never does.
type call struct {
	id    uint64
	ready chan struct{} // holds a token when there is something to take

	mu    sync.Mutex
	reply reply // what has come since the last take
	err   error // why no more comes; nil where the child said it
	over  bool
	sent  bool        // the child can be told to cancel it
	cause error       // what it was cancelled with
	grace *time.Timer // runs while a cancelled call is not let go of
	// forget ends the wait for the caller's context.
	forget func() bool
}

// put adds what the child said.
func (c *call) put(r *reply) {
	c.mu.Lock()
	c.reply.add(r)
	if r.Done {
		c.end()
	}
	c.mu.Unlock()
	c.wake()
}

// fail ends a call whose child is gone.
func (c *call) fail(err error) {
	c.mu.Lock()
	if !c.over {
		c.err = err
		c.end()
	}
	c.mu.Unlock()
	c.wake()
}

// end stops what runs beside the call. With mu held.
func (c *call) end() {
	c.over = true
	if c.grace != nil {
		c.grace.Stop()
	}
	if c.forget != nil {
		c.forget()
	}
}

func (c *call) wake() {
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// take waits for a reply, which may stand for several. With the last comes over.
func (c *call) take() (r reply, over bool, err error) {
	<-c.ready
	c.mu.Lock()
	defer c.mu.Unlock()
	r, c.reply = c.reply, reply{}
	if !c.over {
		return r, false, nil
	}
	switch {
	case c.err == nil:
		return r, true, r.Fault.error(c.cause)
	case c.cause != nil:
		return r, true, c.cause
	}
	return r, true, c.err
}

// wait takes everything and returns the last.
func (c *call) wait() (reply, error) {
	for {
		if r, over, err := c.take(); over {
			return r, err
		}
	}
}
