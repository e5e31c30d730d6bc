package testgpu

import (
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestFit: what is left open is chosen as it fits, what was asked for stays, and what is chosen
// is what is then taken.
func TestFit(t *testing.T) {
	one := llm.UseDevices("FAKE0")
	for name, c := range map[string]struct {
		memory  uint64 // of FAKE0
		options []llm.Option
		layers  int // on devices; negative: fewer than all, and some
		context int // 0: from 4096 to as trained
		chosen  string
	}{
		"all":              {memory, nil, smolLayers, 8192, "all 31 layers on FAKE0 and FAKE1, a context of 8192 tokens (as trained)"},
		"one device":       {memory, []llm.Option{one}, smolLayers, 8192, "all 31 layers on FAKE0, a context of 8192"},
		"alone":            {memory, []llm.Option{llm.SplitMode("none"), llm.MainGPU(1)}, smolLayers, 8192, "all 31 layers on FAKE1, a"},
		"shorter":          {300 << 20, []llm.Option{one}, smolLayers, 0, "(as fits; the model was trained on 8192)"},
		"fewer layers":     {180 << 20, []llm.Option{one}, -1, 4096, "of 31 layers on FAKE0 (there is no room for more), a context of 4096 tokens (as fits"},
		"no room":          {16 << 20, []llm.Option{one}, 0, 8192, "no layer on FAKE0 (there is no room), a"},
		"layers asked for": {memory, []llm.Option{one, llm.GPULayers(9)}, 9, 8192, "9 of 31 layers on FAKE0 (as asked)"},
		"context":          {memory, []llm.Option{one, llm.ContextSize(512)}, smolLayers, 512, "a context of 512 tokens (as asked)"},
		"as trained":       {220 << 20, []llm.Option{one, llm.ContextSize(-1)}, -1, 8192, "a context of 8192 tokens"},
		"beyond training":  {memory, []llm.Option{one, llm.ContextSize(9216)}, smolLayers, 9216, "(as asked, beyond the 8192 that"},
		"both":             {memory, []llm.Option{one, llm.GPULayers(9), llm.ContextSize(512)}, 9, 512, ""},
		"divided":          {memory, []llm.Option{llm.TensorSplit(1, 2)}, smolLayers, 4096, ""},
		"the CPU":          {memory, []llm.Option{llm.UseDevices("none")}, 0, 4096, ""},
		"child":            {memory, []llm.Option{one, llm.Isolated()}, smolLayers, 8192, "all 31 layers"},
	} {
		t.Run(name, func(t *testing.T) {
			shrink(t, c.memory)
			m, err := llm.Open(testmodel.SmolLM2(t), append(c.options, llm.Threads(1, 1), llm.NoMmap(), llm.Fit(), llm.ComparePlan())...)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			info, n := m.Info(), 0
			for device, count := range layers(m) {
				if strings.HasPrefix(device, "FAKE") {
					n += count
				}
			}
			if c.layers >= 0 && n != c.layers || c.layers < 0 && (n < 1 || n >= smolLayers) {
				t.Errorf("%d layers on devices, want %d (%s)", n, c.layers, info.Chosen)
			}
			if got := info.Context.ContextSeq; c.context > 0 && got != c.context || got < 4096 && c.context == 0 || got > 9216 {
				t.Errorf("a context of %d, want %d (%s)", got, c.context, info.Chosen)
			}
			if (info.Chosen == "") != (c.chosen == "") || !strings.Contains(info.Chosen, c.chosen) || len(info.Notices) > 0 {
				t.Errorf("%q (%q), want %q", info.Chosen, info.Notices, c.chosen)
			}
			for _, row := range info.Plan.Rows {
				if row.Difference() != 0 {
					t.Errorf("%s: planned %+v, real %+v", row.Device, row.Planned, row.Real)
				}
			}
			t.Log(info.Chosen)
		})
	}
	for i := range gpus {
		if used := reference.GPUUsed(i); used > 0 {
			t.Errorf("%d bytes of FAKE%d are still taken", used, i)
		}
	}
}

// TestNothingFits: what was asked for is tried, and fails with numbers.
func TestNothingFits(t *testing.T) {
	shrink(t, 64<<20)
	_, err := llm.Open(testmodel.SmolLM2(t), llm.UseDevices("FAKE0"), llm.GPULayers(-1), llm.Threads(1, 1), llm.Fit())
	if err == nil || !strings.Contains(err.Error(), "on FAKE0") {
		t.Error(err)
	}
}
