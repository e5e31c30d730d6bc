package testheader

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// use is what the engine would take for a file, without taking it.
func use(t *testing.T, path string, sequences int) (all llama.MemoryUse) {
	t.Helper()
	p := llama.DefaultModelParams()
	// Not repacked: where the CPU has AMX, that puts attn_k_b of MLA into a buffer whose
	// kernels take no permuted input, and the engine finds nobody to compute with it
	// (ggml/src/ggml-cpu/amx/amx.cpp@v0.5.0).
	p.NoAlloc, p.Placement.Repack = true, false
	m, err := llama.LoadModel(path, p)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	cp := llama.DefaultContextParams()
	cp.Context, cp.Sequences, cp.Threads, cp.ThreadsBatch = 4096, sequences, 1, 1
	c, err := m.NewContext(cp)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, u := range c.MemoryUse() {
		all.Model += u.Model
		all.Context += u.Context
		all.Compute += u.Compute
	}
	return all
}

// TestEngineTakesEveryModel: each loads and makes a context, and its weights are those of
// the tensor table.
func TestEngineTakesEveryModel(t *testing.T) {
	for _, name := range Names() {
		for _, fileType := range []string{"F16", "Q8_0", "Q4_K_M"} {
			t.Run(name+" "+fileType, func(t *testing.T) {
				path := Write(t, name, fileType)
				f, err := gguf.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				var weights int64
				for _, x := range f.Tensors {
					n, _ := x.Size()
					weights += n
				}
				u := use(t, path, 1)
				// The table of tokens is there twice where the output has none of its own.
				if u.Model < uint64(weights) || u.Compute == 0 {
					t.Errorf("the engine takes %+v; the tensors have %d bytes", u, weights)
				}
				if h, err := f.Hyper(); err != nil || len(h.Layers) == 0 {
					t.Errorf("hyper-parameters: %v", err)
				}
			})
		}
	}
}

// TestSizesArePlausible: within half a percent of files that are published, which have a
// vocabulary.
func TestSizesArePlausible(t *testing.T) {
	for _, published := range []struct {
		name, fileType string
		gigabytes      float64
	}{
		{"llama-3.1-70b", "Q4_K_M", 42.52}, {"llama-3.1-8b", "Q4_K_M", 4.92}, {"llama-3.1-8b", "Q8_0", 8.54},
		{"llama-3.1-8b", "F16", 16.07}, {"llama-2-7b", "Q4_K_M", 4.08}, {"llama-2-7b", "Q8_0", 7.16},
		{"qwen2.5-32b", "Q4_K_M", 19.85}, {"mixtral-8x7b", "Q8_0", 49.63}, {"gemma3-27b", "Q4_K_M", 16.55},
		{"qwen3-30b-a3b", "Q4_K_M", 18.56}, {"deepseek-v2-lite", "Q4_K_M", 10.36},
	} {
		info, err := os.Stat(Write(t, published.name, published.fileType))
		if err != nil {
			t.Fatal(err)
		}
		if ratio := float64(info.Size()) / 1e9 / published.gigabytes; math.Abs(ratio-1) > 0.005 {
			t.Errorf("%s %s: %d bytes are %.4f of the published file", published.name, published.fileType, info.Size(), ratio)
		}
	}
}

// TestVocabulary: the engine reads as many tokens as the model has.
func TestVocabulary(t *testing.T) {
	p := llama.DefaultModelParams()
	p.NoAlloc = true
	m, err := llama.LoadModel(WriteWithVocabulary(t, "qwen3-0.6b", "Q8_0"), p)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if n := m.Info().Vocab; n != 151936 {
		t.Errorf("%d tokens", n)
	}
}

func TestPathRefuses(t *testing.T) {
	for _, r := range [][2]string{{"gpt-7", "F16"}, {"llama-2-7b", "Q4"}, {"llama-2-7b", ""}} {
		if path, err := Path(r[0], r[1]); err == nil {
			t.Errorf("%v: %s", r, path)
		}
	}
}

// TestEngineTakesTinyModels: each loads and makes a context.
func TestEngineTakesTinyModels(t *testing.T) {
	paths := Tiny(t)
	if len(paths) < 100 {
		t.Errorf("%d models", len(paths))
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			if u := use(t, path, 1); u.Model == 0 || u.Compute == 0 {
				t.Errorf("the engine takes %+v", u)
			}
		})
	}
}

// TestRetyped: the header of a real model in the types that it has comes out as it is.
func TestRetyped(t *testing.T) {
	path := testmodel.Gemma3(t)
	real, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	again, err := Retyped(path, "Q4_K_M")
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(again)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i, x := range f.Tensors {
		if want := real.Tensors[i]; x.Name != want.Name || x.Type != want.Type {
			t.Errorf("%s is %v, in the real file %s %v", x.Name, x.Type, want.Name, want.Type)
		}
	}
	if use(t, again, 1) != use(t, path, 1) {
		t.Error("the engine takes something else for it")
	}
}
