package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
)

// helloWithin is how long a program may take to say that it is a worker.
const helloWithin = 10 * time.Second

// start starts a child and loads the model in it.
func (m *Model) start(ctx context.Context, progress func(float32)) (*child, error) {
	c, err := newChild(ctx, &m.config, m.dir)
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("loading was stopped: %w", context.Cause(ctx))
		}
		return nil, fmt.Errorf("open model %s: %w", m.path, err)
	}
	info, err := c.open(ctx, m.path, m.options, progress)
	if err != nil {
		c.kill(nil)
		<-c.buried
		return nil, err
	}
	m.mu.Lock()
	m.info = info
	m.mu.Unlock()
	return c, nil
}

// newChild starts a program that says that it is a worker.
func newChild(ctx context.Context, config *Config, dir string) (*child, error) {
	childRequests, requests, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	replies, childReplies, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, childRequests.Close(), requests.Close())
	}
	p, err := startProcess(config.Program, dir, Argument, childRequests, childReplies)
	childRequests.Close()
	childReplies.Close()
	if err != nil {
		return nil, errors.Join(err, requests.Close(), replies.Close())
	}
	c := &child{
		config: config, process: p, requests: requests, replies: replies, in: bufio.NewReaderSize(replies, 64<<10),
		calls: map[uint64]*call{}, buried: make(chan struct{}),
	}
	if err := c.greet(ctx); err != nil {
		p.kill()
		p.ended(config.Grace)
		return nil, errors.Join(fmt.Errorf("%s is not a worker: %w", p.cmd.Args[0], err), requests.Close(), replies.Close())
	}
	go c.read()
	go c.watch()
	return c, nil
}

// greet reads the child's hello.
func (c *child) greet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, c.process.kill)
	defer stop()
	c.replies.SetReadDeadline(time.Now().Add(helloWithin))
	defer c.replies.SetReadDeadline(time.Time{})
	var r reply
	_, err := readMessage(c.in, nil, &r)
	switch own := ownHello(); {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("it said nothing within %v; its main must call llm.WorkerMain first", helloWithin)
	case err != nil:
		if errors.Is(err, io.EOF) {
			c.process.ended(c.config.Grace) // for its last words
		}
		return fmt.Errorf("it ended or said something else (%w); its main must call llm.WorkerMain first%s", err, lastWords(c.process.stderr.String(), ": "))
	case r.Hello == nil || r.Hello.Magic != own.Magic:
		return errors.New("it said something else; its main must call llm.WorkerMain first")
	case *r.Hello != own:
		return fmt.Errorf("it speaks protocol %d and has engine %s, this program speaks %d and has %s; build both from the same source",
			r.Hello.Protocol, r.Hello.Archive, own.Protocol, own.Archive)
	}
	return nil
}

// open loads the model. Cancelling ctx stops it.
func (c *child) open(ctx context.Context, path string, o engine.Options, progress func(float32)) (engine.Info, error) {
	r := &request{Open: &openRequest{
		Path: []byte(path), Options: options{o, progress != nil}, MemoryLimit: c.config.MemoryLimit, Stall: c.config.Stall,
	}}
	k, err := c.begin(ctx, r)
	if errors.Is(err, errNotSent) {
		<-c.buried
		err = c.end
	}
	if err != nil {
		return engine.Info{}, fmt.Errorf("open model %s: %w", path, err)
	}
	for {
		r, over, err := k.take()
		if r.Fraction != nil && progress != nil && ctx.Err() == nil {
			progress(*r.Fraction)
		}
		var crash *chat.ErrEngineCrash
		var remote *remoteError
		switch {
		case over && errors.As(err, &crash):
			return engine.Info{}, fmt.Errorf("open model %s: %w", path, err)
		case over && err != nil && ctx.Err() != nil && !errors.As(err, &remote): // it was killed
			return engine.Info{}, fmt.Errorf("open model %s: loading was stopped: %w", path, err)
		case over && err != nil && c.config.MemoryLimit > 0 && noMemory.MatchString(err.Error()):
			return engine.Info{}, fmt.Errorf("%w; the memory limit is %d MiB", err, c.config.MemoryLimit>>20)
		case over && err != nil:
			return engine.Info{}, err
		case over && r.Info == nil:
			return engine.Info{}, fmt.Errorf("open model %s: the child did not describe it", path)
		case over:
			return *r.Info, nil
		}
	}
}
