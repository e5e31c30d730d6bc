package reference_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/llama/reference"
)

// variant is keys that mean something together.
type variant struct {
	name string
	arch string // empty: all
	keys map[string]any
}

// variants of a model with ten layers, one of which predicts ahead.
func variants() []variant {
	window, heads := uint32(700), []int32{4, 0, 0, 4, 0, 0, 4, 0, 0, 4}
	list := []bool{true, true, false, true, true, false, true, true, false, true}
	return []variant{
		{"window", "", map[string]any{"attention.sliding_window": window}},
		{"window, every third", "", map[string]any{"attention.sliding_window": window, "attention.sliding_window_pattern": uint32(3)}},
		{"window, all", "", map[string]any{"attention.sliding_window": window, "attention.sliding_window_pattern": uint32(0)}},
		{"window, listed", "", map[string]any{"attention.sliding_window": window, "attention.sliding_window_pattern": list,
			"attention.key_length_swa": uint32(32), "attention.value_length_swa": uint32(96), "rope.dimension_count_swa": uint32(16),
			"rope.freq_base_swa": float32(777), "rope.freq_base": float32(5e5), "rope.scaling.factor": float32(4)}},
		{"window, short list, no layers for it", "", map[string]any{"attention.sliding_window": window, "attention.sliding_window_pattern": []uint32{1}}},
		{"window of a wrong type", "", map[string]any{"attention.sliding_window": window, "rope.freq_base_swa": uint32(5)}},
		{"heads of some layers", "", map[string]any{"attention.head_count_kv": heads, "attention.key_length": uint32(96), "attention.value_length": uint32(128),
			"rope.dimension_count": uint32(96)}},
		{"window and heads of some layers", "", map[string]any{"attention.sliding_window": window, "attention.head_count_kv": heads}},
		{"no heads in the first layer", "", map[string]any{"attention.head_count": []int32{0, 8, 8, 0, 8, 8, 0, 8, 8, 8}, "attention.head_count_kv": []int32{0, 4, 4, 0, 4, 4, 0, 4, 4, 4},
			"feed_forward_length": []int32{0, 0, 512, 0, 512, 0, 0, 512, 0, 512}, "attention.key_length": uint32(64), "attention.value_length": uint32(64)}},
		{"compressed", "", map[string]any{"attention.kv_lora_rank": uint32(64), "attention.key_length": uint32(96), "attention.value_length": uint32(64),
			"attention.key_length_mla": uint32(128), "attention.value_length_mla": uint32(96), "attention.head_count_kv": uint32(1), "attention.q_lora_rank": uint32(32)}},
		{"compressed, some recurrent", "", map[string]any{"attention.kv_lora_rank": uint32(64), "attention.key_length_mla": uint32(128), "attention.value_length_mla": uint32(96),
			"attention.head_count_kv": heads}},
		{"groups of experts", "", map[string]any{"expert_group_count": uint32(4), "expert_group_used_count": uint32(2), "expert_used_count": []int32{1, 2, 3, 4, 1, 2, 3, 4, 1, 2},
			"expert_feed_forward_length": []int32{64, 32, 64, 32, 64, 32, 64, 32, 64, 32}}},
		{"groups that do not divide", "", map[string]any{"expert_group_count": uint32(3), "expert_group_used_count": uint32(2)}},
		{"yarn", "", map[string]any{"rope.scaling.type": "yarn", "rope.scaling.factor": float32(8), "rope.scaling.original_context_length": uint32(2048),
			"rope.scaling.attn_factor": float32(1.5), "rope.scaling.alpha": float32(3)}},
		{"indexer", "", map[string]any{"attention.indexer.top_k": uint32(64), "attention.indexer.head_count": uint32(4), "attention.indexer.key_length": uint32(128),
			"attention.indexer.types": []int32{1, 0, 1, 0, 0, 1, 0, 0, 1}}},
		{"all layers predict ahead", "", map[string]any{"nextn_predict_layers": uint32(10)}},
		{"stages of DeepSeek 4", "dflash", map[string]any{"hyper_connection.count": uint32(4), "attention.sliding_window": window, "expert_gating_func": uint32(4)}},
		{"n-grams", "qwen4exp", map[string]any{"ple.layers": []uint32{2}, "ple.ngram_size": uint32(3), "ple.heads_per_ngram": uint32(2),
			"ple.layer_multipliers": []uint64{1 << 40, 2, 3}, "ple.head_offsets": []uint64{0, 9, 18, 27}, "ple.head_vocab_sizes": []uint64{9, 9, 9, 9}}},
		{"n-grams on a layer with attention", "qwen4exp", map[string]any{"ple.layers": []uint32{3}, "ple.ngram_size": uint32(3), "ple.heads_per_ngram": uint32(2),
			"ple.layer_multipliers": []uint64{1, 2, 3}, "ple.head_offsets": []uint64{0, 9, 18, 27}, "ple.head_vocab_sizes": []uint64{9, 9, 9, 9}}},
		{"loops", "nanbeige", map[string]any{"num_loops": uint32(3)}},
		{"too many loops", "nanbeige", map[string]any{"num_loops": uint32(60)}},
		{"one expert", "hunyuan-dense", map[string]any{"expert_count": uint32(1), "expert_used_count": uint32(1)}},
		{"shared caches", "gemma4", map[string]any{"attention.shared_kv_layers": uint32(4), "attention.sliding_window_pattern": list}},
	}
}

// TestHyperOfKeysTogether: rules that need several keys.
func TestHyperOfKeysTogether(t *testing.T) {
	c := newComparison(t)
	s := shape{layers: 10, nextn: 1, experts: 8, context: 4096}
	for _, v := range variants() {
		taken := 0
		for _, arch := range reference.Architectures() {
			if slices.Contains(notRun, arch) || v.arch != "" && v.arch != arch {
				continue
			}
			header := c.complete(arch, s)
			for _, key := range slices.Sorted(maps.Keys(v.keys)) {
				header.Set(arch+"."+key, v.keys[key])
			}
			c.missing(header)
			if c.same(fmt.Sprint(arch, ", ", v.name), header) != nil {
				taken++
			}
		}
		t.Logf("%s: taken by %d architectures", v.name, taken)
	}
	t.Logf("%d headers, %d sizes of memory", c.loads, c.memory)
}
