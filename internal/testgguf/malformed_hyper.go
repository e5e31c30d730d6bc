package testgguf

import (
	"fmt"
	"math"
)

// hyper are hyper-parameters that are impossible or contradict each other.
func (c *cases) hyper() {
	for _, n := range []uint32{2, 3, 512, 513, 1e9, 1 << 31} {
		c.set("decoder", "llama.block_count", n)
	}
	for _, n := range []uint32{1, 2, 3, 1 << 31} {
		c.set("decoder", "llama.nextn_predict_layers", n)
		c.set("decoder", "llama.expert_count", n)
		c.set("decoder", "llama.expert_used_count", n)
		c.set("decoder", "llama.expert_group_count", n)
		c.set("mixture", "llama.expert_used_count", n)
		c.set("mixture", "llama.expert_group_count", n)
	}
	c.set("mixture", "llama.expert_count", uint32(1025))
	c.set("mixture", "llama.expert_used_count", []uint32{2, 9})
	c.set("mixture", "llama.expert_used_count", []uint32{0, 0})
	c.set("mixture", "llama.expert_used_count", []uint32{2, 0})
	c.set("mixture", "llama.expert_gating_func", uint32(77))
	c.set("mixture", "llama.expert_weights_scale", float32(math.NaN()))
	c.add("mixture", "groups", func(f *File) {
		f.Set("llama.expert_group_count", uint32(2)).Set("llama.expert_group_used_count", uint32(0))
	})
	c.add("mixture", "groups of groups", func(f *File) {
		f.Set("llama.expert_group_count", uint32(2)).Set("llama.expert_group_used_count", uint32(2))
	})
	c.add("mixture", "no experts", func(f *File) { f.Remove("llama.expert_count") })
	for _, base := range []string{"decoder", "windowed", "recurrent"} {
		arch := c.base[base].Value("general.architecture").(string)
		for _, eps := range []float64{-1e-30, math.Inf(-1), math.MaxFloat32, math.SmallestNonzeroFloat32} {
			c.set(base, arch+".attention.layer_norm_rms_epsilon", float32(eps))
		}
		for _, n := range []uint32{0, 1, 1 << 20, 1 << 31, math.MaxUint32} {
			c.set(base, arch+".context_length", n)
			c.set(base, arch+".vocab_size", n)
			c.set(base, arch+".embedding_length_out", n)
		}
		c.set(base, arch+".pooling_type", uint32(99))
		c.set(base, arch+".attention.causal", false)
		c.set(base, arch+".attention.max_alibi_bias", float32(-8))
		c.set(base, arch+".attention.clamp_kqv", float32(math.NaN()))
		c.set(base, arch+".attention.scale", float32(math.Inf(1)))
		c.set(base, arch+".logit_scale", float32(0))
		c.set(base, arch+".classifier.output_labels", []string{"a", "b"})
	}
	for _, key := range []string{"conv_kernel", "inner_size", "state_size", "time_step_rank", "group_count"} {
		for _, n := range []uint32{0, 1, 3, 1 << 16, 1 << 31} {
			c.set("recurrent", "mamba.ssm."+key, n)
		}
	}
	for _, pooling := range []uint32{0, 2, 3, 4, 5, 1 << 31} {
		c.set("encoder", "bert.pooling_type", pooling)
	}
	c.set("encoder", "bert.attention.causal", true)
	c.set("encoder", "bert.token_type_count", uint32(0))
	for _, arch := range []string{"clip", "gptj", "starcoder", "qwen2", "gemma", "mpt", "bert", "rwkv7", "nothing at all", "LLAMA", "llama\x00"} {
		c.set("decoder", "general.architecture", arch)
	}
	for _, kind := range []string{"adapter", "mmproj", "imatrix", "vocab", "nonsense"} {
		c.set("decoder", "general.type", kind)
	}
}

// attention are heads, RoPE and windows that do not fit together.
func (c *cases) attention() {
	for _, base := range []string{"decoder", "windowed"} {
		arch := c.base[base].Value("general.architecture").(string)
		for _, n := range []uint32{1, 2, 3, 5, 8, 64, 65, 1 << 16, 1 << 31} {
			c.set(base, arch+".attention.head_count", n)
			c.set(base, arch+".attention.head_count_kv", n)
			c.set(base, arch+".attention.key_length", n)
			c.set(base, arch+".attention.value_length", n)
			c.set(base, arch+".rope.dimension_count", n)
		}
		for _, heads := range [][]uint32{{4}, {4, 2}, {4, 4, 4}, {0, 4}, {4, 0}, {4, math.MaxUint32}, {}} {
			c.set(base, arch+".attention.head_count", heads)
			c.set(base, arch+".attention.head_count_kv", heads)
			c.set(base, arch+".feed_forward_length", heads)
		}
		for _, kind := range []string{"none", "yarn", "longrope", "dynamic", "", "su"} {
			c.set(base, arch+".rope.scaling.type", kind)
		}
		for _, x := range []float64{0, -1, math.NaN(), math.Inf(1), 1e-40, 1e38} {
			c.set(base, arch+".rope.freq_base", float32(x))
			c.set(base, arch+".rope.scaling.factor", float32(x))
			c.add(base, fmt.Sprintf("yarn %v", x), func(f *File) {
				f.Set(arch+".rope.scaling.type", "yarn").Set(arch+".rope.scaling.factor", float32(x)).
					Set(arch+".rope.scaling.original_context_length", uint32(0)).Set(arch+".rope.scaling.attn_factor", float32(x))
			})
		}
		c.set(base, arch+".rope.dimension_sections", []int32{1, 1, 1, 1})
		c.set(base, arch+".rope.dimension_sections", []int32{-5, 1 << 30, 1, 1})
	}
	windows := []uint32{0, 1, 2, 7, 1 << 20, 1 << 26, 1 << 29, 1 << 30, 1<<31 - 4096, 1<<31 - 1, 1 << 31, 1<<31 + 1, math.MaxUint32 - 512, math.MaxUint32}
	for _, n := range windows {
		c.set("windowed", "gemma3.attention.sliding_window", n)
	}
	for _, pattern := range []any{uint32(0), uint32(1), uint32(3), uint32(1 << 31), []bool{true, false}, []bool{true, true}, []bool{false, false},
		[]bool{}, []bool{true}, filled(513, true), []int32{1, 0}, []uint32{1 << 31, 7}, filled(3, float32(1)), "every second"} {
		c.set("windowed", "gemma3.attention.sliding_window_pattern", pattern)
		for _, n := range windows[9:12] {
			c.add("windowed", fmt.Sprintf("window %d, pattern %.30s", n, fmt.Sprint(pattern)), func(f *File) {
				f.Set("gemma3.attention.sliding_window", n).Set("gemma3.attention.sliding_window_pattern", pattern)
			})
		}
	}
	for _, n := range []uint32{0, 3, 15, 18, 1 << 31} {
		c.set("windowed", "gemma3.rope.dimension_count_swa", n)
		c.set("windowed", "gemma3.attention.key_length_swa", n)
		c.set("windowed", "gemma3.attention.value_length_swa", n)
	}
}
