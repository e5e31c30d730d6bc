package engine

import (
	"errors"
	"fmt"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// largeContext is where a context can take more memory than there is: from here on
// it is simulated first. (The system would grant the memory, and kill the process
// when it is used.)
const largeContext = 16384

// checkMemory refuses a context that cannot fit the memory of the host, by asking
// the engine itself, without allocating.
func checkMemory(path string, o Options, p llama.ContextParams) error {
	if p.Context < largeContext {
		return nil
	}
	free, ok := hostMemoryFree()
	if !ok {
		return nil
	}
	need, err := contextNeeds(path, o, p)
	var impossible *plan.Impossible
	switch {
	case errors.As(err, &impossible):
		return nil // the engine will say so
	case err != nil:
		return err
	}
	if need > free {
		return &chat.ErrOutOfMemory{What: fmt.Sprintf("a context of %d tokens, beside the weights,", p.Context), Need: need, Free: free}
	}
	return nil
}

// contextNeeds is what a context takes in host memory, in bytes.
func contextNeeds(path string, o Options, p llama.ContextParams) (uint64, error) {
	planned, err := simulate(path, &o, &p)
	if err != nil {
		return 0, err
	}
	return planned.Host.KV + planned.Host.Compute, nil
}

// hostMemoryFree is the CPU device's free memory in bytes.
func hostMemoryFree() (uint64, bool) {
	devices, err := llama.Devices()
	if err != nil {
		return 0, false
	}
	for _, d := range devices {
		if d.Type == llama.DeviceCPU && d.MemoryFree > 0 {
			return d.MemoryFree, true
		}
	}
	return 0, false
}
