package plan

import (
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// operation is what a weight is used for, as far as its place depends on it.
type operation uint8

const (
	opOther operation = iota
	opMulMat
	opMulMatID
	opGetRows
	opConvolve
	opScan
)

// Where a weight belongs: the input, the output, else a layer.
const (
	placeInput  = -1
	placeOutput = -2
)

// weight is a tensor of the file with what decides on its place.
type weight struct {
	name  string
	kind  gguf.TensorType
	dims  [4]uint64
	bytes uint64
	place int // layer, or one of place…
	op    operation
	each  bool // of all layers: one on each device that has some
	tied  bool // also the matrix of the output
}

// rank is the number of dimensions without those at the end that are 1.
func (w *weight) rank() int {
	for i := 3; i > 0; i-- {
		if w.dims[i] > 1 {
			return i + 1
		}
	}
	return 1
}

// inputs and outputs are the tensors of src/llama-arch.cpp@v0.5.0 (LLM_TENSOR_INFOS) that
// belong to neither a layer nor the first one, by the start of their names.
var (
	inputs  = []string{"token_embd.", "position_embd.", "token_types.", "hrm.z_l_init", "per_layer_token_embd."}
	outputs = []string{"output.", "output_norm.", "cls.", "cls.output.", "cls.norm.", "dense_2.", "dense_3.", "token_embd_norm.",
		"dec.output_norm.", "enc.output_norm.", "output_hc_", "output_res_score.", "altup_proj.", "altup_unembd_proj.",
		"nextn.post_projection.", "fc.", "d2t", "markov", "conf_proj"}
)

// unused are loaded by no graph.
var unused = []string{"cross_attn_rel_b.", "masked_embd_"}

// rowsOf are weights of layers that are looked up or convolved rather than multiplied with.
var rowsOf = []string{"attn_rel_b.", "_ape.", "tid2eid", "embed_tokens.", "conv1d", "shortconv.conv", "ssm_a", "time_mix_first", "_dw.", ".conv1.", ".conv2."}

// untied are architectures that have no matrix of their own for the output and use none, or
// the embeddings where they are.
var untied = map[string]bool{
	"bert": true, "bitnet": true, "eurobert": true, "jina-bert-v2": true, "jina-bert-v3": true, "modern-bert": true,
	"neo-bert": true, "nomic-bert": true, "nomic-bert-moe": true, "wavtokenizer-dec": true,
}

// weightsOf reads the table of tensors.
func weightsOf(h *gguf.Hyper, tensors []gguf.Tensor) []weight {
	weights := make([]weight, 0, len(tensors)+1)
	output, embedding := false, -1
	for i := range tensors {
		t := &tensors[i]
		n, ok := t.Size()
		if !ok {
			continue
		}
		w := weight{name: t.Name, kind: t.Type, dims: [4]uint64{1, 1, 1, 1}, bytes: uint64(n)}
		copy(w.dims[:], t.Dims)
		if !w.find(h) {
			continue
		}
		output = output || w.name == "output.weight"
		if w.name == "token_embd.weight" {
			embedding = len(weights)
		}
		weights = append(weights, w)
	}
	if embedding >= 0 && !output && !untied[h.Architecture] {
		weights[embedding].tied = true
	}
	return weights
}

// find says where the weight belongs. False: nowhere, as the engine does not load it.
func (w *weight) find(h *gguf.Hyper) bool {
	rest, layer := layerOf(w.name)
	if layer < 0 {
		return w.findGlobal(h)
	}
	w.place = layer
	if h.NextN > 0 && h.Main() > 0 && layer >= h.Main() && layer < len(h.Layers) && !keepsAhead[h.Architecture] || hasAny(rest, unused) {
		return false
	}
	switch {
	case strings.HasSuffix(rest, "_exps.weight") || strings.HasSuffix(rest, "exps.weight"):
		w.op = opMulMatID
	case w.dims[1] > 1 && strings.HasSuffix(rest, ".weight") && !hasAny(rest, rowsOf) && !strings.Contains(rest, "norm"):
		w.op = opMulMat
	case rest == "ssm_a" && scanned[h.Architecture]:
		w.op = opScan
	case rest == "ssm_conv1d.weight" || rest == "ple_conv1d.weight" || rest == "shortconv.conv.weight":
		w.op = opConvolve
	case hasAny(rest, lookedUp):
		w.op = opGetRows
	}
	return true
}

// scanned are architectures whose states are scanned; others multiply with ssm_a.
var scanned = map[string]bool{
	"mamba": true, "mamba2": true, "jamba": true, "plamo2": true, "falcon-h1": true, "granitehybrid": true, "nemotron_h": true, "nemotron_h_moe": true,
}

// lookedUp are tables of layers.
var lookedUp = []string{"attn_rel_b.", "_ape.", "tid2eid", "embed_tokens."}

// keepsAhead are architectures whose layers after the main ones are part of the model.
var keepsAhead = map[string]bool{"granite-switch": true, "eagle3": true, "dflash": true, "gemma4-assistant": true}

func (w *weight) findGlobal(h *gguf.Hyper) bool {
	for _, prefix := range inputs {
		if strings.HasPrefix(w.name, prefix) {
			w.place, w.op = placeInput, opGetRows
			return true
		}
	}
	if hasAny(w.name, unused) {
		return false
	}
	for _, prefix := range outputs {
		if strings.HasPrefix(w.name, prefix) {
			// The norm of the embeddings is the first layer's, but for LFM2, which calls that of
			// the output so.
			if prefix == "token_embd_norm." && !strings.HasPrefix(h.Architecture, "lfm2") {
				return true
			}
			w.place = placeOutput
			if w.dims[1] > 1 {
				w.op = opMulMat
			}
			return true
		}
	}
	w.each = strings.HasPrefix(w.name, "rope_f")
	if w.dims[1] > 1 && !strings.Contains(w.name, "norm") && !hasAny(w.name, rowsOf) {
		w.op = opMulMat
	}
	return true // of the first layer
}

func hasAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// layerOf is the number after "blk." and what follows; -1: there is none.
func layerOf(name string) (string, int) {
	at := strings.Index(name, "blk.")
	if at < 0 {
		return name, -1
	}
	rest, n, digits := name[at+len("blk."):], 0, 0
	for digits < len(rest) && digits < 6 && rest[digits] >= '0' && rest[digits] <= '9' {
		n = n*10 + int(rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits == len(rest) || rest[digits] != '.' {
		return name, -1
	}
	return rest[digits+1:], n
}
