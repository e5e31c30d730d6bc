package llama_test

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// card is a described CUDA card of so many GiB.
func card(name string, gib uint64) llama.Described {
	return llama.Described{
		Name: name, Description: "described", Backend: "cuda", Total: gib << 30, Free: gib << 30,
		Alignment: 128, HostAlignment: 32, RowPadding: 512, HostBuffer: true, Async: true, Events: true, ComputeCapability: 89,
	}
}

// planned is what a simulated load takes, and which device has which layer.
type planned struct {
	layers []string
	memory []llama.MemoryUse
}

// of is what a buffer takes.
func (p planned) of(buffer string) llama.MemoryUse {
	for _, use := range p.memory {
		if use.Buffer == buffer {
			return use
		}
	}
	return llama.MemoryUse{}
}

// weights are those of all buffers.
func (p planned) weights() (sum uint64) {
	for _, use := range p.memory {
		sum += use.Model
	}
	return sum
}

// simulate loads a model on described devices and makes a context there.
func simulate(path string, devices []llama.Described, change func(*llama.ModelParams, *llama.ContextParams)) (planned, error) {
	mp, cp := llama.DefaultModelParams(), llama.DefaultContextParams()
	mp.NoAlloc, mp.Described = true, devices
	cp.Context = 4096
	if change != nil {
		change(&mp, &cp)
	}
	m, err := llama.LoadModel(path, mp)
	if err != nil {
		return planned{}, err
	}
	c, err := m.NewContext(cp)
	if err != nil {
		return planned{}, errors.Join(err, m.Close())
	}
	p := planned{m.LayerDevices(), c.MemoryUse()}
	slices.SortFunc(p.memory, func(a, b llama.MemoryUse) int { return cmp.Compare(a.Buffer, b.Buffer) })
	return p, errors.Join(c.Close(), m.Close())
}

