package plan

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// small is a model of four layers, with tied embeddings.
func small(t *testing.T) (*gguf.Hyper, []gguf.Tensor) {
	t.Helper()
	const width, ff, vocabulary = 256, 512, 1000
	h := &gguf.Hyper{
		Architecture: "llama", Context: 8192, Embedding: width, EmbeddingOut: width, Vocabulary: vocabulary, FirstWithKV: -1,
		RMSNormEpsilon: 1e-5, Causal: true,
	}
	h.RoPE.Kind = gguf.RoPENorm
	tensors := []gguf.Tensor{
		{Name: "token_embd.weight", Type: gguf.Q4_K, Dims: []uint64{width, vocabulary}},
		{Name: "output_norm.weight", Type: gguf.F32, Dims: []uint64{width}},
	}
	for _, n := range []string{"0", "1", "2", "3"} {
		h.Layers = append(h.Layers, gguf.Layer{Heads: 4, KVHeads: 2, KeyLength: 64, ValueLength: 64, FeedForward: ff, RoPE: 64, KV: true})
		for name, dims := range map[string][]uint64{
			"attn_q": {width, width}, "attn_k": {width, 128}, "attn_v": {width, 128}, "attn_output": {width, width},
			"ffn_up": {width, ff}, "ffn_gate": {width, ff}, "ffn_down": {ff, width},
		} {
			tensors = append(tensors, gguf.Tensor{Name: "blk." + n + "." + name + ".weight", Type: gguf.Q4_K, Dims: dims})
		}
		for _, name := range []string{"attn_norm", "ffn_norm"} {
			tensors = append(tensors, gguf.Tensor{Name: "blk." + n + "." + name + ".weight", Type: gguf.F32, Dims: []uint64{width}})
		}
	}
	return h, tensors
}

func gpu(name string, free uint64) Device {
	return Device{Name: name, Backend: "cuda", Total: free, Free: free, ComputeCapability: 89}
}

