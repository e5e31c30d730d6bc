package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// errNotSent: a child ended before a request reached it.
var errNotSent = errors.New("the request was not sent")

// child is a running child process, on the parent's side.
type child struct {
	config   *Config
	process  *process
	requests *os.File
	replies  *os.File
	in       *bufio.Reader // of replies

	sending sync.Mutex // held while a frame is written

	last atomic.Uint64 // the last call's id

	mu    sync.Mutex
	calls map[uint64]*call
	gone  bool                 // no call comes to it any more
	fate  *chat.ErrEngineCrash // why it was killed, if this process did it
	fired error                // what outstanding calls get instead of a crash

	seen   atomic.Uint64 // messages that came
	buried chan struct{} // closed when all is over
	end    error         // why; to be read then
}

// begin sends a request. errNotSent: another child must do it.
func (c *child) begin(ctx context.Context, r *request) (*call, error) {
	r.ID = c.last.Add(1)
	frame, err := appendFrame(nil, r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", chat.ErrRequest, err)
	}
	k := &call{id: r.ID, ready: make(chan struct{}, 1)}
	c.mu.Lock()
	if c.gone {
		c.mu.Unlock()
		return nil, errNotSent
	}
	c.calls[k.id] = k
	c.mu.Unlock()
	k.mu.Lock()
	k.forget = context.AfterFunc(ctx, func() { c.abandon(k, context.Cause(ctx)) })
	k.mu.Unlock()
	if err := c.send(frame); err != nil {
		c.mu.Lock()
		c.gone = true
		delete(c.calls, k.id)
		c.mu.Unlock()
		k.fail(errNotSent)
		if !c.process.ended(c.config.Grace) {
			c.kill(closedPipe())
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, errNotSent
	}
	k.mu.Lock()
	k.sent = true
	cause := k.cause
	k.mu.Unlock()
	if cause != nil {
		c.cancel(k, cause)
	}
	return k, nil
}

func (c *child) send(frame []byte) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	_, err := c.requests.Write(frame)
	return err
}

// abandon cancels a call. A child that does not let go of it is killed.
func (c *child) abandon(k *call, cause error) {
	k.mu.Lock()
	if k.over {
		k.mu.Unlock()
		return
	}
	k.cause = cause
	k.grace = time.AfterFunc(c.config.Grace, func() {
		message := fmt.Sprintf("a cancelled request was not let go of within %v", c.config.Grace)
		c.kill(&chat.ErrEngineCrash{Reason: chat.CrashStalled, Message: message})
	})
	sent := k.sent
	k.mu.Unlock()
	if sent {
		c.cancel(k, cause)
	}
}

// cancel tells the child. That it cannot be reached is found by others.
func (c *child) cancel(k *call, cause error) {
	text := cause.Error()
	if frame, err := appendFrame(nil, &request{ID: k.id, Cancel: &text}); err == nil {
		c.send(frame)
	}
}

// kill ends the child; the calls it has get why.
func (c *child) kill(why *chat.ErrEngineCrash) {
	c.mu.Lock()
	c.gone = true
	if c.fate == nil {
		c.fate = why
	}
	c.mu.Unlock()
	c.process.kill()
}

// read delivers what the child says, until it says no more.
func (c *child) read() {
	var buf []byte
	for {
		var r reply
		var err error
		if buf, err = readMessage(c.in, buf, &r); err != nil {
			c.bury(err)
			return
		}
		c.seen.Add(1)
		if r.Fault.assertion() {
			// The engine survived it, and must not be used again.
			c.kill(&chat.ErrEngineCrash{Reason: chat.CrashAssertion, Message: string(r.Fault.Text)})
			continue
		}
		c.mu.Lock()
		k := c.calls[r.ID]
		if r.Done {
			delete(c.calls, r.ID)
		}
		c.mu.Unlock()
		if k != nil {
			k.put(&r)
		}
	}
}

// bury waits for the end of a child that has said its last, and fails its calls.
func (c *child) bury(err error) {
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	if errors.Is(err, errFrame) {
		c.kill(&chat.ErrEngineCrash{Reason: chat.CrashExit, Message: err.Error()})
	}
	if !c.process.ended(c.config.Grace) {
		c.kill(closedPipe())
		c.process.ended(c.config.Grace)
	}
	c.mu.Lock()
	if c.end = c.fired; c.end == nil {
		c.end = c.crash()
	}
	calls := c.calls
	c.calls = nil
	c.mu.Unlock()
	c.requests.Close()
	c.replies.Close()
	close(c.buried)
	for _, k := range calls {
		k.fail(c.end)
	}
}

func closedPipe() *chat.ErrEngineCrash {
	return &chat.ErrEngineCrash{Reason: chat.CrashExit, Message: "it closed its pipe"}
}

// watch kills the child when it is silent for Config.Stall while it has calls. It
// counts its own ticks, because this process may have been stopped as well.
func (c *child) watch() {
	const ticks = 8
	ticker := time.NewTicker(max(c.config.Stall/ticks, time.Millisecond))
	defer ticker.Stop()
	seen, silent := uint64(0), 0
	exited := c.process.exited
	for {
		select {
		case <-c.buried:
			return
		case <-exited:
			// Whoever else holds the pipe must not keep the reader waiting.
			c.replies.SetReadDeadline(time.Now().Add(time.Second))
			exited = nil
			continue
		case <-ticker.C:
		}
		if now := c.seen.Load(); now != seen || c.idle() {
			seen, silent = now, 0
		} else if silent++; silent == ticks {
			c.kill(&chat.ErrEngineCrash{Reason: chat.CrashStalled, Message: fmt.Sprintf("no progress for %v", c.config.Stall)})
		}
	}
}

func (c *child) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls) == 0
}

// close closes the model and ends the child.
func (c *child) close() error {
	c.mu.Lock()
	c.fired = chat.ErrClosed
	c.mu.Unlock()
	grace := time.AfterFunc(c.config.Grace, func() { c.kill(nil) })
	defer grace.Stop()
	k, err := c.begin(context.Background(), &request{Close: true})
	if err == nil {
		_, err = k.wait()
	}
	c.mu.Lock()
	c.gone = true
	c.mu.Unlock()
	c.requests.Close()
	<-c.buried
	if errors.Is(err, chat.ErrClosed) || errors.Is(err, errNotSent) {
		return nil // it had to be killed, or was gone: nothing of it is left
	}
	return err
}
