package llama_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

func load(t *testing.T, path string) *llama.Model {
	t.Helper()
	m, err := llama.LoadModel(path, llama.DefaultModelParams())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil && !errors.Is(err, llama.ErrClosed) {
			t.Error(err)
		}
		if n := llama.Live(); n != 0 {
			t.Errorf("%d handles are still open", n)
		}
	})
	return m
}

func smallParams() llama.ContextParams {
	p := llama.DefaultContextParams()
	p.Context, p.Batch, p.Ubatch, p.Threads, p.ThreadsBatch = 256, 64, 64, 2, 2
	return p
}

func newContext(t *testing.T, m *llama.Model, change func(*llama.ContextParams)) *llama.Context {
	t.Helper()
	p := smallParams()
	if change != nil {
		change(&p)
	}
	c, err := m.NewContext(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func newBatch(t *testing.T, capacity, sequences int) *llama.Batch {
	t.Helper()
	b, err := llama.NewBatch(capacity, sequences)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// fill puts n tokens from position pos into the batch; the last asks for logits.
func fill(t *testing.T, b *llama.Batch, n, pos int) {
	t.Helper()
	b.Clear()
	for i := range n {
		if err := b.Add(llama.Token(100+i), pos+i, i == n-1, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestModelInfo(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	i := m.Info()
	if i.Layers != 30 || i.Embedding != 576 || i.Heads != 9 || i.KVHeads != 3 || i.Vocab != 49152 || i.ContextTrain != 8192 ||
		i.Params != 134515008 || !i.Decoder || i.Encoder || i.SlidingWindow != 0 || i.EOS != 2 {
		t.Errorf("%+v", i)
	}
	if v, ok := m.Meta("general.architecture"); !ok || v != "llama" {
		t.Errorf("architecture %q, %v", v, ok)
	}
	if v, ok := m.Meta("no.such.key"); ok || v != "" {
		t.Errorf("a key that is not there: %q, %v", v, ok)
	}
}

func TestDevices(t *testing.T) {
	devices, err := llama.Devices()
	if err != nil || len(devices) == 0 {
		t.Fatalf("%v, %v", devices, err)
	}
	for _, d := range devices {
		if d.Name == "" || d.MemoryFree > d.MemoryTotal {
			t.Errorf("%+v", d)
		}
	}
}

// TestLoadErrors gives the engine files that are none.
func TestLoadErrors(t *testing.T) {
	whole, err := os.ReadFile(testmodel.SmolLM2(t))
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := slices.Clone(whole[:1<<21])
		b[at] ^= 0xff
		return b
	}
	for name, data := range map[string][]byte{
		"empty":             {},
		"text":              []byte("this is not a model"),
		"magic only":        []byte("GGUF"),
		"version 99":        append([]byte("GGUF\x63\x00\x00\x00"), make([]byte, 64)...),
		"absurd counts":     append([]byte("GGUF\x03\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 64)...),
		"header cut":        whole[:1000],
		"vocabulary cut":    whole[:1<<20],
		"weights cut":       whole[:len(whole)/2],
		"last byte missing": whole[:len(whole)-1],
		"tensor count":      flip(8),
		"key count":         flip(16),
		"key length":        flip(24),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "model.gguf")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := llama.LoadModel(path, llama.DefaultModelParams())
			if err == nil {
				m.Close()
				t.Fatal("it was loaded")
			}
			if !errors.Is(err, llama.ErrEngine) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := llama.LoadModel("a\x00b", llama.DefaultModelParams()); !errors.Is(err, llama.ErrInvalid) {
		t.Errorf("a path with NUL: %v", err)
	}
	if n := llama.Live(); n != 0 {
		t.Errorf("%d handles are open after failed loads", n)
	}
}

func TestLoadProgressAndCancel(t *testing.T) {
	p := llama.DefaultModelParams()
	var seen []float32
	p.Progress = func(f float32) bool { seen = append(seen, f); return true }
	m, err := llama.LoadModel(testmodel.SmolLM2(t), p)
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	if !slices.IsSorted(seen) || len(seen) < 3 || seen[len(seen)-1] != 1 {
		t.Errorf("progress %v", seen)
	}
	p.Progress = func(f float32) bool { return f < 0.5 }
	if _, err := llama.LoadModel(testmodel.SmolLM2(t), p); !errors.Is(err, llama.ErrCanceled) {
		t.Errorf("a load that was stopped: %v", err)
	}
}

func TestKVTypes(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	b := newBatch(t, 8, 1)
	for _, name := range llama.KVTypes {
		kv, err := llama.ParseKVType(name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := m.NewContext(func() llama.ContextParams { p := smallParams(); p.KeyType, p.ValueType = kv, kv; return p }())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		fill(t, b, 8, 0)
		if err := c.Decode(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
	}
	for _, name := range []string{"", "q2_k", "F16", "i32"} {
		if _, err := llama.ParseKVType(name); !errors.Is(err, llama.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestLogits(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	c := newContext(t, m, nil)
	b := newBatch(t, 8, 1)
	fill(t, b, 8, 0)
	if err := c.Decode(b); err != nil {
		t.Fatal(err)
	}
	last, err := c.Logits(7)
	if err != nil || len(last) != 49152 {
		t.Fatalf("%d logits, %v", len(last), err)
	}
	if same, err := c.Logits(-1); err != nil || &same[0] != &last[0] {
		t.Errorf("row -1 is not row 7: %v", err)
	}
}

func TestCancelDecode(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	c := newContext(t, m, func(p *llama.ContextParams) { p.Context, p.Batch, p.Ubatch = 2048, 2048, 16 })
	b := newBatch(t, 2048, 1)
	const ubatch = 16
	fill(t, b, ubatch, 0)
	start := time.Now()
	if err := c.Decode(b); err != nil {
		t.Fatal(err)
	}
	one := time.Since(start)
	fill(t, b, 2048-ubatch, ubatch)
	var cancelled time.Time
	time.AfterFunc(4*one, func() { cancelled = time.Now(); c.Cancel(true) })
	err := c.Decode(b)
	if took := time.Since(cancelled); !errors.Is(err, llama.ErrCanceled) || took > 200*time.Millisecond+one {
		t.Errorf("%v, %v after the cancel", err, took)
	}
	if err := c.Decode(b); !errors.Is(err, llama.ErrCanceled) {
		t.Errorf("a decode while cancelled: %v", err)
	}
	c.Cancel(false)
	_, last, err := c.Memory().Range(0)
	if err != nil || last < ubatch || last >= 2047 {
		t.Errorf("not only the finished ubatches are in memory: %d, %v", last, err)
	}
	fill(t, b, 4, last+1)
	if err := c.Decode(b); err != nil {
		t.Errorf("a decode after the cancel was taken back: %v", err)
	}
}

func TestMemory(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	c := newContext(t, m, func(p *llama.ContextParams) { p.Sequences = 2; p.UnifiedKV = true })
	b := newBatch(t, 16, 1)
	fill(t, b, 16, 0)
	if err := c.Decode(b); err != nil {
		t.Fatal(err)
	}
	mem := c.Memory()
	check := func(what string, sequence, first, last int) {
		t.Helper()
		if f, l, err := mem.Range(sequence); err != nil || f != first || l != last {
			t.Errorf("%s: positions %d to %d, %v; want %d to %d", what, f, l, err, first, last)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check("decoded", 0, 0, 15)
	if ok, err := mem.Remove(0, 12, -1); !ok || err != nil {
		t.Errorf("remove: %v, %v", ok, err)
	}
	check("cut", 0, 0, 11)
	must(mem.Copy(0, 1, 0, -1))
	check("copied", 1, 0, 11)
	if ok, err := mem.Remove(0, 0, 4); !ok || err != nil {
		t.Errorf("remove: %v, %v", ok, err)
	}
	must(mem.Keep(0))
	check("kept", 1, -1, -1)
	must(mem.Shift(0, 4, -1, -4))
	check("shifted", 0, 0, 7)
	must(mem.Divide(0, 0, -1, 2))
	check("divided", 0, 0, 3)
	must(mem.Clear())
	check("cleared", 0, -1, -1)
	if !mem.CanShift() {
		t.Error("plain attention can be shifted")
	}
}

func TestBatch(t *testing.T) {
	b := newBatch(t, 2, 2)
	if err := b.Add(1, 0, false); !errors.Is(err, llama.ErrInvalid) {
		t.Errorf("no sequence: %v", err)
	}
	if err := b.Add(1, 0, false, 0, 1, 2); !errors.Is(err, llama.ErrInvalid) {
		t.Errorf("three sequences: %v", err)
	}
	for i := range 2 {
		if err := b.Add(1, i, false, 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Add(1, 2, false, 0); !errors.Is(err, llama.ErrBatchFull) {
		t.Errorf("a third token: %v", err)
	}
	if b.Len() != 2 || b.Cap() != 2 {
		t.Errorf("%d of %d tokens", b.Len(), b.Cap())
	}
}

func TestPieces(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	got, err := m.AppendPiece([]byte("x"), m.Info().EOS, true)
	if err != nil || string(got) != "x<|im_end|>" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := m.AppendPiece(nil, m.Info().EOS, false); err != nil || len(got) != 0 {
		t.Errorf("%q, %v", got, err)
	}
	if !m.IsEOG(m.Info().EOS) || !m.IsControl(m.Info().EOS) || m.IsEOG(1000) {
		t.Error("end of generation is not told apart")
	}
}

func TestCloseOrder(t *testing.T) {
	m := load(t, testmodel.SmolLM2(t))
	c, err := m.NewContext(smallParams())
	if err != nil {
		t.Fatal(err)
	}
	err = m.Close()
	if !errors.Is(err, llama.ErrBusy) || !strings.Contains(err.Error(), "1 of its children") {
		t.Errorf("close under a context: %v", err)
	}
	for i, want := range []error{nil, llama.ErrClosed} {
		if err := c.Close(); !errors.Is(err, want) {
			t.Errorf("close %d of the context: %v", i+1, err)
		}
	}
	for i, want := range []error{nil, llama.ErrClosed} {
		if err := m.Close(); !errors.Is(err, want) {
			t.Errorf("close %d of the model: %v", i+1, err)
		}
	}
	if _, err := m.NewContext(smallParams()); !errors.Is(err, llama.ErrClosed) {
		t.Errorf("a context of a closed model: %v", err)
	}
}

// TestLeakIsReported loses a handle and waits for the report with its place.
func TestLeakIsReported(t *testing.T) {
	var log syncBuffer
	llama.SetLogger(slog.New(slog.NewTextHandler(&log, nil)), slog.LevelError)
	defer llama.SetLogger(nil, 0)
	func() {
		if _, err := llama.NewBatch(1, 1); err != nil {
			t.Fatal(err)
		}
	}()
	for range 100 {
		runtime.GC()
		if text := log.String(); strings.Contains(text, "never closed") {
			if !strings.Contains(text, "handle=batch") || !strings.Contains(text, "llama_test.go") {
				t.Errorf("the report is %q", text)
			}
			llama.ForgetLeak()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("nothing was reported")
}

func TestLogger(t *testing.T) {
	var log syncBuffer
	llama.SetLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), slog.LevelInfo)
	load(t, testmodel.SmolLM2(t)).Close()
	llama.SetLogger(nil, 0)
	text := log.String()
	if !strings.Contains(text, "level=INFO") || !strings.Contains(text, "general.architecture") {
		t.Errorf("the log is %.300q", text)
	}
	before := len(text)
	load(t, testmodel.SmolLM2(t))
	if len(log.String()) != before {
		t.Error("the engine logs although it was silenced")
	}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestSimulatedModel: a model loaded without memory says what it would take, and
// refuses to compute.
func TestSimulatedModel(t *testing.T) {
	whole := load(t, testmodel.SmolLM2(t))
	p := llama.DefaultModelParams()
	p.NoAlloc = true
	m, err := llama.LoadModel(testmodel.SmolLM2(t), p)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	simulated := newContext(t, m, nil)
	b := newBatch(t, 4, 1)
	fill(t, b, 4, 0)
	if err := simulated.Decode(b); !errors.Is(err, llama.ErrInvalid) {
		t.Errorf("%v", err)
	}
	real := newContext(t, whole, nil)
	total := func(c *llama.Context) (n uint64) {
		for _, use := range c.MemoryUse() {
			n += use.Context + use.Compute
		}
		return n
	}
	if s, r := total(simulated), total(real); s != r || r == 0 {
		t.Errorf("simulated %d bytes, real %d", s, r)
	}
	simulated.Close()
	real.Close()
}

func TestAssertionOnThisThreadIsAnError(t *testing.T) {
	for range 2 {
		code, message := reference.Assert(false)
		if llama.KindOf(code) != llama.ErrAssertion || !strings.Contains(message, "for a test") {
			t.Errorf("code %d, %q", code, message)
		}
	}
}

// TestAssertionElsewhereEndsTheProcess: with the message, at once, without a
// debugger and its backtrace. It runs itself in a child.
func TestAssertionElsewhereEndsTheProcess(t *testing.T) {
	if os.Getenv("LLAMA_TEST_ASSERT") != "" {
		reference.Assert(true)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "LLAMA_TEST_ASSERT=1", "GOTRACEBACK=none")
	begin := time.Now()
	out, err := child.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "llm: engine assertion failed") || !strings.Contains(string(out), "for a test") {
		t.Errorf("%v: %.500s", err, out)
	}
	if strings.Contains(string(out), "gdb") || strings.Contains(string(out), "libthread_db") || time.Since(begin) > 5*time.Second {
		t.Errorf("it took %v: %.500s", time.Since(begin), out)
	}
}

func TestCodes(t *testing.T) {
	seen := map[error]bool{}
	for code := 1; code <= 7; code++ {
		kind := llama.KindOf(code)
		err := error(&llama.Error{Op: "decode", Kind: kind})
		if strings.Contains(kind.Error(), "unknown") || seen[kind] || !errors.Is(err, kind) {
			t.Errorf("code %d is %v", code, kind)
		}
		seen[kind] = true
	}
	if !strings.Contains(llama.KindOf(99).Error(), "unknown code 99") {
		t.Error("an unknown code has a kind")
	}
}
