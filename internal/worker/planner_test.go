package worker

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// planned is the header of SmolLM2.
func planned(t *testing.T) *oracle.Header {
	t.Helper()
	f, err := gguf.Open(testmodel.SmolLM2(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := oracle.Strip(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustPlan(t *testing.T, config Config) *Planner {
	t.Helper()
	p, err := OpenPlanner(t.Context(), planned(t), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestPlanner: it says what an oracle in this process says, refusals included.
func TestPlanner(t *testing.T) {
	here, err := oracle.New(planned(t))
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	p := mustPlan(t, Config{})
	basic := plan.DefaultRequest()
	short, quantized, moved, wrong, split := basic, basic, basic, basic, basic
	short.Context = 512
	quantized.KeyType, quantized.ValueType, quantized.Sequences = gguf.Q8_0, gguf.Q8_0, 4
	moved.Overrides = []plan.Override{{Pattern: "ffn", Buffer: "CPU"}}
	wrong.KeyType = gguf.Q6_K
	split.SplitMode = "none"
	for _, r := range []plan.Request{basic, short, quantized, moved, wrong, split} {
		got, err := p.Measure(t.Context(), nil, r)
		want, werr := here.Measure(t.Context(), nil, r)
		var no, wno *plan.Impossible
		if !reflect.DeepEqual(got, want) || errors.As(err, &no) != errors.As(werr, &wno) || err != nil && err.Error() != werr.Error() {
			t.Errorf("%+v:\n got %+v, %v\nwant %+v, %v", r, got, err, want, werr)
		}
	}
	for name, change := range map[string]func(*plan.Request){
		"infinite": func(r *plan.Request) { r.TensorSplit = []float32{float32(math.Inf(1))} },
		"NaN":      func(r *plan.Request) { r.TensorSplit = []float32{float32(math.NaN())} },
		"negative": func(r *plan.Request) { r.TensorSplit = []float32{-1} },
		"text":     func(r *plan.Request) { r.Overrides = []plan.Override{{Pattern: "\xff", Buffer: "CPU"}} },
	} {
		r := basic
		change(&r)
		var no *plan.Impossible
		if _, err := p.Measure(t.Context(), nil, r); !errors.As(err, &no) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.Measure(t.Context(), []plan.Device{{Name: "\xff", Backend: "cuda"}}, basic); !errors.Is(err, chat.ErrRequest) {
		t.Error(err)
	}
}

// TestPlannerCrashes: a child that dies or hangs fails the call, and the next has another.
func TestPlannerCrashes(t *testing.T) {
	p := mustPlan(t, Config{Stall: time.Second, Grace: time.Second})
	want, err := p.Measure(t.Context(), nil, plan.DefaultRequest())
	if err != nil {
		t.Fatal(err)
	}
	process := func() int {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.child.process.cmd.Process.Pid
	}
	for name, c := range map[string]struct {
		signal syscall.Signal // 0: it goes on hanging
		reason chat.CrashReason
	}{
		"crash": {syscall.SIGABRT, chat.CrashSignal}, "hang": {0, chat.CrashStalled},
	} {
		pid := process()
		syscall.Kill(pid, syscall.SIGSTOP)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := p.Measure(t.Context(), nil, plan.DefaultRequest())
			var crash *chat.ErrEngineCrash
			if !errors.As(err, &crash) || crash.Reason != c.reason {
				t.Errorf("%s: %v", name, err)
			}
		})
		if c.signal != 0 {
			time.Sleep(50 * time.Millisecond) // the call is on its way
			syscall.Kill(pid, c.signal)
			syscall.Kill(pid, syscall.SIGCONT)
		}
		wg.Wait()
		if got, err := p.Measure(t.Context(), nil, plan.DefaultRequest()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after %s: %+v, %v", name, got, err)
		}
	}
}

// TestPlannerLimits: what it is asked to do and cannot.
func TestPlannerLimits(t *testing.T) {
	if p, err := OpenPlanner(t.Context(), &oracle.Header{Bytes: []byte("GGUF"), Size: 100}, Config{}); err != nil {
		t.Error(err)
	} else {
		if _, err := p.Measure(t.Context(), nil, plan.DefaultRequest()); err == nil || !errors.Is(err, llama.ErrEngine) {
			t.Error(err)
		}
		p.Close()
		if _, err := p.Measure(t.Context(), nil, plan.DefaultRequest()); !errors.Is(err, chat.ErrClosed) {
			t.Error(err)
		}
	}
	if _, err := OpenPlanner(t.Context(), planned(t), Config{Program: "/bin/true"}); err == nil || !strings.Contains(err.Error(), "worker") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p := mustPlan(t, Config{})
	cancel()
	if _, err := p.Measure(ctx, nil, plan.DefaultRequest()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
