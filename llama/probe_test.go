package llama_test

import (
	"context"
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// quickly is to probe the CPU, in one round, or a few, with little memory.
func quickly(t *testing.T) llama.ProbeParams {
	t.Helper()
	all, err := llama.Devices()
	cpu := slices.IndexFunc(all, func(d llama.Device) bool { return d.Type == llama.DeviceCPU })
	if err != nil || cpu < 0 {
		t.Fatal(all, err)
	}
	return llama.ProbeParams{Device: cpu, MaxBytes: 64 << 20}
}

func TestProbes(t *testing.T) {
	quick := quickly(t)
	ctx := context.Background()
	c, err := llama.ProbeCopy(ctx, quick)
	if err != nil || c.Rounds < 1 || c.Bytes != quick.MaxBytes || c.Best <= 0 || c.Median < c.Best {
		t.Errorf("copy: %+v, %v", c, err)
	}
	for _, kind := range []string{"f16", "q4_0", "q4_K"} {
		for _, columns := range []int{1, 32, 512} {
			p, err := llama.ProbeProduct(ctx, quick, kind, columns)
			if err != nil || p.Rounds < 1 || p.Best <= 0 || p.Median < p.Best || p.Columns < 1 || p.Columns > columns {
				t.Errorf("%s, %d columns: %+v, %v", kind, columns, p, err)
			}
			if weights := p.Flop / (2 * float64(p.Columns)); weights < 1024*1024 || p.Bytes > quick.MaxBytes || float64(p.Bytes) > 2*weights {
				t.Errorf("%s: %g weights of %d bytes", kind, weights, p.Bytes)
			}
		}
	}
}

// TestProbeAccuracy: activations rounded to 8 bits make some 1.5e-5; 32-bit floats nothing.
func TestProbeAccuracy(t *testing.T) {
	quick := quickly(t)
	for kind, most := range map[string]float64{"f32": 1e-12, "f16": 1e-6, "bf16": 1e-4, "q4_0": 1e-4, "q8_0": 1e-4, "q2_K": 1e-4, "q4_K": 1e-4, "q6_K": 1e-4, "iq4_xs": 1e-4, "mxfp4": 1e-4} {
		if nmse, err := llama.ProbeAccuracy(quick, kind); err != nil || !(nmse > 0 && nmse < most) {
			t.Errorf("%s: %g, %v", kind, nmse, err)
		}
	}
}

func TestProbeGuards(t *testing.T) {
	quick := quickly(t)
	ctx := context.Background()
	bad := func(change func(*llama.ProbeParams)) llama.ProbeParams {
		p := quick
		change(&p)
		return p
	}
	for name, p := range map[string]llama.ProbeParams{
		"a device that is not there": bad(func(p *llama.ProbeParams) { p.Device = 1000 }),
		"a negative device":          bad(func(p *llama.ProbeParams) { p.Device = -1 }),
		"too many threads":           bad(func(p *llama.ProbeParams) { p.Threads = 1 << 20 }),
		"negative threads":           bad(func(p *llama.ProbeParams) { p.Threads = -1 }),
		"a negative time":            bad(func(p *llama.ProbeParams) { p.Time = -1 }),
	} {
		_, copied := llama.ProbeCopy(ctx, p)
		_, multiplied := llama.ProbeProduct(ctx, p, "f16", 1)
		_, accuracy := llama.ProbeAccuracy(p, "f16")
		for _, err := range []error{copied, multiplied, accuracy} {
			if !errors.Is(err, llama.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	for _, kind := range []string{"", "f17", "i32", "q8_K"} {
		if _, err := llama.ProbeProduct(ctx, quick, kind, 1); err == nil {
			t.Errorf("weights of type %q are multiplied", kind)
		}
		if _, err := llama.ProbeAccuracy(quick, kind); err == nil {
			t.Errorf("weights of type %q are accurate", kind)
		}
	}
	for _, columns := range []int{-1, 0, 1 << 20} {
		if _, err := llama.ProbeProduct(ctx, quick, "f16", columns); !errors.Is(err, llama.ErrInvalid) {
			t.Errorf("%d columns: %v", columns, err)
		}
	}
	small := bad(func(p *llama.ProbeParams) { p.MaxBytes = 1000 })
	_, copied := llama.ProbeCopy(ctx, small)
	_, multiplied := llama.ProbeProduct(ctx, small, "f16", 1)
	if !errors.Is(copied, llama.ErrEngine) || !errors.Is(multiplied, llama.ErrEngine) {
		t.Errorf("without memory: %v, %v", copied, multiplied)
	}
}

// TestProbeCancel: a probe of an hour ends between two rounds.
func TestProbeCancel(t *testing.T) {
	p := quickly(t)
	p.Time = time.Hour
	for _, wait := range []time.Duration{0, 200 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		defer cancel()
		_, copied := llama.ProbeCopy(ctx, p)
		_, multiplied := llama.ProbeProduct(ctx, p, "q4_0", 32)
		if !errors.Is(copied, llama.ErrCanceled) || !errors.Is(multiplied, llama.ErrCanceled) {
			t.Errorf("%v: %v, %v", wait, copied, multiplied)
		}
	}
}

// peak is how much memory the process had at most, in a unit of the system's.
func peak(t *testing.T) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return float64(u.Maxrss)
}

// TestProbesLeakNothing: 20 probes of 64 MiB take no more memory than three.
func TestProbesLeakNothing(t *testing.T) {
	quick := quickly(t)
	rounds := func(n int) {
		for range n {
			if _, err := llama.ProbeCopy(context.Background(), quick); err != nil {
				t.Fatal(err)
			}
			if _, err := llama.ProbeProduct(context.Background(), quick, "f16", 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	rounds(3)
	before := peak(t)
	rounds(10)
	if after := peak(t); after > 1.3*before {
		t.Errorf("%.0f, before %.0f", after, before)
	}
}

func TestProbeLogits(t *testing.T) {
	ctx := context.Background()
	path := testgguf.Decoder(1).Write(t, "model.gguf")
	tokens := []llama.Token{5, 9, 200, 7, 7, 300, 1, 42}
	p := llama.LogitsParams{Device: llama.CPUAlone, Prompt: 8, Batch: 8}
	first, vocab, err := llama.Logits(ctx, path, tokens, p)
	if err != nil || len(first) != 8*vocab {
		t.Fatalf("%d numbers for %d tokens, %v", len(first), vocab, err)
	}
	p.Device, p.Prompt, p.Batch = quickly(t).Device, 3, 2
	var reached float32
	p.Progress = func(fraction float32) { reached = fraction }
	second, _, err := llama.Logits(ctx, path, tokens, p)
	if err != nil || reached < 0.9 {
		t.Fatalf("%g, %v", reached, err)
	}
	for i := range first {
		if d := first[i] - second[i]; d > 0.01 || d < -0.01 {
			t.Fatalf("logit %d: %g and %g", i, first[i], second[i])
		}
	}
	if m := load(t, path); len(first) != 8*m.Info().Vocab || slices.Max(first[:vocab]) == slices.Min(first[:vocab]) {
		t.Errorf("%d logits for %d tokens: %g", len(first), m.Info().Vocab, first[:4])
	}
}

func TestProbeLogitsGuards(t *testing.T) {
	ctx := context.Background()
	path := testgguf.Decoder(1).Write(t, "model.gguf")
	good := llama.LogitsParams{Device: llama.CPUAlone, Prompt: 1, Batch: 1}
	for name, c := range map[string]struct {
		path   string
		tokens []llama.Token
		change func(*llama.LogitsParams)
	}{
		"no tokens":            {path, nil, nil},
		"a token too far":      {path, []llama.Token{1 << 20}, nil},
		"a negative token":     {path, []llama.Token{-1}, nil},
		"no device":            {path, []llama.Token{1}, func(p *llama.LogitsParams) { p.Device = 1000 }},
		"a negative device":    {path, []llama.Token{1}, func(p *llama.LogitsParams) { p.Device = -2 }},
		"no batch":             {path, []llama.Token{1}, func(p *llama.LogitsParams) { p.Batch = 0 }},
		"too long a prompt":    {path, []llama.Token{1}, func(p *llama.LogitsParams) { p.Prompt = 2 }},
		"too many threads":     {path, []llama.Token{1}, func(p *llama.LogitsParams) { p.Threads = 1 << 20 }},
		"a path with a NUL":    {"a\x00b", []llama.Token{1}, nil},
		"a model of two parts": {testgguf.EncoderDecoder(1).Write(t, "t5.gguf"), []llama.Token{1}, nil},
	} {
		p := good
		if c.change != nil {
			c.change(&p)
		}
		if _, _, err := llama.Logits(ctx, c.path, c.tokens, p); !errors.Is(err, llama.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := llama.Logits(ctx, "none.gguf", []llama.Token{1}, good); !errors.Is(err, llama.ErrEngine) {
		t.Errorf("no file: %v", err)
	}
	for _, after := range []float32{0, 0.5} { // while it loads, while it decodes
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		reached := float32(0)
		good.Progress = func(fraction float32) {
			if reached = fraction; fraction >= after {
				cancel()
			}
		}
		if _, _, err := llama.Logits(ctx, path, []llama.Token{1, 2, 3}, good); !errors.Is(err, llama.ErrCanceled) || reached > after+0.3 {
			t.Errorf("cancelled at %g: %v at %g", after, err, reached)
		}
	}
	if n := llama.Live(); n != 0 {
		t.Errorf("%d handles are open", n)
	}
}
