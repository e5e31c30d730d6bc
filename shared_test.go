package llm_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

func textOf(t *testing.T, m *llm.Model) (text string) {
	t.Helper()
	for ev, err := range m.Generate(context.Background(), "a", llm.Temperature(0), llm.MaxTokens(8), llm.IgnoreEOG()) {
		if err != nil {
			t.Fatal(err)
		}
		text += ev.Text
	}
	return text
}

// TestSharedWeights: weights live as long as the last model that has them, and are found by
// their number for as long.
func TestSharedWeights(t *testing.T) {
	path := testgguf.Decoder(1).Write(t, "model.gguf")
	before := llama.Live()
	first, err := llm.Open(path, llm.ContextSize(64), llm.Threads(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	id := first.WeightsID()
	second, err := llm.Open(path, llm.SharedWeights(id), llm.ContextSize(512), llm.Threads(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	want := textOf(t, first)
	if second.WeightsID() != id || second.Info().Context.Context == first.Info().Context.Context {
		t.Errorf("weights %d, context %d", second.WeightsID(), second.Info().Context.Context)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := textOf(t, second); got != want || want == "" {
		t.Errorf("%q and %q", got, want)
	}
	if first.WeightsID() != 0 {
		t.Error("a closed model has weights")
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if llama.Live() != before {
		t.Errorf("%d handles are open, %d were", llama.Live(), before)
	}
	for _, id := range []uint64{id, 1 << 60} {
		if m, err := llm.Open(path, llm.SharedWeights(id)); err == nil {
			t.Errorf("weights %d: %v", id, m.Close())
		}
	}
	if m, err := llm.Open(path, llm.SharedWeights(7), llm.WorkerProgram(filepath.Join(t.TempDir(), "none"))); err == nil {
		t.Errorf("a child shares weights: %v", m.Close())
	}
}
