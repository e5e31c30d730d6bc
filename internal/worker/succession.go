package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// check fills in the defaults, and finds the program.
func (c *Config) check() (err error) {
	if c.MemoryLimit > 0 && !canLimitMemory {
		return fmt.Errorf("a memory limit is %w on this system", chat.ErrUnsupported)
	}
	if c.Stall <= 0 {
		c.Stall = time.Minute
	}
	if c.Grace <= 0 {
		c.Grace = 2 * time.Second
	}
	if c.Program != "" {
		if c.Program, err = exec.LookPath(c.Program); err == nil {
			c.Program, err = filepath.Abs(c.Program)
		}
		if err != nil {
			return fmt.Errorf("the worker program: %w", err)
		}
	}
	return nil
}

// succession is one child after another: when one ended, the next call starts another.
type succession struct {
	config Config
	dir    string // where relative paths begin
	start  func(context.Context) (*child, error)

	ctx    context.Context // of restarts; done when all is closed
	cancel context.CancelFunc

	mu     sync.Mutex
	child  *child
	coming *restart // nil: none

	close    sync.Once
	closeErr error
}

// restart is a child on its way.
type restart struct {
	done  chan struct{}
	child *child
	err   error
}

// begins starts the first child, with a config that was checked.
func (s *succession) begins(ctx context.Context, config Config) (err error) {
	s.config = config
	s.dir, _ = os.Getwd() // where it is not known, a child inherits it
	if s.child, err = s.start(ctx); err != nil {
		return err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return nil
}

// live is a child that takes calls: the one there is, or a new one. Callers wait for
// the same one; a failure is for those who waited, and the next caller tries again.
func (s *succession) live(ctx context.Context) (*child, error) {
	s.mu.Lock()
	if s.ctx.Err() != nil {
		s.mu.Unlock()
		return nil, chat.ErrClosed
	}
	if c := s.child; c != nil && !c.isGone() {
		s.mu.Unlock()
		return c, nil
	}
	if s.coming == nil {
		s.coming = &restart{done: make(chan struct{})}
		go s.restart(s.coming, s.child)
	}
	r := s.coming
	s.mu.Unlock()
	select {
	case <-r.done:
		return r.child, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// restart starts a child after old, which must be gone: memory is for one.
func (s *succession) restart(r *restart, old *child) {
	if old != nil {
		<-old.buried
	}
	c, err := s.start(s.ctx)
	if err != nil && s.ctx.Err() != nil {
		err = chat.ErrClosed
	}
	s.mu.Lock()
	r.child, r.err = c, err
	s.child, s.coming = c, nil
	s.mu.Unlock()
	close(r.done)
}

func (c *child) isGone() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

// begin sends a request to a child that lives.
func (s *succession) begin(ctx context.Context, r *request) (*call, error) {
	for tries := 1; ; tries++ {
		c, err := s.live(ctx)
		if err != nil {
			return nil, err
		}
		k, err := c.begin(ctx, r)
		if !errors.Is(err, errNotSent) || tries == 3 {
			return k, err
		}
	}
}

// do sends a request and waits for its answer.
func (s *succession) do(ctx context.Context, r *request) (reply, error) {
	k, err := s.begin(ctx, r)
	if err != nil {
		return reply{}, err
	}
	return k.wait()
}

// Close stops the running request, refuses the others (chat.ErrClosed) and ends the
// child, which is killed when it does not within the grace period. A second Close
// returns the same.
func (s *succession) Close() error {
	s.close.Do(func() {
		s.cancel()
		s.mu.Lock()
		r := s.coming
		s.mu.Unlock()
		if r != nil {
			<-r.done
		}
		s.mu.Lock()
		c := s.child
		s.mu.Unlock()
		if c != nil {
			s.closeErr = c.close()
		}
	})
	return s.closeErr
}
