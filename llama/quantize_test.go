package llama_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestQuantizeCancel: it stops before the tensor that is next, wherever that is, and leaves
// no memory behind.
func TestQuantizeCancel(t *testing.T) {
	in := testgguf.Quantizable(1).Write(t, "in.gguf")
	out := filepath.Join(t.TempDir(), "out.gguf")
	stopAfter := func(n int) (calls int, err error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		last := float32(-1)
		err = llama.Quantize(ctx, in, out, llama.QuantizeParams{FileType: fileQ4_0, Threads: 2, Progress: func(fraction float32) {
			if fraction <= last || fraction >= 1 {
				t.Errorf("progress is %g after %g", fraction, last)
			}
			last = fraction
			if calls++; calls == n {
				cancel()
			}
		}})
		return calls, err
	}
	if calls, err := stopAfter(-1); calls != 75 || err != nil {
		t.Fatalf("of 75 tensors %d were told, %v", calls, err)
	}
	for _, n := range []int{1, 2, 40, 75} {
		if calls, err := stopAfter(n); calls != n || !errors.Is(err, llama.ErrCanceled) {
			t.Errorf("cancelled before tensor %d: %d were told, %v", n, calls, err)
		}
	}
	before := reference.HeapBytes()
	for range 20 {
		stopAfter(40)
	}
	if after := reference.HeapBytes(); after > before+256<<10 {
		t.Errorf("20 cancelled runs left %d bytes", after-before)
	}
	if n := llama.Live(); n != 0 {
		t.Errorf("%d handles are still open", n)
	}
}
