package gguf

import (
	"slices"
	"strings"
)

// demand is what the engine asserts, or divides by, of some architectures alone:
// ggml-org/llama.cpp src/models/*.cpp@v0.5.0.
type demand struct {
	of   string // architectures, with blanks between them
	key  string
	says string
	met  func(h *Hyper) bool
}

var demands = []demand{
	{"bailingmoe2 glm4moe grovemoe llada-moe smallthinker lfm2moe", "expert_count", "this architecture needs experts",
		func(h *Hyper) bool { return h.Experts.Count > 0 }},
	{"grovemoe", "experts_per_group", "groups of 0 experts", func(h *Hyper) bool { return h.Experts.PerGroup > 0 }},
	{"ernie4_5-moe", "interleave_moe_layer_step", "it is missing or 0", func(h *Hyper) bool { return h.Experts.Every > 0 }},
	{"granitehybrid jamba", "ssm.inner_size", "this architecture needs twice the embedding",
		func(h *Hyper) bool { return h.Recurrent.SSMInner == 2*h.Embedding }},
	{"mamba2 granitehybrid nemotron_h nemotron_h_moe falcon-h1 plamo2 qwen3next qwen35 qwen35moe qwen4exp", "ssm.time_step_rank", "it does not divide the inner size",
		func(h *Hyper) bool { return divides(h.Recurrent.SSMTimeStepRank, h.Recurrent.SSMInner) }},
	{"mamba2 granitehybrid nemotron_h nemotron_h_moe falcon-h1", "ssm.group_count", "it does not divide the inner size",
		func(h *Hyper) bool { return divides(h.Recurrent.SSMGroups, h.Recurrent.SSMInner) }},
	{"qwen3next qwen35 qwen35moe qwen4exp", "ssm.group_count", "it does not divide the rank of time steps",
		func(h *Hyper) bool { return divides(h.Recurrent.SSMGroups, h.Recurrent.SSMTimeStepRank) }},
	{"rwkv6 rwkv6qwen2 rwkv7 arwkv7", "wkv.head_size", "it does not divide the embedding",
		func(h *Hyper) bool { return divides(h.Recurrent.WKVHead, h.Embedding) }},
	{"rwkv6 rwkv7", "token_shift_count", "this architecture needs 2", func(h *Hyper) bool { return h.Recurrent.TokenShift == 2 }},
	{"rwkv6qwen2 arwkv7", "token_shift_count", "this architecture needs 1", func(h *Hyper) bool { return h.Recurrent.TokenShift == 1 }},
	{"lfm2 lfm2moe", "shortconv.l_cache", "this architecture needs more than 1", func(h *Hyper) bool { return h.Recurrent.ShortConv > 1 }},
	{"lfm2 lfm2moe", "attention.key_length", "this architecture needs keys as long as values", func(h *Hyper) bool {
		return !slices.ContainsFunc(h.Layers, func(l Layer) bool { return l.KeyWidth() != l.ValueWidth() })
	}},
	{"wavtokenizer-dec", "posnet.embedding_length", "it is not that of convnext",
		func(h *Hyper) bool { return h.Codec.PosNetEmbedding == h.Codec.ConvNextEmbedding }},
	{"wavtokenizer-dec", "posnet.block_count", "the engine takes at most 6", func(h *Hyper) bool { return h.Codec.PosNetLayers <= 6 }},
}

func divides(n, of int) bool { return n > 0 && of%n == 0 }

func (v *validator) demands(h *Hyper) {
	for _, d := range demands {
		if slices.Contains(strings.Fields(d.of), h.Architecture) && !d.met(h) {
			v.hyper(h, d.key, "%s", d.says)
		}
	}
}
