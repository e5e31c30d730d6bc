package reference_test

import (
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestHyperOfRealModels: with the memory of their contexts as well.
func TestHyperOfRealModels(t *testing.T) {
	c := newComparison(t)
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		f, err := gguf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		h, err := f.Hyper()
		if err != nil {
			t.Fatal(err)
		}
		for _, context := range []int{1, 300, contextTokens, h.Context} {
			text, err := reference.Hparams(path, context, int(gguf.F16), int(gguf.F16))
			if err != nil {
				t.Fatal(err)
			}
			c.compare(path, parseLines(text), describe(model{f, h}, context, gguf.F16, gguf.F16))
		}
		for _, context := range []int{300, contextTokens, h.Context} {
			if ours, ok := h.KVBytes(context, gguf.F16, gguf.F16); !ok || uint64(ours) != contextBytes(t, path, context) {
				t.Errorf("%s: a context of %d tokens has %d bytes, gguf says %d", path, context, contextBytes(t, path, context), ours)
			}
		}
	}
}

// contextBytes is what a context says that it would take, beside the buffers of the
// computation.
func contextBytes(t *testing.T, path string, tokens int) (bytes uint64) {
	t.Helper()
	p := llama.DefaultModelParams()
	p.NoAlloc = true
	m, err := llama.LoadModel(path, p)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	q := llama.DefaultContextParams()
	q.Context, q.FullSWA = tokens, false
	c, err := m.NewContext(q)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, use := range c.MemoryUse() {
		bytes += use.Context
	}
	return bytes
}
