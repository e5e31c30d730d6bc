package worker

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// crashes are ways in which a child ends, and what its parent says about it.
var crashes = []struct {
	kind            string
	reason          chat.CrashReason
	signal, message string
}{
	{"sigabrt", chat.CrashSignal, "aborted", ""},
	{"assert", chat.CrashAssertion, "aborted", `GGML_ASSERT(false && "for a test") failed`},
	{"segfault", chat.CrashSignal, "segmentation fault", ""},
	{"exit", chat.CrashExit, "", "exit code 7"},
	{"panic", chat.CrashExit, "", "panic: for a test"},
	{"garbage", chat.CrashExit, "killed", "damaged frame"},
	{"closed", chat.CrashExit, "killed", "it closed its pipe"},
	{"hang", chat.CrashStalled, "killed", "no progress for"},
}

func checkCrash(t *testing.T, err error, reason chat.CrashReason, signal, message string) {
	t.Helper()
	var crash *chat.ErrEngineCrash
	if !errors.As(err, &crash) || crash.Reason != reason || crash.Signal != signal || !strings.Contains(crash.Message, message) {
		t.Errorf("%v, not %s, %s, %s", err, reason, signal, message)
	}
}

// TestCrashes: a child that ends at token 10 fails the request, after the tokens that
// were there, and all others; the next works.
func TestCrashes(t *testing.T) {
	m := mustOpen(t, small, Config{Stall: 2 * time.Second, Grace: time.Second})
	want := mustAnswer(t, m)
	for _, c := range crashes {
		var wg sync.WaitGroup
		wg.Go(func() {
			time.Sleep(20 * time.Millisecond) // behind the one that crashes
			a := generate(t, m, prompt("Once upon a time", 200))
			if a.err != nil { // the child may have ended before
				checkCrash(t, a.err, c.reason, c.signal, c.message)
			}
		})
		a := generate(t, m, prompt("!"+c.kind+" 10 Once upon a time", 200))
		checkCrash(t, a.err, c.reason, c.signal, c.message)
		if !strings.HasPrefix(a.text, want) && c.kind != "hang" {
			t.Errorf("%s: %q came before", c.kind, a.text)
		}
		wg.Wait()
		if got := mustAnswer(t, m); got != want {
			t.Errorf("after %s: %q, before %q", c.kind, got, want)
		}
		t.Logf("%s: %v", c.kind, a.err)
	}
}

// TestMemoryLimit: what goes over it ends the child; below it the model works.
func TestMemoryLimit(t *testing.T) {
	m := mustOpen(t, small, Config{MemoryLimit: 1 << 30})
	mustAnswer(t, m)
	a := generate(t, m, prompt("!memory 2 Once upon a time", 12))
	checkCrash(t, a.err, chat.CrashMemory, "", "the memory limit is 1024 MiB")
	mustAnswer(t, m)
	o := small
	o.Context = 1 << 16
	if m, err := Open(context.Background(), testmodel.SmolLM2(t), o, Config{MemoryLimit: 1 << 30}); err == nil || !strings.Contains(err.Error(), "the memory limit is 1024 MiB") {
		t.Errorf("a context of 1.5 GB in 1 GB: %v, %v", m, err)
	}
}

// TestKilledFromOutside, while it works and while it does not.
func TestKilledFromOutside(t *testing.T) {
	m := mustOpen(t, small, Config{})
	var err error
	for _, err = range m.Generate(context.Background(), prompt("Once upon a time", 0)) {
		syscall.Kill(pid(m), syscall.SIGKILL)
	}
	checkCrash(t, err, chat.CrashSignal, "killed", "killed from outside")
	mustAnswer(t, m)
	c := m.child
	syscall.Kill(pid(m), syscall.SIGKILL)
	<-c.buried
	mustAnswer(t, m)
}

// TestCrashWhileLoading, and a restart that fails: its error is returned, and the next
// call tries again.
func TestRestartFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.Symlink(testmodel.SmolLM2(t), path); err != nil {
		t.Fatal(err)
	}
	m, err := Open(context.Background(), path, small, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	checkCrash(t, generate(t, m, prompt("!exit 1 Once", 5)).err, chat.CrashExit, "", "")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if a := generate(t, m, prompt("Once", 5)); !errors.Is(a.err, os.ErrNotExist) {
				t.Errorf("%v", a.err)
			}
		})
	}
	wg.Wait()
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	mustAnswer(t, m)
}

