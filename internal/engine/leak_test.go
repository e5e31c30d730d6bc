package engine

import (
	"context"
	"runtime"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestOpenAndCloseLeaksNothing opens, uses and closes a model again and again.
func TestOpenAndCloseLeaksNothing(t *testing.T) {
	cycle := func() {
		e, err := Open(context.Background(), testmodel.SmolLM2(t), Options{Context: 512})
		if err != nil {
			t.Fatal(err)
		}
		mustGenerate(t, e, greedy(ask("hello"), 4))
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if n := llama.Live(); n != 0 {
			t.Fatalf("%d handles are open after Close", n)
		}
	}
	for range 3 {
		cycle()
	}
	goroutines, before := runtime.NumGoroutine(), reference.HeapBytes()
	if before == 0 {
		t.Fatal("the C allocator does not say what is in use")
	}
	for range 20 {
		cycle()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	// A leaked vocabulary, context or thread pool would be 20 times more than this.
	if after := reference.HeapBytes(); after > before+1<<20 {
		t.Errorf("%d KiB of C memory after 20 rounds, %d before", after>>10, before>>10)
	} else {
		t.Logf("%d KiB of C memory after 20 rounds, %d before", after>>10, before>>10)
	}
}
