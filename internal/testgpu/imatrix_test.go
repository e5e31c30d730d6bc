package testgpu

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// TestImatrixOfDevices: what is collected of layers on devices, and of experts, has the names
// of the file and the sums of the CPU.
func TestImatrixOfDevices(t *testing.T) {
	path := testgguf.Mixture(5).Write(t, "mixture.gguf")
	onCPU := llama.DefaultModelParams().Placement
	onCPU.Devices = []string{llama.NoDevice}
	want := collected(t, path, onCPU)
	if len(want) == 0 {
		t.Fatal("nothing was collected")
	}
	for name, split := range map[string][]float32{"one device": {1, 0}, "two devices": {1, 1}} {
		placement := llama.DefaultModelParams().Placement
		placement.TensorSplit = split
		got := collected(t, path, placement)
		for tensor, w := range want {
			g, ok := got[tensor]
			if !ok || len(g.Sums) != len(w.Sums) || len(g.Counts) != len(w.Counts) {
				t.Errorf("%s: %s: %d sums, want %d", name, tensor, len(g.Sums), len(w.Sums))
				continue
			}
			for i, x := range w.Sums {
				if math.Abs(float64(g.Sums[i]-x)) > 1e-5*math.Abs(float64(x)) {
					t.Errorf("%s: %s: sum %d is %g, want %g", name, tensor, i, g.Sums[i], x)
					break
				}
			}
			for i, n := range w.Counts {
				if g.Counts[i] != n {
					t.Errorf("%s: %s: count %d is %d, want %d", name, tensor, i, g.Counts[i], n)
				}
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d tensors, want %d", name, len(got), len(want))
		}
	}
}

// collected is what a pass of 64 tokens collects with the model placed so.
func collected(t *testing.T, path string, placement llama.PlacementParams) map[string]llama.Collected {
	t.Helper()
	p := llama.DefaultModelParams()
	p.Placement = placement
	m, err := llama.LoadModel(path, p)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if devices := strings.Join(m.LayerDevices(), " "); strings.Contains(devices, "FAKE") != (placement.Devices == nil) {
		t.Fatalf("the layers are on %s", devices)
	}
	cp := llama.DefaultContextParams()
	cp.Context, cp.Batch, cp.Ubatch, cp.Threads, cp.ThreadsBatch, cp.Collect = 64, 64, 64, 1, 1, llama.CollectOutput
	c, err := m.NewContext(cp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b, err := llama.NewBatch(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i := range 64 {
		err = errors.Join(err, b.Add(llama.Token(260+i), i, true, 0))
	}
	if err = errors.Join(err, c.Decode(b)); err != nil {
		t.Fatal(err)
	}
	entries := map[string]llama.Collected{}
	for _, e := range c.Collector().Entries() {
		if strings.Contains(e.Name, "#") {
			t.Errorf("the scheduler's name %s", e.Name)
		}
		entries[e.Name] = e
	}
	return entries
}
