package speed

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

func engineRun(t *testing.T, e *Engine, g *Grid, rounds int) *Result {
	t.Helper()
	tests, err := g.Tests()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := OpenSensors(fstest.MapFS{}, nil)
	defer s.Close()
	r, err := Run(context.Background(), e, s, tests, Options{Rounds: rounds})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func smallGrid(models ...string) *Grid {
	g := plainGrid(models...)
	g.Prompts, g.Generations, g.Batches, g.Ubatches, g.Threads = []int{24}, []int{3}, []int{16}, []int{8}, []int{1}
	return g
}

func write(t *testing.T, name string, f *testgguf.File) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, f.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEngine measures models of several kinds with depths and KV types: what can be is
// measured, what does not fit is said, and nothing stays open.
func TestEngine(t *testing.T) {
	refused := map[string]string{
		"encoder.gguf":    "", // in several words
		"both.gguf":       "a decoder alone",
		"vocabulary.gguf": "no tensors",
		"none.gguf":       "file does not exist",
	}
	models := []string{write(t, "decoder.gguf", testgguf.Decoder(1)), write(t, "mixture.gguf", testgguf.Mixture(1)), write(t, "recurrent.gguf", testgguf.Recurrent(1)),
		write(t, "encoder.gguf", testgguf.Encoder(1, testgguf.PoolingMean)), write(t, "both.gguf", testgguf.EncoderDecoder(1)),
		write(t, "vocabulary.gguf", testgguf.VocabularyOnly()), filepath.Join(t.TempDir(), "none.gguf")}
	e := &Engine{}
	g := smallGrid(models...)
	g.Depths, g.PromptsAndTexts, g.KeyTypes = []int{0, 20}, []Pair{{5, 2}}, []string{"f16", "q8_0"}
	g.Generations = append(g.Generations, testgguf.Context+1)
	r := engineRun(t, e, g, 2)
	for _, row := range r.Rows {
		model := filepath.Base(row.Model)
		switch want, ok := refused[model]; {
		case ok || row.Generation > testgguf.Context:
			if !ok {
				want = "trained on 128"
			}
			if !strings.Contains(row.Error, want) || row.Speed != nil || row.Error == "" {
				t.Errorf("%s %s: %q", model, row.Test, row.Error)
			}
		case row.KeyType == "q8_0" && row.Error != "": // not every head is a multiple of a block
		case row.Error != "" || row.Speed == nil || len(row.Samples) != 2 || row.Median <= 0 || math.IsInf(row.Median, 0):
			t.Errorf("%s %s: %q, %+v", model, row.Test, row.Error, row.Speed)
		case len(row.Memory) != 1 || row.Memory[0].Device != hostName || row.Memory[0].KV == 0 || row.Memory[0].Compute == 0 || row.Memory[0].Weights == 0:
			t.Errorf("%s %s: %+v", model, row.Test, row.Memory)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if n := llama.Live(); n != 0 {
		t.Errorf("%d handles are open", n)
	}
}

// TestRewind: whatever a test does after its depth, the depth is there for the next; memory
// that cannot drop its end gets its state back.
func TestRewind(t *testing.T) {
	for name, f := range map[string]*testgguf.File{"decoder": testgguf.Decoder(1), "recurrent": testgguf.Recurrent(1)} {
		e, path := &Engine{}, write(t, name, f)
		tests := []Test{{Prompt: 24, Depth: 60}, {Generation: 24, Depth: 60}, {Prompt: 12, Generation: 12, Depth: 60}}
		for i := range tests {
			tests[i].Load = Load{path, -1, 0, "layer"}
			tests[i].Setup = Setup{512, 512, "f16", "f16", false, "auto", 1}
		}
		for i, x := range append(tests, tests...) {
			if _, err := e.Ready(context.Background(), x); err != nil {
				t.Fatal(err)
			}
			if _, last, err := e.ready.context.Memory().Range(0); err != nil || last != x.Depth-1 {
				t.Errorf("%s %s: memory ends at %d, %v", name, x.Name(), last, err)
			}
			if _, err := e.Run(context.Background(), x); err != nil {
				t.Fatal(err)
			}
			if _, last, err := e.ready.context.Memory().Range(0); err != nil || last != x.Context()-1 {
				t.Errorf("%s %s: memory ends at %d, %v", name, x.Name(), last, err)
			}
			if kept := e.ready.state != nil; i == 5 && kept != (name == "recurrent") {
				t.Errorf("%s: a state is kept: %v", name, kept)
			}
		}
		if n := len(e.loaded.contexts); n != 1 {
			t.Errorf("%d contexts for one size", n)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestKept: contexts that would take too much are closed, and made again when their turn comes.
func TestKept(t *testing.T) {
	g := smallGrid(write(t, "decoder.gguf", testgguf.Decoder(1)))
	g.Depths = []int{0, 20}
	for kept, want := range map[uint64]int{0: 4, 1: 1} {
		e := &Engine{Kept: kept}
		r := engineRun(t, e, g, 3)
		for _, row := range r.Rows {
			if row.Error != "" || len(row.Samples) != 3 {
				t.Errorf("%s: %s", row.Test, row.Error)
			}
		}
		if n := len(e.loaded.contexts); n != want {
			t.Errorf("%d contexts are open where %d bytes are kept", n, kept)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCancel: a context that is done ends a measurement with its cause.
func TestCancel(t *testing.T) {
	e := &Engine{}
	defer e.Close()
	tests, err := smallGrid(write(t, "decoder.gguf", testgguf.Decoder(1))).Tests()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("enough")
	s, _ := OpenSensors(fstest.MapFS{}, nil)
	defer s.Close()
	r, err := Run(ctx, e, s, tests, Options{Rounds: 100, Progress: func(done, _, _ int, _ Test) {
		if done == 3 {
			cancel(stop)
		}
	}})
	if !errors.Is(err, stop) || r.Rounds != 1 || r.Rows[0].Speed == nil || r.Rows[1].Speed == nil {
		t.Errorf("%v, %+v", err, r)
	}
}

// TestLacking: weights on the host are a file that is mapped; what is there already will be free.
func TestLacking(t *testing.T) {
	here := []llama.Device{{Name: "CUDA0", Type: llama.DeviceGPU, MemoryFree: 1000, MemoryTotal: 2000}, {Name: "CPU", Type: llama.DeviceCPU, MemoryFree: 100, MemoryTotal: 100}, {Name: "Silent", Type: llama.DeviceGPU}}
	for _, c := range []struct {
		need, own []Memory
		want      string
	}{
		{[]Memory{{"CUDA0", 500, 300, 200}, {hostName, 5000, 50, 50}}, nil, ""},
		{[]Memory{{"CUDA0", 500, 301, 200}}, nil, "of the memory of CUDA0"},
		{[]Memory{{"cuda0", 500, 301, 200}}, nil, "of the memory of cuda0"},
		{[]Memory{{"CUDA0", 500, 301, 200}}, []Memory{{"CUDA0", 1, 0, 0}}, ""},
		{[]Memory{{hostName, 0, 51, 50}}, nil, "of the memory of host"},
		{[]Memory{{hostName, 0, 51, 50}}, []Memory{{hostName, 100, 0, 1}}, ""},
		{[]Memory{{"Silent", 1 << 40, 0, 0}}, nil, ""},
	} {
		if err := lacking(c.need, c.own, here); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
