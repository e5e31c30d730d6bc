package quant

import (
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// category is the part that a tensor plays, by its name: enum tensor_category of
// src/llama-quant.cpp@v0.5.0.
type category uint8

const (
	other category = iota
	tokenEmbedding
	outputWeight
	attentionQKV
	attentionKVB
	attentionV
	attentionK
	attentionQ
	attentionOutput
	feedForwardUp
	feedForwardGate
	feedForwardDown
)

// parts of names with the category that they make, the first that is found counting.
var parts = []struct {
	in string
	category
}{
	{"attn_qkv.weight", attentionQKV},
	{"attn_kv_b.weight", attentionKVB},
	{"attn_v.weight", attentionV},
	{"attn_k.weight", attentionK},
	{"attn_q.weight", attentionQ},
	{"attn_output.weight", attentionOutput},
	{"ffn_up", feedForwardUp},
	{"ffn_gate", feedForwardGate},
	{"ffn_down", feedForwardDown},
}

const (
	outputName         = "output.weight"
	embeddingName      = "token_embd.weight"
	layerEmbeddingName = "per_layer_token_embd.weight"
)

func categoryOf(name string) category {
	switch name {
	case outputName:
		return outputWeight
	case embeddingName, layerEmbeddingName:
		return tokenEmbedding
	}
	for _, p := range parts {
		if strings.Contains(name, p.in) {
			return p.category
		}
	}
	return other
}

// likeValues are the tensors that the attention's values come from, which suffer most.
func (c category) likeValues() bool {
	return c == attentionV || c == attentionQKV || c == attentionKVB
}

// Why a tensor keeps the type that it has.
const (
	keptCopy     = "nothing is to be quantized"
	keptOutput   = "the output is to be left as it is"
	keptVector   = "a vector"
	keptNoWeight = "no weight"
	keptNorm     = "a norm"
	keptRouter   = "chooses experts"
	keptSmall    = "small"
	keptPosition = "of positions or token types"
	keptVision   = "of vision or sound"
)

// keptParts are parts of the names of matrices that are not quantized.
var keptParts = []struct{ in, why string }{
	{"_norm.weight", keptNorm},
	{"ffn_gate_inp.weight", keptRouter}, {"ffn_gate_tid2eid.weight", keptRouter},
	{"altup", keptSmall}, {"laurel", keptSmall}, {"per_layer_model_proj", keptSmall},
	{"ssm_conv1d", keptSmall}, {"shortconv.conv.weight", keptSmall},
	{"indexer.k_proj.weight", keptSmall}, {"indexer.q_proj.weight", keptSmall},
	{"time_mix_first.weight", keptSmall}, {"time_mix_w0.weight", keptSmall}, {"time_mix_w1.weight", keptSmall},
	{"time_mix_w2.weight", keptSmall}, {"time_mix_v0.weight", keptSmall}, {"time_mix_v1.weight", keptSmall},
	{"time_mix_v2.weight", keptSmall}, {"time_mix_a0.weight", keptSmall}, {"time_mix_a1.weight", keptSmall},
	{"time_mix_a2.weight", keptSmall}, {"time_mix_g1.weight", keptSmall}, {"time_mix_g2.weight", keptSmall},
	{"time_mix_decay_w1.weight", keptSmall}, {"time_mix_decay_w2.weight", keptSmall},
	{"time_mix_lerp_fused.weight", keptSmall},
	{"attn_rel_b.weight", keptPosition}, {".position_embd", keptPosition}, {".rel_pos", keptPosition},
	{"sam.pos_embd", keptVision}, {"sam.neck.", keptVision}, {"sam.net_", keptVision},
	{".patch_embd", keptVision}, {".patch_merger", keptVision},
	{"a.rvq.codebook", keptVision}, {"mm.a.code_embd", keptVision},
}

// keptBy says why the engine leaves a tensor as it is, whatever the file type; empty: it
// quantizes it. The rule is tensor_allows_quantization.
func keptBy(name string, dims int) string {
	if dims < 2 {
		return keptVector
	}
	// The engine compares where "weight" is found with the length less 6: of a name of 5
	// bytes both are the largest number, so that such a tensor counts as a weight.
	if !strings.HasSuffix(name, "weight") && len(name) != 5 {
		return keptNoWeight
	}
	if name == "position_embd.weight" || name == "token_types.weight" {
		return keptPosition
	}
	for _, p := range keptParts {
		if strings.Contains(name, p.in) {
			return p.why
		}
	}
	return ""
}

// dimensions of a tensor as the engine counts them: without those at the end that are 1.
// It has 1 at least.
func dimensions(t *gguf.Tensor) int {
	for n := len(t.Dims); n > 1; n-- {
		if t.Dims[n-1] > 1 {
			return n
		}
	}
	return 1
}

// dim is the length of a dimension that may be left out.
func dim(t *gguf.Tensor, i int) uint64 {
	if i < len(t.Dims) {
		return t.Dims[i]
	}
	return 1
}

// scanLayer reads the number of the layer as sscanf(name, "blk.%d.") does: space and a sign
// may stand before it, and what comes behind it does not matter.
func scanLayer(name string) (int, bool) {
	rest, ok := strings.CutPrefix(name, "blk.")
	if !ok {
		return -1, false
	}
	rest = strings.TrimLeft(rest, " \t\n\v\f\r")
	negative := false
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		negative, rest = rest[0] == '-', rest[1:]
	}
	digits, n := 0, int64(0)
	for ; digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9'; digits++ {
		if n < 1<<53 {
			n = 10*n + int64(rest[digits]-'0')
		}
	}
	if negative {
		n = -n
	}
	if digits == 0 {
		return -1, false
	}
	return int(int32(n)), true
}
