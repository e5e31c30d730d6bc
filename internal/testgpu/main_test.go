package testgpu

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// gpus are FAKE0 and FAKE1, with enough memory each unless a test says otherwise.
const (
	gpus   = 2
	memory = 1 << 30
)

// abortVariable makes FAKE0 of a child end its process when it computes.
const abortVariable = "LLM_TEST_GPU_ABORTS"

// smolLayers are the layers of SmolLM2, the output being one.
const smolLayers = 31

// TestMain: the program of the tests is the program of their children.
func TestMain(m *testing.M) {
	reference.AddGPUs(gpus, memory)
	if os.Getenv(abortVariable) != "" {
		reference.FailGPU(0, true)
	}
	if llm.WorkerMain() {
		return
	}
	os.Exit(m.Run())
}

// open opens SmolLM2, or fails the test.
func open(t *testing.T, options ...llm.Option) *llm.Model {
	t.Helper()
	m, err := try(t, testmodel.SmolLM2(t), options...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// small are the options that all models here are opened with.
func small(more ...llm.Option) []llm.Option {
	return append([]llm.Option{llm.ContextSize(256), llm.BatchSize(128, 128), llm.Threads(1, 1)}, more...)
}

// try opens a model with a small context, and holds it to give back all memory.
func try(t *testing.T, path string, options ...llm.Option) (*llm.Model, error) {
	t.Helper()
	m, err := llm.Open(path, small(options...)...)
	t.Cleanup(func() {
		if m != nil {
			m.Close()
		}
		for i := range gpus {
			if used := reference.GPUUsed(i); used > 0 {
				t.Errorf("%d bytes of FAKE%d are still taken", used, i)
			}
		}
		if n := llama.Live(); n > 0 {
			t.Errorf("%d handles are open", n)
		}
	})
	return m, err
}

// layers are how many layers each device has, with those that have none left out.
func layers(m *llm.Model) map[string]int {
	counts := map[string]int{}
	for _, s := range m.Info().Shares {
		if s.Layers > 0 {
			counts[s.Device] = s.Layers
		}
	}
	return counts
}

// greedy is the likeliest continuation of a prompt, 16 tokens long.
func greedy(t *testing.T, m *llm.Model) string {
	t.Helper()
	text, err := generate(m)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// counting is continued with no doubt: of 16 tokens the best one is 1.7 nats or more before the next, which other
// kernels, in another order, do not change.
const counting = "1, 2, 3, 4, 5, 6, 7,"

func generate(m *llm.Model) (string, error) {
	var text strings.Builder
	for ev, err := range m.Generate(context.Background(), counting, llm.Temperature(0), llm.MaxTokens(16), llm.NoReuse()) {
		if err != nil {
			return "", err
		}
		text.WriteString(ev.Text)
	}
	return text.String(), nil
}
