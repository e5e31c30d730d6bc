package gguf

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
)

// archHeader is the least that an architecture needs. That this is what the engine needs is
// shown in llama/reference.
func archHeader(a *architecture) *testgguf.File {
	const layers = 6
	f := &testgguf.File{}
	f.Set("general.architecture", a.name)
	set := func(k key, v any) { f.Set(fullName(a, k), v) }
	for _, k := range a.need {
		set(k, map[form]any{
			formCount: uint32(4), formCounts: uint32(4), formInts: int32(4), formFloat: float32(0.5), formFloats: float32(0.5),
			formFlag: true, formText: "linear", formList: []int32{1, 2, 3}, formList64: []uint64{1},
		}[hyperKeys[k].form])
	}
	for k, v := range map[key]any{
		kContext: uint32(4096), kEmbedding: uint32(256), kBlockCount: uint32(layers), kFF: uint32(512),
		kHeadCount: uint32(4), kHeadCountKV: uint32(2),
	} {
		set(k, v)
	}
	for k, v := range map[string]map[key]any{
		"deepseek4":     {kCompressRatios: make([]int32, layers)},
		"bailingmoe3":   {kKDAGateLowerBound: float32(-1)},
		"hrm_text":      {kHRMLayersPerStack: uint32(1), kHRMHCycles: uint32(2), kHRMLCycles: uint32(2)},
		"graniteswitch": {kAdapterCount: uint32(3)},
		"cohere2moe":    {kNormEps: float32(1e-5)},
		"deepseek2":     {kQRank: uint32(4)},
		"mistral4":      {kQRank: uint32(4)},
	}[a.name] {
		set(k, v)
	}
	if a.window != nil && a.window.list || a.name == "dots3note" {
		for _, k := range a.need {
			if k == kPattern || k == kIndexerTypes {
				set(k, make([]int32, layers))
			}
		}
	}
	return f
}

func fullName(a *architecture, k key) string {
	if name := hyperKeys[k].name; strings.HasPrefix(name, "xielu.") {
		return name
	}
	return a.name + "." + hyperKeys[k].name
}

func hyperOf(t *testing.T, f *testgguf.File) (*Hyper, error) {
	t.Helper()
	b := f.Bytes()
	file, err := Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return file.Hyper()
}

func TestEveryArchitectureHasANeed(t *testing.T) {
	for _, name := range Architectures() {
		a := architectures[name]
		if a.refused {
			continue
		}
		h, err := hyperOf(t, archHeader(a))
		if err != nil || h.Main() != 6 || h.First().Heads != 4 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, ok := h.KVBytes(0, F16, F16); !ok {
			t.Errorf("%s: no KV cache", name)
		}
		for _, k := range append([]key{kContext, kBlockCount, kEmbedding}, a.need...) {
			full := fullName(a, k)
			f := archHeader(a).Remove(full)
			var e *HyperError
			if _, err := hyperOf(t, f); !errors.As(err, &e) || e.Key != full || e.What != missing {
				t.Errorf("%s without %s: %v", name, full, err)
			}
		}
	}
}

// FuzzMeaning: no header makes what reads its keys fail otherwise than by an error.
func FuzzMeaning(f *testing.F) {
	for _, a := range architectures {
		f.Add(archHeader(a).Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		h, err := file.Hyper()
		if h == nil || err == nil && (len(h.Layers) == 0 || len(h.Layers) > maxLayers+1) {
			t.Fatalf("%v, %v", h, err)
		}
		if n, ok := h.KVBytes(0, F16, Q8_0); ok && n < 0 {
			t.Errorf("a KV cache of %d bytes", n)
		}
		if p := file.Parameters(h); p.Active > p.Total {
			t.Errorf("%d of %d parameters are active", p.Active, p.Total)
		}
		file.Tokenizer()
		file.Metadata()
		_ = file.FileType().String()
	})
}
