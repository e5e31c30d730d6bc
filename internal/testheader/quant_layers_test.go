package testheader

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/quant"
)

// TestTypesByLayers: models that the engine calls 70B, or nearly does, by their numbers of
// layers, heads and experts; small otherwise.
func TestTypesByLayers(t *testing.T) {
	for _, c := range []struct {
		architecture           string
		layers, heads, kv, exp int
	}{
		{"llama", 80, 4, 1, 0}, {"llama", 80, 4, 4, 0}, {"llama", 79, 4, 1, 0}, {"llama", 80, 4, 1, 8}, {"llama", 80, 4, 2, 4},
		{"llama-embed", 80, 4, 1, 0}, {"qwen2", 80, 4, 1, 0}, {"qwen2", 80, 4, 4, 0}, {"olmo", 80, 4, 4, 0}, {"deci", 80, 4, 1, 0},
		{"jais2", 68, 4, 1, 0}, {"jais2", 80, 4, 1, 0}, {"falcon", 60, 4, 1, 0}, {"qwen3", 80, 4, 1, 0}, {"qwen2moe", 24, 4, 4, 8},
	} {
		name := fmt.Sprintf("%s, %d layers, %d heads, %d of keys, %d experts", c.architecture, c.layers, c.heads, c.kv, c.exp)
		t.Run(name, func(t *testing.T) {
			path := smallModel(t, c.architecture, map[string]any{
				"block_count": c.layers, "attention.head_count": c.heads, "attention.head_count_kv": c.kv,
				"expert_count": c.exp, "expert_used_count": min(c.exp, 2),
			})
			_, s := open(t, path)
			for _, ft := range []gguf.FileType{quant.Q2_K, quant.Q3_K_S, quant.Q3_K_M, quant.Q4_K_S, quant.Q4_K_M, quant.IQ3_M, quant.IQ2_S, quant.IQ4_XS} {
				if err := planned(s, path, quant.Options{FileType: ft}); err != nil {
					t.Errorf("%v: %v", ft, err)
				}
			}
		})
	}
}

// smallModel is the header of a model with rows of 256, and these keys of its architecture.
func smallModel(t *testing.T, architecture string, keys map[string]any) string {
	t.Helper()
	m := model{Architecture: architecture, VocabSize: 512, Keys: map[string]any{}}
	all := map[string]any{
		"context_length": 512, "embedding_length": 256, "feed_forward_length": 512, "rope.dimension_count": 64,
		"expert_feed_forward_length": 256, "expert_shared_feed_forward_length": 256,
		"attention.layer_norm_rms_epsilon": json.Number("0.00001"), "attention.layer_norm_epsilon": json.Number("0.00001"),
	}
	for key, value := range keys {
		all[key] = value
	}
	for key, value := range all {
		m.Keys[key] = json.Number(fmt.Sprint(value)) // as the reader of testdata has them
	}
	w, err := m.writer(architecture)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "keys.gguf")
	if err := gguf.Create(t.Context(), []gguf.Output{{Path: path, Content: w}}, false, nil); err != nil {
		t.Fatal(err)
	}
	tensors, err := m.tensors(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := finish(w, 1, tensors); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(folder, "model.gguf")
	if err := writeSparse(w, path); err != nil {
		t.Fatal(err)
	}
	return path
}
