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

// TestNotices: what is not as it was asked for is said, and nothing else.
func TestNotices(t *testing.T) {
	none := llm.UseDevices("none")
	for name, c := range map[string]struct {
		options []llm.Option
		want    []string
	}{
		"nothing asked":         {nil, nil},
		"more layers than has":  {[]llm.Option{llm.GPULayers(1000)}, nil},
		"no device, as asked":   {[]llm.Option{none}, nil},
		"no layers, as asked":   {[]llm.Option{none, llm.GPULayers(0)}, nil},
		"layers on no device":   {[]llm.Option{none, llm.GPULayers(99)}, []string{"no GPU device is to be used: the model runs on the CPU; without effect: the number of its layers (99)"}},
		"all on no device":      {[]llm.Option{none, llm.GPULayers(-1)}, []string{"(all)"}},
		"a split of no device":  {[]llm.Option{none, llm.TensorSplit(1, 1), llm.SplitMode("layer"), llm.MainGPU(1)}, []string{"the main GPU, the split mode, the tensor split"}},
		"a device for nothing":  {[]llm.Option{llm.UseDevices("FAKE0", "FAKE1"), llm.TensorSplit(1, 0)}, []string{"device FAKE1 was asked for, and nothing"}},
		"devices for no layers": {[]llm.Option{llm.UseDevices("fake0"), llm.GPULayers(0)}, []string{"device fake0 was asked for"}},
		"one device of two":     {[]llm.Option{llm.UseDevices("FAKE0", "FAKE1"), llm.SplitMode("none")}, []string{"device FAKE1"}},
		"more shares":           {[]llm.Option{llm.UseDevices("FAKE0"), llm.TensorSplit(1, 2, 3)}, []string{"the tensor split has 3 shares, and the model uses 1 devices (FAKE0)"}},
		"no such tensor":        {[]llm.Option{llm.OverrideTensor("blk[.]77[.]", "CPU")}, []string{`"blk[.]77[.]" concerns no tensor`}},
		"an earlier override":   {[]llm.Option{llm.OverrideTensor("blk", "CPU"), llm.OverrideTensor("blk.1.ffn", "CPU")}, []string{`"blk.1.ffn" concerns no tensor`}},
		"no experts":            {[]llm.Option{llm.CPUMoE(-1)}, []string{"experts in host memory concerns no tensor"}},
		"experts of no layer":   {[]llm.Option{llm.CPUMoE(0)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, c.options...)
			got := m.Info().Notices
			if len(got) != len(c.want) {
				t.Fatalf("%q, want %q", got, c.want)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
			}
		})
	}
}

// TestPartialOffload: weights that the device cannot compute with are reported.
func TestPartialOffload(t *testing.T) {
	reference.RefuseOnGPU(0, "ffn_down")
	defer reference.RefuseOnGPU(0, "")
	m := open(t, llm.UseDevices("FAKE0"), llm.GPULayers(12))
	notices := m.Info().Notices
	if len(notices) != 1 || !strings.Contains(notices[0], "11 tensors (") || !strings.Contains(notices[0], "of layers on FAKE0 are in CPU memory") ||
		!strings.Contains(notices[0], "blk.19.ffn_down.weight") {
		t.Errorf("%q", notices)
	}
	greedy(t, m)
}

// TestWrongPlacement: what cannot be is refused in words, before or by the engine.
func TestWrongPlacement(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		options []llm.Option
		want    string
		invalid bool
	}{
		"unknown device":        {[]llm.Option{llm.UseDevices("CUDA0")}, `device "CUDA0" is not known; there are FAKE0, FAKE1`, true},
		"an address":            {[]llm.Option{llm.UseDevices("127.0.0.1:50052")}, "is not known", true},
		"an empty name":         {[]llm.Option{llm.UseDevices("")}, `device "" is not known`, true},
		"the CPU":               {[]llm.Option{llm.UseDevices("CPU")}, "is the CPU", true},
		"none and another":      {[]llm.Option{llm.UseDevices("none", "FAKE0")}, `device "none" is not known`, true},
		"twice":                 {[]llm.Option{llm.UseDevices("FAKE0", "fake0")}, "twice", true},
		"17 devices":            {[]llm.Option{llm.UseDevices(strings.Split(strings.Repeat("FAKE0 ", 16)+"FAKE1", " ")...)}, "17 devices: the limit is 16", true},
		"a NUL in a name":       {[]llm.Option{llm.UseDevices("FAKE0\x00")}, "NUL", true},
		"not UTF-8":             {[]llm.Option{llm.UseDevices("\xff")}, "not UTF-8", true},
		"split mode":            {[]llm.Option{llm.SplitMode("columns")}, "use one of [none layer row tensor]", true},
		"row":                   {[]llm.Option{llm.SplitMode("row")}, "does not support split buffers; choose other devices", false},
		"tensor on none":        {[]llm.Option{llm.SplitMode("tensor"), llm.UseDevices("none")}, "choose other devices", false},
		"main GPU":              {[]llm.Option{llm.SplitMode("none"), llm.MainGPU(2)}, "main_gpu: 2 (available devices: 2); choose other devices", false},
		"negative main GPU":     {[]llm.Option{llm.MainGPU(-1)}, "main GPU -1", true},
		"NaN":                   {[]llm.Option{llm.TensorSplit(1, nan)}, "share NaN of device 1", true},
		"infinite":              {[]llm.Option{llm.TensorSplit(inf)}, "share +Inf of device 0", true},
		"negative share":        {[]llm.Option{llm.TensorSplit(1, -1)}, "share -1 of device 1", true},
		"an infinite sum":       {[]llm.Option{llm.TensorSplit(math.MaxFloat32, math.MaxFloat32)}, "is not a proportion", true},
		"17 shares":             {[]llm.Option{llm.TensorSplit(make([]float32, 17)...)}, "among 17 devices: the limit is 16", true},
		"no regular expression": {[]llm.Option{llm.OverrideTensor("blk(", "CPU")}, "is not a regular expression", true},
		"an empty pattern":      {[]llm.Option{llm.OverrideTensor("", "CPU")}, "a pattern of 0 bytes", true},
		"a long pattern":        {[]llm.Option{llm.OverrideTensor(strings.Repeat("(", 1<<20), "CPU")}, "a pattern of 1048576 bytes", true},
		"a huge repeat":         {[]llm.Option{llm.OverrideTensor("(a{999}){999}", "CPU")}, "is not a regular expression", true},
		"a NUL in a pattern":    {[]llm.Option{llm.OverrideTensor("blk\x00", "CPU")}, "NUL", true},
		"unknown buffer":        {[]llm.Option{llm.OverrideTensor("blk", "CUDA0")}, `buffer type "CUDA0" is not known; there are CPU, FAKE0, FAKE1`, true},
		"an unused device":      {[]llm.Option{llm.OverrideTensor("blk.1.ffn_up", "FAKE1"), llm.UseDevices("FAKE0")}, "puts blk.1.ffn_up.weight on device FAKE1, which the model does not use", true},
		"on no device":          {[]llm.Option{llm.OverrideTensor("blk", "FAKE0"), llm.UseDevices("none")}, "which the model does not use", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := try(t, testmodel.SmolLM2(t), c.options...)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "damaged") {
				t.Errorf("%v, want %q", err, c.want)
			}
			if errors.Is(err, llama.ErrInvalid) != c.invalid {
				t.Errorf("%v: invalid: %v", err, !c.invalid)
			}
		})
	}
	greedy(t, open(t))
}
