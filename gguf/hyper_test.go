package gguf_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

func read(t testing.TB, f *testgguf.File) *gguf.File {
	t.Helper()
	b := f.Bytes()
	file, err := gguf.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// gemma is the header of a small Gemma 3.
func gemma() *testgguf.File {
	f := &testgguf.File{}
	f.Set("general.architecture", "gemma3")
	f.Set("gemma3.context_length", uint32(32768))
	f.Set("gemma3.embedding_length", uint32(640))
	f.Set("gemma3.block_count", uint32(7))
	f.Set("gemma3.feed_forward_length", uint32(2048))
	f.Set("gemma3.attention.head_count", uint32(4))
	f.Set("gemma3.attention.head_count_kv", uint32(1))
	f.Set("gemma3.attention.key_length", uint32(256))
	f.Set("gemma3.attention.value_length", uint32(256))
	f.Set("gemma3.attention.layer_norm_rms_epsilon", float32(1e-6))
	f.Set("gemma3.attention.sliding_window", uint32(512))
	f.Set("gemma3.rope.freq_base", float32(1e6))
	return f.Set("tokenizer.ggml.tokens", []string{"a", "b", "c"})
}

func TestHyper(t *testing.T) {
	h, err := read(t, gemma()).Hyper()
	if err != nil {
		t.Fatal(err)
	}
	if h.Architecture != "gemma3" || h.Kind != gguf.KindDecoder || h.Context != 32768 || h.Embedding != 640 || h.EmbeddingOut != 640 || h.Vocabulary != 3 || !h.Causal {
		t.Errorf("%+v", h)
	}
	if h.Window != (gguf.Window{Kind: gguf.WindowStandard, Size: 512}) || h.RoPE.Kind != gguf.RoPENeoX || h.RoPE.Base != 1e6 || h.RoPE.BaseWindow != 10000 || h.Pooling != gguf.PoolingUnspecified {
		t.Errorf("window %+v, RoPE %+v, pooling %v", h.Window, h.RoPE, h.Pooling)
	}
	for i, l := range h.Layers {
		want := gguf.Layer{Heads: 4, KVHeads: 1, KeyLength: 256, ValueLength: 256, FeedForward: 2048, RoPE: 256, Window: i != 5, KV: true}
		if l != want {
			t.Errorf("layer %d: %+v", i, l)
		}
	}
	// Six layers keep 512 + 512 tokens, one all of 2048; keys and values of 256 numbers, 2 bytes each.
	if n, ok := h.KVBytes(2000, gguf.F16, gguf.F16); !ok || n != (6*1024+2048)*2*256*2 {
		t.Errorf("KV cache of %d bytes, %v", n, ok)
	}
	if n, ok := h.KVBytes(2000, gguf.Q8_0, gguf.Q4_0); !ok || n != (6*1024+2048)*(8*34+8*18) {
		t.Errorf("quantized KV cache of %d bytes, %v", n, ok)
	}
	if _, ok := h.KVBytes(2000, 99, gguf.F16); ok {
		t.Error("a KV cache of an unknown type")
	}
}

func TestHyperErrors(t *testing.T) {
	for _, c := range []struct {
		key  string // without gemma3.
		to   any
		want string
	}{
		{"block_count", uint32(0), `"gemma3.block_count": is 0, must be 1 to 512`},
		{"block_count", uint32(513), `"gemma3.block_count": is 513, must be 1 to 512`},
		{"block_count", uint64(7), `"gemma3.block_count": is u64, must be u32`},
		{"block_count", int32(-1), `"gemma3.block_count": is i32, must be u32`},
		{"nextn_predict_layers", uint32(8), `"gemma3.nextn_predict_layers": is 8, more than the 7 layers`},
		{"attention.head_count", []int32{1, 2}, `"gemma3.attention.head_count": has 2 elements for 7 layers`},
		{"attention.head_count", []int32{1, 2, 3, 4, 5, 6, -7}, `"gemma3.attention.head_count": -7 is out of range`},
		{"attention.head_count", []float32{1}, `"gemma3.attention.head_count": is an array of f32, must be u32, or an array of u32, i32 or bool`},
		{"attention.head_count", [][]int32{{1}}, `"gemma3.attention.head_count": is an array of arr, must be u32, or an array of u32, i32 or bool`},
		{"context_length", uint32(1 << 31), `"gemma3.context_length": 2147483648 is out of range`},
		{"attention.sliding_window_pattern", make([]bool, 513), `"gemma3.attention.sliding_window_pattern": has 513 elements, the limit is 512`},
		{"expert_count", uint32(4), `"gemma3.expert_used_count": is missing`},
		{"expert_used_count", uint32(4), `"gemma3.expert_used_count": is 4, of 0 experts`},
		{"rope.scaling.type", "su", `"gemma3.rope.scaling.type": is "su", must be none, linear, yarn or longrope`},
		{"attention.layer_norm_rms_epsilon", float64(1e-6), `"gemma3.attention.layer_norm_rms_epsilon": is f64, must be f32`},
	} {
		_, err := read(t, gemma().Set("gemma3."+c.key, c.to)).Hyper()
		var at *gguf.HyperError
		if !errors.As(err, &at) || !errors.Is(err, gguf.ErrHyper) || err.Error() != gguf.ErrHyper.Error()+": "+c.want {
			t.Errorf("%s of %v: %v", c.key, c.to, err)
		}
	}
}

func TestHyperOfUnknownArchitecture(t *testing.T) {
	f := gemma()
	f.Set("general.architecture", "gemma9").Set("gemma9.context_length", uint32(99)).Set("gemma9.block_count", uint32(2)).Set("gemma9.embedding_length", uint32(8))
	h, err := read(t, f).Hyper()
	if !errors.Is(err, gguf.ErrArchitecture) || errors.Is(err, gguf.ErrHyper) || h.Context != 99 || len(h.Layers) != 2 {
		t.Errorf("%v: %+v", err, h)
	}
	h, err = read(t, &testgguf.File{}).Hyper()
	if !errors.Is(err, gguf.ErrArchitecture) || h == nil {
		t.Errorf("no architecture: %v", err)
	}
}

// TestHyperIsCheap: it is part of opening a model.
func TestHyperIsCheap(t *testing.T) {
	f, err := gguf.Open(testmodel.Gemma3(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := testing.AllocsPerRun(10, func() { f.Hyper() }); n > 20 {
		t.Errorf("%v allocations", n)
	}
	best := time.Hour
	for range 100 {
		start := time.Now()
		f.Hyper()
		best = min(best, time.Since(start))
	}
	if t.Logf("best of 100: %v", best); best > time.Millisecond {
		t.Errorf("it took %v", best)
	}
}