// TestHungChild: the deadline of a caller, a load and a Close hold although the child
// hangs in C.
func TestHungChild(t *testing.T) {
	m := mustOpen(t, small, Config{Grace: 300 * time.Millisecond})
	const soon = 20 * time.Second // on a busy machine; the limit of a stall is a minute
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	a := collect(t, m.Generate(ctx, prompt("!hang 1 Once upon a time", 5)))
	cancel()
	if a.err != context.DeadlineExceeded || a.stop == nil || a.stop.Reason != chat.StopCanceled || time.Since(begin) > soon {
		t.Errorf("%v, %v after %v", a.err, a.stop, time.Since(begin))
	}
	mustAnswer(t, m)
	for range m.Generate(context.Background(), prompt("!hang 1 Once upon a time", 5)) {
		break // returns although the child does not let go
	}
	mustAnswer(t, m)
	ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, "hang", small, Config{Grace: 300 * time.Millisecond})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "loading was stopped") {
		t.Error(err)
	}
	_, err = Open(context.Background(), "hang", small, Config{Stall: 300 * time.Millisecond})
	checkCrash(t, err, chat.CrashStalled, "killed", "no progress for 300ms")
	done := make(chan error)
	go func() {
		_, err := m.Tokenize("!hang", false, false)
		done <- err
	}()
	time.Sleep(200 * time.Millisecond)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != chat.ErrClosed {
		t.Error(err)
	}
	if time.Since(begin) > 3*soon {
		t.Errorf("it took %v", time.Since(begin))
	}
}

// TestSlowIsNotHung: a child that computes for longer than the limit of a stall,
// without an answer, lives.
func TestSlowIsNotHung(t *testing.T) {
	m := mustOpen(t, small, Config{Stall: 2 * time.Second})
	if a := generate(t, m, prompt("!slow 4 Once upon a time", 3)); a.err != nil {
		t.Error(a.err)
	}
}

// TestTwoHundredCrashes of all kinds: each next call works, and nothing is left of
// them, nor of the open models: no process, no goroutine, no descriptor, no memory.
func TestTwoHundredCrashes(t *testing.T) {
	kinds := []string{"sigabrt", "assert", "segfault", "exit", "kill", "garbage", "cancel", "panic"}
	m := mustOpen(t, small, Config{Grace: 100 * time.Millisecond})
	want := mustAnswer(t, m)
	round := func(i int) {
		kind := kinds[i%len(kinds)]
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		r := prompt("!"+kind+" 2 Once upon a time", 5)
		switch kind {
		case "kill":
			r = prompt("Once upon a time", 200)
		case "cancel":
			r.Prompt = "!hang 2 Once upon a time"
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		var last error
		for _, err := range m.Generate(ctx, r) {
			if last = err; kind == "kill" {
				syscall.Kill(pid(m), syscall.SIGKILL)
			}
		}
		var crash *chat.ErrEngineCrash
		if !errors.As(last, &crash) && !(kind == "cancel" && last == context.Canceled) {
			t.Fatalf("round %d, %s: %v", i, kind, last)
		}
		if got := mustAnswer(t, m); got != want {
			t.Fatalf("round %d, %s: then %q, not %q", i, kind, got, want)
		}
	}
	for i := range 8 {
		round(i)
	}
	before := census(t)
	for i := range 200 {
		round(i)
	}
	after := census(t)
	if after.goroutines > before.goroutines || after.files > before.files || after.children > before.children || after.heap > before.heap+1<<20 {
		t.Errorf("%+v, before %+v", after, before)
	}
	t.Logf("%+v, before %+v", after, before)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("%q are left", left)
	}
	if llama.Live() != 0 {
		t.Error("the engine was used in this process")
	}
}

type counts struct {
	goroutines, files, children int
	heap                        uint64 // bytes
}

// census counts what can leak, once nothing changes any more.
func census(t *testing.T) (c counts) {
	t.Helper()
	for range 20 {
		runtime.GC()
		last := c.goroutines
		if c.goroutines = runtime.NumGoroutine(); c.goroutines == last {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	files, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	c.files, c.heap, c.children = len(files), mem.HeapAlloc, len(children(t))
	return c
}
