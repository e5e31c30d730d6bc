package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// Served is a model as a child serves it.
type Served interface {
	Info() engine.Info
	Generate(context.Context, chat.Request) iter.Seq2[chat.Event, error]
	Embed(context.Context, chat.EmbedRequest) (*chat.Embeddings, error)
	SaveState(ctx context.Context, path string, note []byte) error
	LoadState(ctx context.Context, path string) (note []byte, err error)
	Tokenize(text string, addSpecial, parseSpecial bool) ([]llama.Token, error)
	Detokenize([]llama.Token) (string, error)
	Piece(llama.Token) ([]byte, error)
	Close() error
	// Progress counts steps of computation. While it stands still for as long as
	// Config.Stall, and requests wait, the parent takes the child for hung.
	Progress() uint64
}

// Opener loads the model at path.
type Opener func(ctx context.Context, path string, o engine.Options) (Served, error)

// server is the child's side of the pipes.
type server struct {
	open  Opener
	out   *outgoing
	pulse *pulse
	model atomic.Pointer[Served]
	plan  atomic.Pointer[oracle.Oracle] // instead of a model

	mu      sync.Mutex
	cancels map[uint64]context.CancelCauseFunc
}

// Serve answers requests until there are no more, which is how the parent ends it. It
// returns then, even while the engine hangs in a call: the caller ends the process.
func Serve(requests io.Reader, replies io.Writer, open Opener) error {
	s := &server{open: open, out: newOutgoing(replies), cancels: map[uint64]context.CancelCauseFunc{}}
	s.pulse = newPulse(s)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer s.out.close()
	h := ownHello()
	s.out.put(reply{Hello: &h})
	in := bufio.NewReaderSize(requests, 64<<10)
	var buf []byte
	for {
		var r request
		var err error
		if buf, err = readMessage(in, buf, &r); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("read a request: %w", err)
		}
		if r.Cancel != nil {
			s.cancel(r.ID, *r.Cancel)
		} else {
			s.begin(ctx, &r)
		}
	}
}

// begin answers a request on a goroutine of its own.
func (s *server) begin(ctx context.Context, r *request) {
	ctx, cancel := context.WithCancelCause(ctx)
	s.mu.Lock()
	s.cancels[r.ID] = cancel
	s.mu.Unlock()
	s.pulse.begin()
	go func() {
		last := reply{ID: r.ID, Done: true}
		last.Fault = newFault(s.answer(ctx, r, &last))
		s.mu.Lock()
		delete(s.cancels, r.ID)
		s.mu.Unlock()
		s.pulse.end()
		s.out.put(last)
		cancel(nil)
	}()
}

func (s *server) cancel(id uint64, cause string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.cancels[id]; cancel != nil {
		cancel(&parentCause{cause})
	}
}

// answer does what r asks; the result goes into last.
func (s *server) answer(ctx context.Context, r *request, last *reply) (err error) {
	if r.Open != nil {
		return s.openModel(ctx, r, last)
	}
	if r.Plan != nil {
		return s.openPlan(r.Plan)
	}
	if o := s.plan.Load(); o != nil {
		last.Memory, err = answerPlan(ctx, o, r)
		return err
	}
	p := s.model.Load()
	if p == nil {
		return errors.New("no model is open")
	}
	m := *p
	switch {
	case r.Generate != nil:
		for ev, err := range m.Generate(ctx, r.Generate.request()) {
			if err != nil {
				return err
			}
			s.out.putEvent(r.ID, newEvent(&ev))
		}
	case r.Tokenize != nil:
		last.Tokens, err = m.Tokenize(string(r.Tokenize.Text), r.Tokenize.AddSpecial, r.Tokenize.ParseSpecial)
	case r.Detokenize != nil:
		var text string
		text, err = m.Detokenize(r.Detokenize)
		last.Bytes = []byte(text)
	case r.Piece != nil:
		last.Bytes, err = m.Piece(*r.Piece)
	case r.Embed != nil:
		var vectors *chat.Embeddings
		vectors, err = m.Embed(ctx, *r.Embed)
		last.Embeddings = newEmbeddings(vectors)
	case r.Save != nil:
		err = m.SaveState(ctx, string(r.Save.Path), r.Save.Note)
	case r.Load != nil:
		last.Bytes, err = m.LoadState(ctx, string(r.Load.Path))
	case r.Close:
		err = m.Close()
	default:
		err = errors.New("unknown request")
	}
	return err
}

// prepare limits what this process may take, for the one thing that it is to do.
func (s *server) prepare(limit uint64, stall time.Duration) error {
	if s.model.Load() != nil || s.plan.Load() != nil {
		return errors.New("a model is open")
	}
	if limit > 0 {
		if err := limitMemory(limit); err != nil {
			return fmt.Errorf("memory limit of %d bytes: %w", limit, err)
		}
	}
	s.pulse.hurry(stall)
	return nil
}

// openPlan makes this process one that plans.
func (s *server) openPlan(r *planRequest) error {
	if err := s.prepare(r.MemoryLimit, r.Stall); err != nil {
		return err
	}
	o, err := oracle.New(r.Header)
	if err == nil {
		s.plan.Store(o)
	}
	return err
}

func answerPlan(ctx context.Context, o *oracle.Oracle, r *request) (*plan.Memory, error) {
	switch {
	case r.Measure != nil:
		return o.Measure(ctx, r.Measure.Devices, r.Measure.Request)
	case r.Close:
		return nil, o.Close()
	}
	return nil, errors.New("this process plans only")
}

// openModel limits this process's memory and loads the model.
func (s *server) openModel(ctx context.Context, r *request, last *reply) error {
	if err := s.prepare(r.Open.MemoryLimit, r.Open.Stall); err != nil {
		return err
	}
	o := r.Open.Options.Options
	o.Progress = func(fraction float32) {
		s.pulse.step()
		if r.Open.Options.Progress {
			s.out.put(reply{ID: r.ID, Fraction: &fraction})
		}
	}
	m, err := s.open(ctx, string(r.Open.Path), o)
	if err != nil {
		return err
	}
	s.model.Store(&m)
	info := m.Info()
	last.Info = &info
	return nil
}
