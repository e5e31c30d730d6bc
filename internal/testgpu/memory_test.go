package testgpu

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// shrink gives FAKE0 another size for the time of a test.
func shrink(t *testing.T, bytes uint64) {
	reference.SetGPUMemory(0, bytes)
	t.Cleanup(func() { reference.SetGPUMemory(0, memory) })
}

// TestOutOfMemory: the error says where, how much is needed, and how much is free; what is
// asked for next works.
func TestOutOfMemory(t *testing.T) {
	one := llm.UseDevices("FAKE0")
	whole := open(t, one)
	var need, weights uint64
	for _, use := range whole.Info().Memory {
		if use.Buffer == "FAKE0" {
			need, weights = need+use.Model+use.Context+use.Compute, weights+use.Model
		}
	}
	want := greedy(t, whole)
	whole.Close()
	for name, c := range map[string]struct{ total, need uint64 }{
		"of weights":     {weights - 1<<20, need},
		"of the context": {weights + 1<<20, need - weights},
		"of computation": {need - 1<<10, need - weights},
		"all of it":      {1, need},
	} {
		t.Run(name, func(t *testing.T) {
			shrink(t, c.total)
			_, err := try(t, testmodel.SmolLM2(t), one)
			var lack *llm.ErrOutOfMemory
			if !errors.As(err, &lack) {
				t.Fatalf("%v, want an *ErrOutOfMemory", err)
			}
			free := c.total
			if c.need != need {
				free -= weights
			}
			if lack.Device != "FAKE0" || lack.Need != c.need || lack.Free != free {
				t.Errorf("%+v, want %d of %d", lack, c.need, free)
			}
			if text := err.Error(); !strings.Contains(text, "on FAKE0") || !strings.Contains(text, "fewer layers") || strings.Count(text, "open model") != 1 {
				t.Error(text)
			}
			t.Log(err)
			shrink(t, max(c.total, weights))
			m := open(t, one, llm.GPULayers(6))
			if text := greedy(t, m); text != want || layers(m)["FAKE0"] != 6 {
				t.Errorf("%q with layers %v, want %q with 6", text, layers(m), want)
			}
		})
	}
}

// TestFullDevice: where nothing is free, the engine's own division would be one by 0.
func TestFullDevice(t *testing.T) {
	m := open(t, llm.UseDevices("FAKE0"))
	defer m.Close()
	shrink(t, reference.GPUUsed(0))
	_, err := try(t, testmodel.SmolLM2(t), llm.UseDevices("FAKE0"))
	var lack *llm.ErrOutOfMemory
	if !errors.As(err, &lack) || lack.Device != "FAKE0" || lack.Free != 0 {
		t.Fatal(err)
	}
	greedy(t, m)
}

// TestFullSecondDevice: of two devices the one is named that lacks memory.
func TestFullSecondDevice(t *testing.T) {
	shrink(t, 8<<20)
	for _, shares := range [][]float32{{1, 1}, {1, 30}} {
		m, err := try(t, testmodel.SmolLM2(t), llm.UseDevices("FAKE1", "FAKE0"), llm.TensorSplit(shares...))
		var lack *llm.ErrOutOfMemory
		if !errors.As(err, &lack) || lack.Device != "FAKE0" || lack.Free != 8<<20 || lack.Need < lack.Free {
			t.Errorf("%v, %v: %v", shares, m, err)
		}
	}
}

// TestEmbeddingContext: the context for embeddings is made later.
func TestEmbeddingContext(t *testing.T) {
	m := open(t, llm.UseDevices("FAKE0"))
	shrink(t, reference.GPUUsed(0)+1<<10)
	_, err := m.Embed(t.Context(), []string{"hello"})
	var lack *llm.ErrOutOfMemory
	if !errors.As(err, &lack) || lack.Device != "FAKE0" || lack.Free != 1<<10 {
		t.Fatal(err)
	}
	shrink(t, memory)
	if e, err := m.Embed(t.Context(), []string{"hello"}); err != nil || math.IsNaN(float64(e.Vectors[0][0])) {
		t.Error(e, err)
	}
	greedy(t, m)
}

// TestDecodeOutOfMemory: a computation that finds no memory is an error, and the next works.
func TestDecodeOutOfMemory(t *testing.T) {
	m := open(t, llm.UseDevices("FAKE0"))
	want := greedy(t, m)
	reference.FailGPU(0, false)
	_, err := generate(m)
	var lack *llm.ErrOutOfMemory
	if !errors.As(err, &lack) || lack.Device != "FAKE0" || !errors.Is(err, llama.ErrDecode) {
		t.Fatal(err)
	}
	if text := greedy(t, m); text != want {
		t.Errorf("%q afterwards, %q before", text, want)
	}
}
