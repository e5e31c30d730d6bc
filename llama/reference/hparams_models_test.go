package reference_test

import (
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestHyperOfRealModels: also the memory that a context of these models has.
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
			engine := parseLines(text)
			c.compare(path, engine, describe(model{f, h}, context, gguf.F16, gguf.F16))
		}
	}
}
