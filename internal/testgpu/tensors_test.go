package testgpu

import (
	"regexp"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestOverrides: exactly the tensors of a pattern move.
func TestOverrides(t *testing.T) {
	moe := testgguf.Mixture(1).Write(t, "moe.gguf")
	smol := testmodel.SmolLM2(t)
	for name, c := range map[string]struct {
		path      string
		overrides []llama.Override
		onCPU     string // the names of those that move there; ^$: none
		onFAKE1   string
	}{
		"nothing":           {smol, nil, `^$`, `^$`},
		"one layer":         {smol, []llama.Override{{Pattern: `blk\.3\.`, Buffer: "CPU"}}, `^blk\.3\.`, `^$`},
		"feed-forward":      {smol, []llama.Override{{Pattern: `ffn_(up|down)`, Buffer: "CPU"}}, `ffn_up|ffn_down`, `^$`},
		"between devices":   {smol, []llama.Override{{Pattern: `blk\.1\d\..*attn_q`, Buffer: "FAKE1"}}, `^$`, `^blk\.1.\.attn_q`},
		"the first counts":  {smol, []llama.Override{{Pattern: `blk\.2\.ffn`, Buffer: "FAKE1"}, {Pattern: `blk\.2\.`, Buffer: "CPU"}}, `^blk\.2\.attn`, `^blk\.2\.ffn`},
		"experts":           {moe, []llama.Override{engine.ExpertsOnCPU(-1)}, `_exps`, `^$`},
		"experts of one":    {moe, []llama.Override{engine.ExpertsOnCPU(1)}, `^blk\.0.*_exps`, `^$`},
		"experts of 99":     {moe, []llama.Override{engine.ExpertsOnCPU(99)}, `_exps`, `^$`},
		"experts of 99,999": {moe, []llama.Override{engine.ExpertsOnCPU(99999)}, `_exps`, `^$`},
	} {
		t.Run(name, func(t *testing.T) {
			p := llama.DefaultModelParams()
			p.Placement.Devices, p.Placement.TensorSplit = []string{"FAKE0", "FAKE1"}, []float32{1, 0}
			p.Placement.Overrides = c.overrides
			m, err := llama.LoadModel(c.path, p)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			onCPU, onFAKE1 := regexp.MustCompile(c.onCPU), regexp.MustCompile(c.onFAKE1)
			for i, tensor := range m.Tensors() {
				want := "FAKE0"
				switch {
				case i == 0 && tensor.Name == "token_embd.weight":
					want = "CPU" // the input layer; what the output shares with it is there again
				case onCPU.MatchString(tensor.Name):
					want = "CPU"
				case onFAKE1.MatchString(tensor.Name):
					want = "FAKE1"
				}
				if tensor.Device != want {
					t.Errorf("%s is on %s (%s), want %s", tensor.Name, tensor.Device, tensor.Buffer, want)
				}
			}
		})
	}
}

// TestOverriddenText: a model in pieces says what it says whole.
func TestOverriddenText(t *testing.T) {
	m := open(t, llm.UseDevices("none"))
	want := greedy(t, m)
	m.Close()
	m = open(t, llm.OverrideTensor(`ffn_up`, "CPU"), llm.OverrideTensor(`blk\.\d\.attn_k`, "FAKE1"), llm.UseDevices("FAKE0", "FAKE1"), llm.TensorSplit(1, 0))
	if text := greedy(t, m); text != want {
		t.Errorf("%q, want %q", text, want)
	}
	if notices := m.Info().Notices; len(notices) > 0 {
		t.Errorf("notices %q", notices)
	}
}

// TestKVStays: without offload the KV cache is in host memory, whole.
func TestKVStays(t *testing.T) {
	kv := func(options ...llm.Option) (host, device uint64) {
		m := open(t, options...)
		defer m.Close()
		greedy(t, m)
		for _, use := range m.Info().Memory {
			if use.Host {
				host += use.Context
			} else {
				device += use.Context
			}
		}
		return host, device
	}
	one := llm.UseDevices("FAKE0")
	// The rest of the context, on the host, are the outputs.
	outputs, all := kv(one)
	if want := uint64(30 * 2 * 192 * 256 * 2); all != want {
		t.Errorf("a KV cache of %d bytes on the device, want %d", all, want)
	}
	if host, device := kv(one, llm.NoKVOffload()); device != 0 || host != outputs+all {
		t.Errorf("%d bytes of context on the host and %d on the device, want %d and 0", host, device, outputs+all)
	}
	// 12 layers on the device are the output and 11 with a cache.
	if host, device := kv(one, llm.GPULayers(12)); device != all*11/30 || host != outputs+all*19/30 {
		t.Errorf("%d bytes of context on the host and %d on the device of %d", host, device, all)
	}
}

// TestOpOffload: a device helps with long prompts, unless it must not.
func TestOpOffload(t *testing.T) {
	computed := func(options ...llm.Option) int {
		m := open(t, append(options, llm.UseDevices("FAKE0"), llm.GPULayers(0))...)
		defer m.Close()
		before := reference.GPUNodes(0)
		for _, err := range m.Generate(t.Context(), strings.Repeat("one two three ", 20), llm.MaxTokens(1)) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return reference.GPUNodes(0) - before
	}
	if n := computed(); n == 0 {
		t.Error("the device computed nothing of a long prompt")
	}
	if n := computed(llm.NoOpOffload()); n != 0 {
		t.Errorf("the device computed %d nodes", n)
	}
}

// TestHostBuffers: which kind of host memory has the weights that stay there.
func TestHostBuffers(t *testing.T) {
	for want, change := range map[string]func(*llama.PlacementParams){
		"rearranged": func(p *llama.PlacementParams) { p.NoHost = true },
		"CPU":        func(p *llama.PlacementParams) { p.NoHost, p.Repack = true, false },
		"FAKE_Host":  func(p *llama.PlacementParams) {},
	} {
		p := llama.DefaultModelParams()
		p.GPULayers, p.LoadMode, p.Placement.Devices = 0, llama.LoadRead, []string{"FAKE0"}
		change(&p.Placement)
		m, err := llama.LoadModel(testmodel.Gemma3(t), p) // of a type that is rearranged
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]int{}
		for _, tensor := range m.Tensors() {
			buffer := tensor.Buffer
			if buffer == "CPU_REPACK" || buffer == "AMX" { // which one depends on the processor
				buffer = "rearranged"
			}
			in[buffer]++
			if tensor.Device != "CPU" {
				t.Errorf("%s is on %s", tensor.Name, tensor.Device)
			}
		}
		if in[want] == 0 || want == "CPU" && len(in) > 1 {
			t.Errorf("tensors in %v, want %s", in, want)
		}
		m.Close()
	}
}
