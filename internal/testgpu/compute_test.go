package testgpu

import (
	"fmt"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// TestDescribedCompute: what several described devices compute in is what devices that are
// there compute in, to the byte, however many rows of logits there are.
func TestDescribedCompute(t *testing.T) {
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		for _, split := range [][]float32{{1, 1}, {1, 3}} {
			p := llama.DefaultModelParams()
			p.LoadMode, p.Placement.TensorSplit = llama.LoadRead, split
			real, err := llama.LoadModel(path, p)
			if err != nil {
				t.Fatal(err)
			}
			p.NoAlloc, p.Described = true, described(t)
			for i := range p.Described {
				p.Described[i].Backend = "cuda" // which leaves the graphs of these models as they are
			}
			simulated, err := llama.LoadModel(path, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, outputs := range []int{0, 1, 64} {
				for _, flash := range []llama.FlashAttention{llama.FlashAttentionOn, llama.FlashAttentionOff} {
					for _, offload := range []bool{true, false} {
						c := llama.DefaultContextParams()
						c.Context, c.Batch, c.Ubatch, c.Outputs = 512, 128, 128, outputs
						c.FlashAttention, c.OffloadKQV, c.Threads, c.ThreadsBatch = flash, offload, 1, 1
						if got, want := computeOf(t, simulated, c), computeOf(t, real, c); got != want {
							t.Errorf("%s, split %v, %d outputs, flash attention %d, caches on devices %v:\ndescribed %s\nreal      %s", path, split, outputs, flash, offload, got, want)
						}
					}
				}
			}
			real.Close()
			simulated.Close()
		}
	}
}

// computeOf is what a context has on each device.
func computeOf(t *testing.T, m *llama.Model, p llama.ContextParams) string {
	t.Helper()
	c, err := m.NewContext(p)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sizes := map[string][2]uint64{}
	for _, use := range c.MemoryUse() {
		if use.Device != "CPU" {
			sizes[use.Device] = [2]uint64{use.Context, use.Compute}
		}
	}
	return fmt.Sprint(sizes)
}
