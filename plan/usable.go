package plan

import "github.com/seed-f87006eb/llm/gguf"

// usable: a device can compute with a weight. What it cannot stays on the host:
// weight_buft_supported of src/llama-model-loader.cpp@v0.5.0.
func (e *Estimator) usable(d Device, limit uint64, w *weight) bool {
	if limit > 0 && w.bytes > limit {
		return false
	}
	t := tensor{src: [maxSources]*tensor{{kind: w.kind, ne: w.shape()}}, sources: 1}
	switch rest, _ := layerOf(w.name); {
	case w.op == opMulMat || w.op == opMulMatID:
		t.op = opMatMul
	case rest == "ssm_a" && scanned[e.h.Architecture]:
		return e.scannable(d, w)
	case rest == "ssm_conv1d.weight" || rest == "ple_conv1d.weight" || rest == "shortconv.conv.weight":
		return w.dims[1]%128 == 0
	case w.op == opGetRows || hasAny(rest, lookedUp):
		t.op = opRows
	default:
		return true
	}
	return computes(d, &t)
}

// scanned are architectures whose states are scanned; others multiply with ssm_a.
var scanned = map[string]bool{
	"mamba": true, "mamba2": true, "jamba": true, "plamo2": true, "falcon-h1": true, "granitehybrid": true, "nemotron_h": true, "nemotron_h_moe": true,
}

// lookedUp are tables of layers.
var lookedUp = []string{"attn_rel_b.", "_ape.", "tid2eid", "embed_tokens."}

func (w *weight) shape() [4]int64 {
	return [4]int64{int64(w.dims[0]), int64(w.dims[1]), int64(w.dims[2]), int64(w.dims[3])}
}

// scannable: the device has a kernel for states of this size.
func (e *Estimator) scannable(d Device, w *weight) bool {
	r := e.h.Recurrent
	state, heads := int64(w.dims[0]), int64(w.dims[1])
	if state == 1 {
		state = int64(r.SSMState)
	}
	s := tensor{kind: gguf.F32, ne: [4]int64{state, int64(r.SSMInner) / max(1, heads), heads, 1}}
	a := tensor{kind: gguf.F32, ne: w.shape()}
	b := tensor{kind: gguf.F32, ne: [4]int64{state, int64(max(1, r.SSMGroups)), 1, 1}}
	t := tensor{exact: exactScan, src: [maxSources]*tensor{&s, &s, &s, &a, &b}, sources: 5}
	return computes(d, &t)
}
