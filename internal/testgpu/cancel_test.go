package testgpu

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestCancel: a device does not look up from its work, so that a request stops between two
// pieces of its prompt.
func TestCancel(t *testing.T) {
	m := open(t, llm.UseDevices("FAKE0"), llm.BatchSize(256, 8))
	prompt := strings.Repeat("one two three ", 20)
	run := func(ctx context.Context) (nodes int, err error) {
		before := reference.GPUNodes(0)
		for _, err = range m.Generate(ctx, prompt, llm.MaxTokens(1), llm.NoReuse()) {
		}
		return reference.GPUNodes(0) - before, err
	}
	all, err := run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := reference.GPUNodes(0)
	go func() {
		for reference.GPUNodes(0) == before {
			runtime.Gosched()
		}
		cancel()
	}()
	if nodes, err := run(ctx); !errors.Is(err, context.Canceled) || nodes >= all {
		t.Errorf("%d nodes of %d were computed: %v", nodes, all, err)
	}
}
