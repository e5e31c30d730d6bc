package engine

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
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
	goroutines, before := runtime.NumGoroutine(), residentBytes(t)
	for range 20 {
		cycle()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	// One leaked context or model would be 20 times more than this.
	if after := residentBytes(t); after > before+40<<20 {
		t.Errorf("%d MiB resident, %d before", after>>20, before>>20)
	}
}

func residentBytes(t *testing.T) uint64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * uint64(os.Getpagesize())
}
