package testgpu

import (
	"maps"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestLayers: layers go where they are asked to, and the text stays that of the CPU.
func TestLayers(t *testing.T) {
	cpu := open(t, llm.UseDevices("none"))
	want := greedy(t, cpu)
	cpu.Close()
	one := llm.UseDevices("FAKE0")
	both := llm.UseDevices("FAKE0", "FAKE1")
	for name, c := range map[string]struct {
		options []llm.Option
		layers  map[string]int
	}{
		"all":             {nil, map[string]int{"FAKE0": 16, "FAKE1": 15}},
		"all on one":      {[]llm.Option{one, llm.GPULayers(99)}, map[string]int{"FAKE0": smolLayers}},
		"12":              {[]llm.Option{one, llm.GPULayers(12)}, map[string]int{"FAKE0": 12, "CPU": smolLayers - 12}},
		"1, the output":   {[]llm.Option{one, llm.GPULayers(1)}, map[string]int{"FAKE0": 1, "CPU": smolLayers - 1}},
		"none":            {[]llm.Option{one, llm.GPULayers(0)}, map[string]int{"CPU": smolLayers}},
		"no device":       {[]llm.Option{llm.UseDevices("none")}, map[string]int{"CPU": smolLayers}},
		"3 to 1":          {[]llm.Option{both, llm.TensorSplit(3, 1)}, map[string]int{"FAKE0": 24, "FAKE1": 7}},
		"3 to 1, turned":  {[]llm.Option{llm.UseDevices("FAKE1", "FAKE0"), llm.TensorSplit(3, 1)}, map[string]int{"FAKE1": 24, "FAKE0": 7}},
		"0 to 1":          {[]llm.Option{llm.TensorSplit(0, 1)}, map[string]int{"FAKE1": smolLayers}},
		"the second":      {[]llm.Option{llm.SplitMode("none"), llm.MainGPU(1)}, map[string]int{"FAKE1": smolLayers}},
		"10 on the first": {[]llm.Option{llm.SplitMode("none"), llm.GPULayers(10)}, map[string]int{"FAKE0": 10, "CPU": smolLayers - 10}},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, c.options...)
			if got := layers(m); !maps.Equal(got, c.layers) {
				t.Errorf("layers %v, want %v", got, c.layers)
			}
			before := [gpus]int{reference.GPUNodes(0), reference.GPUNodes(1)}
			if text := greedy(t, m); text != want {
				t.Errorf("%q, the CPU says %q", text, want)
			}
			for i, device := range []string{"FAKE0", "FAKE1"} {
				computed, used := reference.GPUNodes(i)-before[i], reference.GPUUsed(i)
				if has := c.layers[device] > 0; has != (computed > 0) || has && used == 0 {
					t.Errorf("%s computed %d nodes and has %d bytes, with %d layers", device, computed, used, c.layers[device])
				}
			}
			m.Close()
		})
	}
}

// TestSplitTensors: each device has a part of every weight.
func TestSplitTensors(t *testing.T) {
	cpu := open(t, llm.UseDevices("none"))
	want := greedy(t, cpu)
	cpu.Close()
	m := open(t, llm.SplitMode("tensor"), llm.TensorSplit(1, 1))
	if text := greedy(t, m); text != want {
		t.Errorf("%q, the CPU says %q", text, want)
	}
	if a, b := reference.GPUUsed(0), reference.GPUUsed(1); a < 50<<20 || b < 50<<20 || len(m.Info().Notices) > 0 {
		t.Errorf("%d and %d bytes are on the devices, notices %q", a, b, m.Info().Notices)
	}
}