func memoryOf(t *testing.T, devices []Device, change func(*Request)) *Memory {
	t.Helper()
	h, tensors := small(t)
	r := DefaultRequest()
	if change != nil {
		change(&r)
	}
	m, err := Estimate(h, tensors, devices, r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPlacesOfLayers: shares, a part of the layers, none.
func TestPlacesOfLayers(t *testing.T) {
	two := []Device{gpu("a", 3<<30), gpu("b", 1<<30)}
	for _, c := range []struct {
		name    string
		devices []Device
		change  func(*Request)
		want    []int
	}{
		{"no device", nil, nil, []int{-1, -1, -1, -1, -1}},
		{"by free memory", two, nil, []int{0, 0, 0, 0, 1}},
		{"by shares", two, func(r *Request) { r.TensorSplit = []float32{1, 1} }, []int{0, 0, 0, 1, 1}},
		{"the first has all", two, func(r *Request) { r.TensorSplit = []float32{1} }, []int{0, 0, 0, 0, 0}},
		{"the last three", two[:1], func(r *Request) { r.GPULayers = 3 }, []int{-1, -1, 0, 0, 0}},
		{"one of two", two, func(r *Request) { r.SplitMode, r.MainGPU = "none", 1 }, []int{1, 1, 1, 1, 1}},
	} {
		m := memoryOf(t, c.devices, c.change)
		for i, d := range m.Layers {
			if d != c.want[i] {
				t.Errorf("%s: layers are on %v, want %v", c.name, m.Layers, c.want)
				break
			}
		}
	}
}

// TestWeightsByHand: the embeddings are on the host, and again on the device of the output;
// rows of 256 numbers are padded to 512 there.
func TestWeightsByHand(t *testing.T) {
	m := memoryOf(t, []Device{gpu("a", 8<<30)}, nil)
	const q4 = 144 // bytes of 256 numbers
	at := func(n int) uint64 { return uint64((n + 127) &^ 127) }
	tensor := func(rows int) uint64 { return at(q4*rows + q4) }
	layer := 2*tensor(256) + 2*tensor(128) + 2*tensor(512) + at(q4*2*256) + 2*at(1024)
	if want := 4*layer + at(1024) + tensor(1000); m.Devices[0].Weights != want {
		t.Errorf("the device has %d bytes of weights, want %d", m.Devices[0].Weights, want)
	}
	if want := uint64(q4 * 1000); m.Host.Weights != want {
		t.Errorf("the host has %d bytes of weights, want %d", m.Host.Weights, want)
	}
	if want := uint64(2 * 2 * 128 * 8192 * 4); m.Devices[0].KV != want || m.Host.KV != 0 {
		t.Errorf("the caches are %d and %d bytes, want %d and 0", m.Devices[0].KV, m.Host.KV, want)
	}
	alone := memoryOf(t, nil, nil)
	if alone.Host.Weights >= m.Devices[0].Weights+m.Host.Weights || alone.Host.KV != m.Devices[0].KV {
		t.Errorf("without a device: %+v", alone.Host)
	}
}

func TestOverrides(t *testing.T) {
	devices := []Device{gpu("a", 8<<30)}
	plain := memoryOf(t, devices, nil)
	moved := memoryOf(t, devices, func(r *Request) { r.Overrides = []Override{{`blk\.[01]\.ffn_(up|down)`, "CPU"}} })
	if d, h := plain.Devices[0].Weights-moved.Devices[0].Weights, moved.Host.Weights-plain.Host.Weights; h != 2*(73728+73728) || d <= h {
		t.Errorf("%d bytes left the device, %d came to the host", d, h)
	}
	back := memoryOf(t, devices, func(r *Request) {
		r.Overrides = []Override{{`blk\.0\.ffn_up`, "a"}, {`blk\.[01]\.ffn_(up|down)`, "CPU"}}
	})
	if back.Host.Weights != moved.Host.Weights-73728 {
		t.Errorf("the first override of two does not count: %d bytes on the host", back.Host.Weights)
	}
}

func TestNoKVOffload(t *testing.T) {
	m := memoryOf(t, []Device{gpu("a", 8<<30)}, func(r *Request) { r.NoKVOffload = true })
	if m.Devices[0].KV != 0 || m.Host.KV != 2*2*128*8192*4 {
		t.Errorf("%+v", m)
	}
}

// TestRefusals: what the engine refuses, and what a plan cannot say.
func TestRefusals(t *testing.T) {
	h, tensors := small(t)
	for want, change := range map[string]func(*Request){
		"look":            func(r *Request) { r.Overrides = []Override{{`(?!blk)ffn`, "CPU"}} },
		"no device":       func(r *Request) { r.Overrides = []Override{{`ffn`, "CUDA7"}} },
		"split mode":      func(r *Request) { r.SplitMode = "row" },
		"device 3 of 1":   func(r *Request) { r.SplitMode, r.MainGPU = "none", 3 },
		"flash attention": func(r *Request) { r.ValueType, r.FlashAttention = gguf.Q8_0, FlashAttentionOff },
		"sequences":       func(r *Request) { r.Sequences = 1000 },
		"not a type":      func(r *Request) { r.KeyType = 200 },
		"no multiple":     func(r *Request) { r.KeyType, r.ValueType = gguf.Q4_K, gguf.Q4_K },
		"cannot be made":  func(r *Request) { r.Context = 1 << 40 },
	} {
		r := DefaultRequest()
		change(&r)
		_, err := Estimate(h, tensors, []Device{gpu("a", 8<<30)}, r)
		var impossible *Impossible
		if want == "look" {
			want = "cannot be planned"
		}
		if !errors.As(err, &impossible) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestRulesOf(t *testing.T) {
	own := Device{Backend: "vulkan", Rules: Rules{Alignment: 256, MaxTensor: 1 << 31}}
	if r := RulesOf(own); r.Alignment != 256 || r.MaxTensor != 1<<31 || r.HostAlignment != 64 || r.MaxBuffer != 1<<30 || !r.HostBuffer {
		t.Errorf("%+v", r)
	}
	if r := RulesOf(Device{Backend: "none such"}); r.Alignment != 1 || r.RowPadding != 0 || r.HostBuffer {
		t.Errorf("of an unknown backend: %+v", r)
	}
}

// TestMoreTakesMore: a longer context, larger batches, logits for all.
func TestMoreTakesMore(t *testing.T) {
	for _, devices := range [][]Device{nil, {gpu("a", 8<<30)}, {gpu("a", 8<<30), gpu("b", 4<<30)}} {
		compute := func(change func(*Request)) (n uint64) {
			m := memoryOf(t, devices, change)
			for _, d := range m.Devices {
				n += d.Compute
			}
			return n + m.Host.Compute
		}
		base := compute(func(r *Request) { r.Context = 4096 })
		for name, n := range map[string]uint64{
			"a longer context": compute(func(r *Request) { r.Context = 65536 }),
			"a larger ubatch":  compute(func(r *Request) { r.Context, r.Ubatch = 4096, 2048 }),
			"no flash":         compute(func(r *Request) { r.Context, r.FlashAttention = 4096, FlashAttentionOff }),
		} {
			if n <= base {
				t.Errorf("%d devices: with %s %d bytes, without %d", len(devices), name, n, base)
			}
		}
		if n := compute(func(r *Request) { r.Context, r.Outputs = 4096, OutputsServer }); n >= base {
			t.Errorf("%d devices: a server's logits take %d bytes, all take %d", len(devices), n, base)
		}
	}
}

// TestArena: best fit, merging, and what is at the end grows.
func TestArena(t *testing.T) {
	var a arena
	a.reset(32, 0)
	take := func(n int64) int64 {
		_, at := a.take(n)
		return at
	}
	first, second, third := take(100), take(200), take(300)
	if first != 0 || second != 128 || third != 352 || a.size() != 672 {
		t.Fatalf("%d %d %d, in all %d", first, second, third, a.size())
	}
	a.give(0, first, 100)
	a.give(0, third, 300)
	if at := take(90); at != 0 {
		t.Errorf("a small one went to %d, not where it fits best", at)
	}
	a.give(0, 0, 90)
	a.give(0, second, 200)
	if at := take(600); at != 0 || a.size() != 672 {
		t.Errorf("free places did not become one: %d, in all %d", at, a.size())
	}
}