func mustSimulate(t *testing.T, path string, devices []llama.Described, change func(*llama.ModelParams, *llama.ContextParams)) planned {
	t.Helper()
	p, err := simulate(path, devices, change)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDescribed: the weights of SmolLM2 are in Q4_1, 576 numbers a row, which is no multiple of
// what CUDA pads to.
func TestDescribed(t *testing.T) {
	p := mustSimulate(t, testmodel.SmolLM2(t), []llama.Described{card("CUDA0", 24)}, nil)
	if use := p.of("CUDA0"); use.Device != "CUDA0" || use.Host || use.Model != 96646400 || use.Context != 4096*30*2*192*2 {
		t.Errorf("%+v", use)
	}
	if layers := slices.Compact(p.layers); !slices.Equal(layers, []string{"CUDA0"}) {
		t.Errorf("layers on %v", p.layers)
	}
}

// TestDescribedNone: an empty list is the CPU alone.
func TestDescribedNone(t *testing.T) {
	p := mustSimulate(t, testmodel.SmolLM2(t), []llama.Described{}, nil)
	for _, use := range p.memory {
		if use.Device != "CPU" {
			t.Errorf("%+v", use)
		}
	}
	if layers := slices.Compact(p.layers); !slices.Equal(layers, []string{"CPU"}) {
		t.Errorf("layers on %v", p.layers)
	}
}

// TestDescribedPlacement: the placement names described devices as it names others.
func TestDescribedPlacement(t *testing.T) {
	two := []llama.Described{card("CUDA0", 24), card("CUDA1", 12)}
	for name, c := range map[string]struct {
		change func(*llama.ModelParams)
		layers map[string]int
	}{
		"by free memory": {func(*llama.ModelParams) {}, map[string]int{"CUDA0": 21, "CUDA1": 10}},
		"by shares":      {func(p *llama.ModelParams) { p.Placement.TensorSplit = []float32{1, 1} }, map[string]int{"CUDA0": 16, "CUDA1": 15}},
		"the second":     {func(p *llama.ModelParams) { p.Placement.Devices = []string{"cuda1"} }, map[string]int{"CUDA1": 31}},
		"none":           {func(p *llama.ModelParams) { p.Placement.Devices = []string{llama.NoDevice} }, map[string]int{"CPU": 31}},
		"the main one":   {func(p *llama.ModelParams) { p.Placement.SplitMode, p.Placement.MainGPU = llama.SplitNone, 1 }, map[string]int{"CUDA1": 31}},
		"ten layers":     {func(p *llama.ModelParams) { p.GPULayers = 10 }, map[string]int{"CPU": 21, "CUDA0": 7, "CUDA1": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			p := mustSimulate(t, testmodel.SmolLM2(t), two, func(mp *llama.ModelParams, _ *llama.ContextParams) { c.change(mp) })
			layers := map[string]int{}
			for _, device := range p.layers {
				layers[device]++
			}
			if !reflect.DeepEqual(layers, c.layers) {
				t.Errorf("layers %v, want %v", layers, c.layers)
			}
		})
	}
	all := mustSimulate(t, testmodel.SmolLM2(t), two[:1], nil)
	moved := mustSimulate(t, testmodel.SmolLM2(t), two[:1], func(p *llama.ModelParams, _ *llama.ContextParams) {
		p.Placement.Overrides = []llama.Override{{Pattern: "ffn_down", Buffer: "CPU"}, {Pattern: "blk.0.attn_q", Buffer: "CUDA0"}}
	})
	if a, b := all.of("CUDA0").Model, moved.of("CUDA0").Model; b >= a || moved.weights() != all.weights() {
		t.Errorf("%d bytes on the device, %d after all ffn_down went to the CPU; in all %d and %d", a, b, all.weights(), moved.weights())
	}
}

// TestDescribedLimit: a tensor that a device cannot compute with stays on the host. The
// embedding of Gemma, which is its output as well, has 178 MB.
func TestDescribedLimit(t *testing.T) {
	whole := card("Vulkan0", 2)
	whole.Backend, whole.RowPadding = "vulkan", 0
	limited := whole
	limited.MaxTensor = 128 << 20
	a, b := mustSimulate(t, testmodel.Gemma3(t), []llama.Described{whole}, nil).of("Vulkan0").Model, mustSimulate(t, testmodel.Gemma3(t), []llama.Described{limited}, nil).of("Vulkan0").Model
	if a-b < 128<<20 {
		t.Errorf("%d bytes on a device that takes any tensor, %d on one that takes 128 MiB", a, b)
	}
}

// compute is what a context of SmolLM2 with one row of logits takes of a device for
// computation.
func compute(t *testing.T, devices []llama.Described, change func(*llama.ModelParams, *llama.ContextParams)) uint64 {
	t.Helper()
	return mustSimulate(t, testmodel.SmolLM2(t), devices, func(mp *llama.ModelParams, cp *llama.ContextParams) {
		cp.Context, cp.Outputs, cp.FlashAttention = 8192, 1, llama.FlashAttentionOn
		change(mp, cp)
	}).of(devices[0].Name).Compute
}

// TestDescribedScratch: what backends need beside results. CUDA copies a quantized cache as f16
// for prompts: 192 numbers a token for keys, and as many for values. Metal has room for such
// copies of every cache, Vulkan needs none.
func TestDescribedScratch(t *testing.T) {
	const tokens, copies = 128 << 10, 128 << 10 * 2 * 192 * 2
	q8, err := llama.ParseKVType("q8_0")
	if err != nil {
		t.Fatal(err)
	}
	var vulkan uint64
	for _, c := range []struct {
		backend string
		f16, q8 uint64
	}{{"vulkan", 0, 0}, {"cuda", 0, copies}, {"metal", copies, copies}} {
		d := []llama.Described{card("D0", 24)}
		d[0].Backend = c.backend
		plain := compute(t, d, func(_ *llama.ModelParams, cp *llama.ContextParams) { cp.Context = tokens })
		quantized := compute(t, d, func(_ *llama.ModelParams, cp *llama.ContextParams) {
			cp.Context, cp.KeyType, cp.ValueType = tokens, q8, q8
		})
		if c.backend == "vulkan" {
			vulkan = plain
		}
		for _, got := range [][2]uint64{{plain, c.f16}, {quantized, c.q8}} {
			if diff := int64(got[0]) - int64(vulkan+got[1]); diff < -8<<20 || diff > 8<<20 {
				t.Errorf("%s: %d bytes, want about %d more than %d", c.backend, got[0], got[1], vulkan)
			}
		}
	}
}

// TestDescribedOffload: weights in host memory are copied to the device for prompts.
func TestDescribedOffload(t *testing.T) {
	one := []llama.Described{card("CUDA0", 24)}
	on := compute(t, one, func(mp *llama.ModelParams, _ *llama.ContextParams) { mp.GPULayers = 0 })
	off := compute(t, one, func(mp *llama.ModelParams, cp *llama.ContextParams) { mp.GPULayers, cp.OpOffload = 0, false })
	if on == 0 || off != 0 {
		t.Errorf("%d bytes for layers on the CPU, %d without offload", on, off)
	}
}

// TestDescribedPipeline: devices that can work on several batches at once have copies of their
// inputs.
func TestDescribedPipeline(t *testing.T) {
	two := []llama.Described{card("CUDA0", 24), card("CUDA1", 24)}
	with := compute(t, two, func(*llama.ModelParams, *llama.ContextParams) {})
	two[1].Events = false
	if without := compute(t, two, func(*llama.ModelParams, *llama.ContextParams) {}); with <= without {
		t.Errorf("%d bytes with events, %d without", with, without)
	}
}

// TestDescribedWrongly: what is no device is refused in words, before the engine sees it.
func TestDescribedWrongly(t *testing.T) {
	with := func(change func(*llama.Described)) []llama.Described {
		d := card("CUDA0", 24)
		change(&d)
		return []llama.Described{d}
	}
	for name, c := range map[string]struct {
		devices []llama.Described
		change  func(*llama.ModelParams, *llama.ContextParams)
		want    string
	}{
		"no name":             {with(func(d *llama.Described) { d.Name = "" }), nil, "1 to 63 bytes"},
		"a long name":         {with(func(d *llama.Described) { d.Name = strings.Repeat("x", 64) }), nil, "1 to 63 bytes"},
		"not UTF-8":           {with(func(d *llama.Described) { d.Name = "\xff" }), nil, "not UTF-8"},
		"a NUL":               {with(func(d *llama.Described) { d.Description = "a\x00b" }), nil, "NUL"},
		"none":                {with(func(d *llama.Described) { d.Name = "None" }), nil, "is taken"},
		"the CPU":             {with(func(d *llama.Described) { d.Name = "cpu" }), nil, "is taken"},
		"a host buffer":       {with(func(d *llama.Described) { d.Name = "CUDA_Host" }), nil, "is taken"},
		"twice":               {[]llama.Described{card("A", 1), card("a", 1)}, nil, "is taken"},
		"too many":            {make([]llama.Described, 16), nil, "the limit is 15"},
		"unknown backend":     {with(func(d *llama.Described) { d.Backend = "opencl" }), nil, `backend "opencl" is not known; there are cuda, metal, vulkan`},
		"no memory":           {with(func(d *llama.Described) { d.Total, d.Free = 0, 0 }), nil, "free of 0"},
		"more free":           {with(func(d *llama.Described) { d.Free = d.Total + 1 }), nil, "free of"},
		"too much memory":     {with(func(d *llama.Described) { d.Total = 1<<60 + 1 }), nil, "free of"},
		"no alignment":        {with(func(d *llama.Described) { d.Alignment = 0 }), nil, "power of two"},
		"odd alignment":       {with(func(d *llama.Described) { d.Alignment = 96 }), nil, "power of two"},
		"huge alignment":      {with(func(d *llama.Described) { d.Alignment = 1 << 21 }), nil, "power of two"},
		"odd host alignment":  {with(func(d *llama.Described) { d.HostAlignment = 3 }), nil, "power of two"},
		"negative padding":    {with(func(d *llama.Described) { d.RowPadding = -1 }), nil, "out of range"},
		"huge padding":        {with(func(d *llama.Described) { d.RowPadding = 1 << 30 }), nil, "out of range"},
		"a small buffer":      {with(func(d *llama.Described) { d.MaxBuffer = 1 }), nil, "at least 1 MiB"},
		"capability":          {with(func(d *llama.Described) { d.ComputeCapability = 1 << 30 }), nil, "out of range"},
		"a real load":         {with(func(*llama.Described) {}), func(p *llama.ModelParams, _ *llama.ContextParams) { p.NoAlloc = false }, "only a simulated load"},
		"split tensors":       {with(func(*llama.Described) {}), func(p *llama.ModelParams, _ *llama.ContextParams) { p.Placement.SplitMode = llama.SplitTensor }, "split of tensors"},
		"a device of another": {with(func(*llama.Described) {}), func(p *llama.ModelParams, _ *llama.ContextParams) { p.Placement.Devices = []string{"CUDA1"} }, "there are CUDA0"},
		"a buffer of another": {with(func(*llama.Described) {}), func(p *llama.ModelParams, _ *llama.ContextParams) {
			p.Placement.Overrides = []llama.Override{{Pattern: "x", Buffer: "CUDA1"}}
		}, "there are CPU, CUDA0"},
		"few outputs": {with(func(*llama.Described) {}), func(_ *llama.ModelParams, p *llama.ContextParams) { p.Sequences, p.Outputs = 4, 3 }, "one for each of 4 sequences"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := simulate(testmodel.SmolLM2(t), c.devices, c.change)
			if !errors.Is(err, llama.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	if n := llama.Live(); n != 0 {
		t.Errorf("%d handles are open", n)
	}
}

// TestDescribedGoroutines: simulations know nothing of each other.
func TestDescribedGoroutines(t *testing.T) {
	devices := []llama.Described{card("CUDA0", 8), card("CUDA1", 4)}
	want := mustSimulate(t, testmodel.SmolLM2(t), devices, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				if got, err := simulate(testmodel.SmolLM2(t), devices, nil); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%+v, %v, want %+v", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// TestDescribedState: the state of a recurrent model is counted and takes no memory, on a device
// or on the CPU.
func TestDescribedState(t *testing.T) {
	path := testgguf.Recurrent(1).Write(t, "recurrent.gguf")
	for name, devices := range map[string][]llama.Described{"CUDA0": {card("CUDA0", 1)}, "CPU": {}} {
		mp, cp := llama.DefaultModelParams(), smallParams()
		mp.NoAlloc, mp.Described = true, devices
		m, err := llama.LoadModel(path, mp)
		if err != nil {
			t.Fatal(err)
		}
		grew := func(sequences int) (heap, state uint64) {
			cp.Context, cp.Batch, cp.Ubatch, cp.Sequences, cp.Outputs = 16<<10, 256, 1, sequences, 256
			before := reference.HeapBytes()
			c, err := m.NewContext(cp)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, use := range c.MemoryUse() {
				if use.Buffer == name {
					state = use.Context
				}
			}
			return reference.HeapBytes() - before, state
		}
		heap, state := grew(256)
		few, one := grew(1)
		if state != 256*one || one == 0 {
			t.Errorf("%s: %d bytes of states for 256 sequences, %d for one", name, state, one)
		}
		if heap-few > state/4 {
			t.Errorf("%s: %d bytes of memory for %d of states, %d for %d", name, heap, state, few, one)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDescribedLeavesNothing: neither memory, nor devices, nor a process that cannot compute.
func TestDescribedLeavesNothing(t *testing.T) {
	before, err := llama.Devices()
	if err != nil {
		t.Fatal(err)
	}
	path := testgguf.Decoder(1).Write(t, "decoder.gguf")
	run := func(n int) uint64 {
		for range n {
			mustSimulate(t, path, []llama.Described{card("CUDA0", 24), card("CUDA1", 24)}, nil)
		}
		return reference.HeapBytes()
	}
	start := run(3)
	if end := run(60); end > start+64<<10 {
		t.Errorf("the heap grew from %d to %d bytes over 60 simulations", start, end)
	}
	after, err := llama.Devices()
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		before[i].MemoryFree = 0
	}
	for i := range after {
		after[i].MemoryFree = 0
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("devices %+v before, %+v after", before, after)
	}
	m := load(t, testmodel.SmolLM2(t))
	c, b := newContext(t, m, nil), newBatch(t, 8, 1)
	fill(t, b, 8, 0)
	if err := c.Decode(b); err != nil {
		t.Error(err)
	}
}
