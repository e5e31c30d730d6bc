package worker

import (
	"context"
	"fmt"
	"iter"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestMain: the program of the tests is the program of their children.
func TestMain(m *testing.M) {
	if IsChild(os.Args) {
		if err := Main(openUnruly); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(0)
	}
	if len(os.Args) == 3 && os.Args[1] == "parent" {
		beParent(os.Args[2])
	}
	os.Exit(m.Run())
}

// unruly is a model that does what a prompt "!kind n prompt" says after n events.
type unruly struct {
	*engine.Engine
	steps atomic.Uint64 // beside the engine's
}

func (u *unruly) Progress() uint64 { return u.Engine.Progress() + u.steps.Load() }

func openUnruly(ctx context.Context, path string, o engine.Options) (Served, error) {
	if path == "hang" {
		reference.Hang()
	}
	e, err := engine.Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	return &unruly{Engine: e}, nil
}

func (u *unruly) Generate(ctx context.Context, r chat.Request) iter.Seq2[chat.Event, error] {
	var kind string
	var n int
	if strings.HasPrefix(r.Prompt, "!") {
		fmt.Sscanf(r.Prompt, "!%s %d", &kind, &n)
		r.Prompt = strings.SplitN(r.Prompt, " ", 3)[2]
	}
	return func(yield func(chat.Event, error) bool) {
		seen := 0
		for ev, err := range u.Engine.Generate(ctx, r) {
			if seen++; kind != "" && seen > n {
				u.misbehave(kind)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

func (u *unruly) Tokenize(text string, addSpecial, parseSpecial bool) ([]llama.Token, error) {
	switch text {
	case "!hang":
		reference.Hang()
	case "!broken":
		return nil, &llama.Error{Op: "tokenize", Kind: llama.ErrAssertion, Message: "engine assertion failed: x"}
	}
	return u.Engine.Tokenize(text, addSpecial, parseSpecial)
}

var held [][]byte

func (u *unruly) misbehave(kind string) {
	switch kind {
	case "sigabrt":
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
		time.Sleep(time.Minute)
	case "assert":
		reference.Assert(true)
	case "segfault":
		reference.Segfault()
	case "hang":
		reference.Hang()
	case "exit":
		os.Exit(7)
	case "panic":
		panic("for a test")
	case "garbage":
		os.NewFile(repliesFD, "").Write([]byte("\xff\xff\xff\xff and more"))
		reference.Hang()
	case "closed":
		syscall.Close(repliesFD)
		reference.Hang()
	case "slow":
		for range 25 {
			time.Sleep(200 * time.Millisecond)
			u.steps.Add(1)
		}
	case "memory":
		for range 64 {
			held = append(held, make([]byte, 64<<20))
		}
	}
}

var small = engine.Options{Context: 256, Threads: 1}

func mustOpen(t testing.TB, o engine.Options, config Config) *Model {
	t.Helper()
	m, err := Open(context.Background(), testmodel.SmolLM2(t), o, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// prompt is a request whose answer is always the same.
func prompt(text string, maxTokens int) chat.Request {
	r := chat.Request{Prompt: text, MaxTokens: maxTokens, Keep: -1, Sampling: chat.DefaultSampling(), IgnoreEOG: true, NoReuse: true}
	r.Sampling.Temperature = 0
	return r
}

type answer struct {
	text   string
	events []chat.Event
	usage  *chat.Usage
	stop   *chat.Stop
	err    error
}

// collect runs a request and checks the order of its events.
func collect(t testing.TB, events iter.Seq2[chat.Event, error]) (a answer) {
	t.Helper()
	for ev, err := range events {
		if a.err != nil || a.stop != nil && err == nil || a.usage != nil && a.stop == nil && ev.Stop == nil {
			t.Errorf("%+v, %v after the end", ev, err)
		}
		if a.err = err; err != nil {
			continue
		}
		a.events = append(a.events, ev)
		a.text += ev.Text
		if ev.Usage != nil {
			a.usage = ev.Usage
		}
		if ev.Stop != nil {
			a.stop = ev.Stop
		}
	}
	if a.err == nil && a.stop == nil {
		t.Error("a reply without an end")
	}
	return a
}

func generate(t testing.TB, m *Model, r chat.Request) answer {
	t.Helper()
	return collect(t, m.Generate(context.Background(), r))
}

// mustAnswer checks that the model is well.
func mustAnswer(t testing.TB, m *Model) string {
	t.Helper()
	a := generate(t, m, prompt("Once upon a time", 3))
	if a.err != nil || a.text == "" {
		t.Fatalf("%q, %v", a.text, a.err)
	}
	return a.text
}

func pid(m *Model) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.child.process.cmd.Process.Pid
}
