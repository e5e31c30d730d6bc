package plan

import "github.com/seed-f87006eb/llm/gguf"

// usable: a device can compute with a weight. What it cannot stays on the host:
// weight_buft_supported of src/llama-model-loader.cpp@v0.5.0.
func (e *Estimator) usable(d *Device, limit uint64, w *weight) bool {
	if limit > 0 && w.bytes > limit {
		return false
	}
	switch w.op {
	case opMulMat, opMulMatID:
		return multiplies(w.kind)
	case opGetRows:
		return looksUp(w.kind, int64(w.dims[0]))
	case opConvolve:
		return w.dims[1]%128 == 0
	case opScan:
		return e.scannable(*d, w)
	}
	return true
}

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
