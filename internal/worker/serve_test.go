package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
)

// scripted is a model that says "0 1 2 …" up to its request's MaxTokens, without a
// pause, and waits for its end where there is none.
type scripted struct{ Served }

func (scripted) Info() engine.Info { return engine.Info{Path: "scripted"} }
func (scripted) Close() error      { return nil }
func (scripted) Progress() uint64  { return 0 }

func (scripted) Generate(ctx context.Context, r chat.Request) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		for i := range r.MaxTokens {
			if !yield(chat.Event{Kind: chat.KindText, Text: fmt.Sprint(i, " ")}, nil) {
				return
			}
		}
		if r.MaxTokens == 0 {
			<-ctx.Done()
			yield(chat.Event{}, fmt.Errorf("stopped: %w", context.Cause(ctx)))
		}
	}
}

// conversation is a child in this process, with its pipes.
type conversation struct {
	t        *testing.T
	requests *io.PipeWriter
	in       *bufio.Reader
	done     chan error
}

func converse(t *testing.T) *conversation {
	t.Helper()
	childRequests, requests := io.Pipe()
	replies, childReplies := io.Pipe()
	c := &conversation{t, requests, bufio.NewReader(replies), make(chan error, 1)}
	go func() {
		c.done <- Serve(childRequests, childReplies, func(_ context.Context, path string, o engine.Options) (Served, error) {
			if path != "scripted" {
				return nil, errors.New("no such model")
			}
			o.Progress(0.5)
			return scripted{}, nil
		})
	}()
	t.Cleanup(func() { requests.Close(); replies.Close() })
	if r := c.next(); r.Hello == nil || *r.Hello != ownHello() {
		t.Fatalf("%+v", r)
	}
	return c
}

func (c *conversation) say(r request) {
	c.t.Helper()
	frame, err := appendFrame(nil, r)
	if err == nil {
		_, err = c.requests.Write(frame)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *conversation) next() (r reply) {
	c.t.Helper()
	if _, err := readMessage(c.in, nil, &r); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// last is the reply to call id that ends it, joined with those before.
func (c *conversation) last(id uint64) (all reply) {
	c.t.Helper()
	for !all.Done {
		r := c.next()
		if r.ID != id {
			c.t.Fatalf("%+v", r)
		}
		all.add(&r)
	}
	return all
}

func (c *conversation) open() {
	c.t.Helper()
	c.say(request{ID: 1, Open: &openRequest{Path: []byte("scripted"), Options: options{Progress: true}}})
	if r := c.last(1); r.Fault != nil || r.Info == nil || r.Info.Path != "scripted" || r.Fraction == nil || *r.Fraction != 0.5 {
		c.t.Fatalf("%+v", r)
	}
}

func TestServe(t *testing.T) {
	c := converse(t)
	c.say(request{ID: 1, Generate: newGenerateRequest(&chat.Request{MaxTokens: 3})})
	if r := c.last(1); r.Fault == nil || string(r.Fault.Text) != "no model is open" {
		t.Errorf("%+v", r)
	}
	c.say(request{ID: 2, Open: &openRequest{Path: []byte("other")}})
	if r := c.last(2); r.Fault == nil || string(r.Fault.Text) != "no such model" {
		t.Errorf("%+v", r)
	}
	c.open()
	c.say(request{ID: 3})
	if r := c.last(3); r.Fault == nil {
		t.Error("an unknown request was answered")
	}
	c.say(request{ID: 4, Generate: newGenerateRequest(&chat.Request{MaxTokens: 3})})
	if r := c.last(4); len(r.Events) != 3 || r.Events[2].Text != "2 " {
		t.Errorf("%+v", r)
	}
	cause := "the user left"
	c.say(request{ID: 5, Generate: newGenerateRequest(&chat.Request{})})
	c.say(request{ID: 77, Cancel: &cause}) // of a call that is not there
	c.say(request{ID: 5, Cancel: &cause})
	if r := c.last(5); r.Fault == nil || !r.Fault.Canceled || string(r.Fault.Text) != "stopped: the user left" {
		t.Errorf("%+v", r.Fault)
	}
	c.requests.Close()
	if err := <-c.done; err != nil {
		t.Error(err)
	}
}

// TestServeEndsWithItsRequests, also while a call is under way, and with an error for
// what is no request.
func TestServeEndsWithItsRequests(t *testing.T) {
	for in, ok := range map[string]bool{"": true, "\x00\x00": false, "\xff\xff\xff\xff": false, "\x00\x00\x00\x02[]": false} {
		c := converse(t)
		c.open()
		c.say(request{ID: 3, Generate: newGenerateRequest(&chat.Request{})})
		if _, err := io.WriteString(c.requests, in); err != nil {
			t.Fatal(err)
		}
		c.requests.Close()
		select {
		case err := <-c.done:
			if (err == nil) != ok {
				t.Errorf("%q: %v", in, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%q: it goes on", in)
		}
	}
}

// TestEventsGoTogether: what comes while the writer waits for the parent is one frame.
func TestEventsGoTogether(t *testing.T) {
	c := converse(t)
	c.open()
	const n = 1000
	c.say(request{ID: 3, Generate: newGenerateRequest(&chat.Request{MaxTokens: n})})
	time.Sleep(200 * time.Millisecond) // nobody reads meanwhile, and nobody has to
	frames, events, done := 0, 0, false
	var text strings.Builder
	for !done {
		r := c.next()
		frames, events, done = frames+1, events+len(r.Events), r.Done
		for _, ev := range r.Events {
			text.WriteString(ev.Text)
		}
	}
	if events != n || frames > 10 || !strings.HasSuffix(text.String(), " 998 999 ") {
		t.Errorf("%d events in %d frames", events, frames)
	}
}
