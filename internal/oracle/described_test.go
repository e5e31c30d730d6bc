package oracle

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/plan"
)

const gib = 1 << 30

// card is one that need not be here.
func card(name string, size uint64) plan.Device {
	return plan.Device{Name: name, Backend: "cuda", Total: size, Free: size}
}

// sum is a value of all memories together.
func sum(m *plan.Memory, of func(plan.Use) uint64) (n uint64) {
	for _, d := range m.Devices {
		n += of(d)
	}
	return n + of(m.Host)
}

// TestDescribedDevices: layers, weights and caches go where they are to go.
func TestDescribedDevices(t *testing.T) {
	o := open(t, testmodel.SmolLM2(t))
	r := request(4096, gguf.F16, plan.FlashAttentionAuto)
	host, err := o.Measure(t.Context(), nil, r)
	if err != nil {
		t.Fatal(err)
	}
	two := []plan.Device{card("24 GiB", 24*gib), card("24 GiB", 24*gib)}
	for name, c := range map[string]struct {
		devices []plan.Device
		change  func(*plan.Request)
		layers  []int // of each device, then of the CPU
	}{
		"one":           {two[:1], func(*plan.Request) {}, []int{31, 0}},
		"half":          {two[:1], func(r *plan.Request) { r.GPULayers = 15 }, []int{15, 16}},
		"none":          {two[:1], func(r *plan.Request) { r.GPULayers = 0 }, []int{0, 31}},
		"two alike":     {two, func(*plan.Request) {}, []int{16, 15, 0}},
		"by free":       {[]plan.Device{card("CPU", 24*gib), card(strings.Repeat("long ", 20), 8*gib)}, func(*plan.Request) {}, []int{24, 7, 0}},
		"shares":        {two, func(r *plan.Request) { r.TensorSplit = []float32{1, 9} }, []int{4, 27, 0}},
		"main":          {two, func(r *plan.Request) { r.SplitMode, r.MainGPU = "none", 1 }, []int{0, 31, 0}},
		"cache on host": {two[:1], func(r *plan.Request) { r.NoKVOffload = true }, []int{31, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			r := r
			c.change(&r)
			m, err := o.Measure(t.Context(), c.devices, r)
			if err != nil {
				t.Fatal(err)
			}
			layers := make([]int, len(c.devices)+1)
			for _, at := range m.Layers {
				if at < 0 {
					at = len(c.devices)
				}
				layers[at]++
			}
			if !slices.Equal(layers, c.layers) {
				t.Errorf("layers %v, want %v", layers, c.layers)
			}
			kv := func(u plan.Use) uint64 { return u.KV }
			if sum(m, kv) != host.Host.KV || r.NoKVOffload && m.Host.KV != host.Host.KV {
				t.Errorf("KV caches of %+v, want %d", m, host.Host.KV)
			}
			for i, n := range layers[:len(c.devices)] {
				if d := m.Devices[i]; (d.Weights > 0) != (n > 0) || (d.KV > 0) != (n > 0 && !r.NoKVOffload) {
					t.Errorf("%d layers take %+v", n, d)
				}
			}
		})
	}
}

// TestOverride: a device is named as the request names it.
func TestOverride(t *testing.T) {
	o := open(t, testmodel.SmolLM2(t))
	r := request(512, gguf.F16, plan.FlashAttentionAuto)
	devices := []plan.Device{card("24 GiB", 24*gib), card("RTX 4090", 24*gib)}
	weights := func(r plan.Request) [3]uint64 {
		m, err := o.Measure(t.Context(), devices, r)
		if err != nil {
			t.Fatal(err)
		}
		return [3]uint64{m.Devices[0].Weights, m.Devices[1].Weights, m.Host.Weights}
	}
	before := weights(r)
	r.Overrides = []plan.Override{{Pattern: "ffn_up", Buffer: "RTX 4090"}, {Pattern: "ffn_down", Buffer: "CPU"}}
	after := weights(r)
	if after[0] >= before[0] || after[2] <= before[2] {
		t.Errorf("%v became %v", before, after)
	}
}

// TestServerOutputs: room for a row of logits a sequence instead of a token.
func TestServerOutputs(t *testing.T) {
	o := open(t, testmodel.Gemma3(t))
	r := request(4096, gguf.F16, plan.FlashAttentionAuto)
	for _, devices := range [][]plan.Device{nil, {card("24 GiB", 24*gib)}} {
		all, err := o.Measure(t.Context(), devices, r)
		if err != nil {
			t.Fatal(err)
		}
		server := r
		server.Outputs = plan.OutputsServer
		few, err := o.Measure(t.Context(), devices, server)
		if err != nil {
			t.Fatal(err)
		}
		compute := func(u plan.Use) uint64 { return u.Compute }
		if a, f := sum(all, compute), sum(few, compute); f > a/4 {
			t.Errorf("%d bytes for the outputs of a server, %d for all", f, a)
		}
		few.Host.Compute, all.Host.Compute = 0, 0
		for i := range devices {
			few.Devices[i].Compute, all.Devices[i].Compute = 0, 0
		}
		if !reflect.DeepEqual(few, all) {
			t.Errorf("%+v beside %+v", few, all)
		}
	}
}

// TestMixedDevices: one that is here beside one that is not.
func TestMixedDevices(t *testing.T) {
	o := open(t, testmodel.SmolLM2(t))
	if _, err := o.Measure(t.Context(), []plan.Device{card("24 GiB", 24*gib), {Name: "CUDA0"}}, plan.DefaultRequest()); err == nil {
		t.Error("no error")
	}
	if _, err := o.Measure(t.Context(), []plan.Device{{Name: "CUDA77"}}, plan.DefaultRequest()); err == nil || !strings.Contains(err.Error(), "CUDA77") {
		t.Error(err)
	}
}
