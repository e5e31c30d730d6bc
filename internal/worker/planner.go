package worker

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/plan"
)

// Planner is an oracle in a child process, for headers of strangers. Its methods may be
// called from any goroutine.
//
// When the child ends, what it measured fails with a *chat.ErrEngineCrash, and the next
// call starts another one.
type Planner struct {
	succession
	header *oracle.Header
}

var _ plan.Measurer = (*Planner)(nil)

// OpenPlanner starts a child that plans for a model. Cancelling ctx stops that. The
// caller closes the Planner.
func OpenPlanner(ctx context.Context, h *oracle.Header, config Config) (*Planner, error) {
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("plan for a model: %w", err)
	}
	p := &Planner{header: h}
	p.succession.start = p.start
	if err := p.begins(ctx, config); err != nil {
		return nil, err
	}
	return p, nil
}

// start starts a child and gives it the header.
func (p *Planner) start(ctx context.Context) (*child, error) {
	c, err := newChild(ctx, &p.config, p.dir)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("plan for a model: %w", err)
	}
	k, err := c.begin(ctx, &request{Plan: &planRequest{Header: p.header, MemoryLimit: p.config.MemoryLimit, Stall: p.config.Stall}})
	if err == nil {
		_, err = k.wait()
	}
	if errors.Is(err, errNotSent) {
		<-c.buried
		err = c.end
	}
	if err != nil {
		c.kill(nil)
		<-c.buried
		return nil, fmt.Errorf("plan for a model: %w", err)
	}
	return c, nil
}

// Measure is that of [oracle.Oracle], whose errors come from the child as they are.
func (p *Planner) Measure(ctx context.Context, devices []plan.Device, r plan.Request) (*plan.Memory, error) {
	for _, d := range devices {
		if !utf8.ValidString(d.Name) {
			return nil, fmt.Errorf("%w: the name of device %q is not UTF-8", chat.ErrRequest, d.Name)
		}
	}
	for _, o := range r.Overrides {
		if !utf8.ValidString(o.Pattern + o.Buffer) {
			return nil, &plan.Impossible{Reason: fmt.Sprintf("override of tensors %q: it is not UTF-8", o.Pattern)}
		}
	}
	for i, share := range r.TensorSplit {
		if !(share >= 0) || share > maxShare {
			return nil, &plan.Impossible{Reason: fmt.Sprintf("tensor split: share %v of device %d is not a proportion", share, i)}
		}
	}
	answer, err := p.do(ctx, &request{Measure: &measureRequest{devices, r}})
	if err == nil && answer.Memory == nil {
		err = errors.New("plan for a model: the child did not answer")
	}
	return answer.Memory, err
}

// maxShare is beyond every proportion, and JSON has it.
const maxShare = 1e30
