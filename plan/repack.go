package plan

import "github.com/seed-f87006eb/llm/gguf"

// Repack says which weights the host's CPU has rearranged for itself: they go into buffers of
// their own. The engine asks the processor; a plan has to be told, and without it plans that
// nothing is rearranged.
type Repack uint8

// The kinds of processor: extra buffer types of ggml/src/ggml-cpu/ggml-cpu.cpp@v0.5.0. AMX
// processors have AVX-512 as well.
const (
	RepackNone Repack = iota
	RepackAVX2
	RepackAVX512
	RepackAMX
	RepackNEON // with dot products
	RepackNEONInt8
)

// size is how many bytes a weight takes when it is rearranged for this processor; false: it
// is not.
func (r Repack) size(t *weight) (uint64, bool) {
	if r == RepackAMX {
		if n, ok := amxSize(t); ok {
			return n, true
		}
	}
	if r == RepackNone || t.op != opMulMat && t.op != opMulMatID || t.rank() != map[operation]int{opMulMat: 2, opMulMatID: 3}[t.op] {
		return 0, false
	}
	rows := repackRows(r, t.kind)
	return t.bytes, rows > 0 && t.dims[1]%rows == 0
}

// amxSize: ggml-cpu/amx/amx.cpp (supports_op) and mmq.cpp (get_row_size)@v0.5.0. What is
// packed counts by its rows alone, also where there are several matrices.
func amxSize(t *weight) (uint64, bool) {
	if t.op != opMulMat || t.dims[1]%32 != 0 {
		return 0, false
	}
	block, extra := uint64(256), uint64(0)
	switch t.kind {
	case gguf.F16:
		return t.bytes, t.dims[0]%16 == 0
	case gguf.Q4_0, gguf.Q4_1:
		block = 32
	case gguf.Q8_0:
		block, extra = 32, 4
	case gguf.Q4_K, gguf.Q5_K:
		extra = 4
	case gguf.Q6_K:
	case gguf.IQ4_XS:
		extra = 2
	default:
		return 0, false
	}
	if t.dims[0]%block != 0 {
		return 0, false
	}
	_, size := t.kind.Block()
	return t.dims[1] * (t.dims[0] / block) * (uint64(size) + extra), true
}

// repackRows is of how many rows together a type is rearranged: ggml-cpu/repack.cpp@v0.5.0,
// ggml_repack_get_optimal_repack_type. 0: not at all.
func repackRows(r Repack, t gguf.TensorType) uint64 {
	if r == RepackNEON || r == RepackNEONInt8 {
		switch t {
		case gguf.Q4_0, gguf.IQ4_NL, gguf.MXFP4, gguf.Q8_0, gguf.Q1_0:
			return 4
		case gguf.Q4_K, gguf.Q5_K, gguf.Q6_K:
			return 8
		}
		return 0
	}
	switch t {
	case gguf.Q4_0, gguf.Q4_K, gguf.IQ4_NL, gguf.MXFP4:
		return 8
	case gguf.Q2_K:
		if r >= RepackAVX512 {
			return 8
		}
	}
	return 0
}
