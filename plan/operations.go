package plan

import "github.com/seed-f87006eb/llm/gguf"

// computes: the device has the operation. It is asked only for what models do: of the operation
// tables of ggml/src/ggml-cuda/ggml-cuda.cu and ggml-vulkan/ggml-vulkan.cpp@v0.5.0, what they
// refuse of it.
func computes(d Device, t *tensor) bool {
	switch {
	case t.op == opAttention:
		return d.attends(t)
	case t.op == opMatMul || t.op == opMatMulID:
		return multiplies(t.src[0].kind)
	case t.op == opRows:
		return looksUp(t.src[0].kind, t.src[0].ne[0])
	case t.exact == exactConv:
		return t.src[0].ne[1]%128 == 0
	case t.exact == exactScan:
		return d.scans(t)
	}
	return true
}

func multiplies(t gguf.TensorType) bool { return t != gguf.TQ1_0 && t != gguf.TQ2_0 }

func looksUp(t gguf.TensorType, row int64) bool {
	switch t {
	case gguf.TQ1_0, gguf.TQ2_0, gguf.NVFP4:
		return false
	case gguf.IQ4_NL, gguf.MXFP4:
		return row%256 == 0
	}
	return true
}

// scans: kernels for the states of Mamba.
func (d Device) scans(t *tensor) bool {
	state, a := t.src[0], t.src[3]
	if a.ne[0] == 1 { // Mamba 2
		return (state.ne[0] == 128 || state.ne[0] == 256) && state.ne[1]%16 == 0
	}
	return d.Backend == "cuda" && t.src[4].ne[1] == 1 && state.ne[0] == 16 && state.ne[1] == 1 && state.ne[2]%128 == 0
}

// attends: kernels of flash attention for heads of such sizes:
// ggml_cuda_get_best_fattn_kernel of ggml/src/ggml-cuda/fattn.cu@v0.5.0.
func (d Device) attends(t *tensor) bool {
	q, k, v := t.src[0], t.src[1], t.src[2]
	if k.ne[2] == 0 {
		return false
	}
	return d.attendsTo(k.ne[0], v.ne[0], q.ne[2]/k.ne[2], k.kind, v.kind)
}

func (d Device) attendsTo(key, value, shared int64, k, v gguf.TensorType) bool {
	if d.Backend != "cuda" {
		return true
	}
	if !cacheKernel(k) || !cacheKernel(v) {
		return false
	}
	grouped := shared >= 2
	switch key {
	case 40, 64, 72, 80, 96, 112, 128, 256:
		return value == key
	case 192:
		return value == 128 && grouped && shared%8 == 0
	case 320:
		return value == 256 && grouped && shared%32 == 0
	case 512:
		return value == 512 && grouped
	case 576:
		return value == 512 && grouped
	}
	return false
}

func cacheKernel(t gguf.TensorType) bool {
	switch t {
	case gguf.F32, gguf.F16, gguf.BF16, gguf.Q4_0, gguf.Q4_1, gguf.Q5_0, gguf.Q5_1, gguf.Q8_0:
		return true
	}
	return false
}

// need is how much a device allocates for a tensor of so many bytes:
// ggml_backend_cuda_buffer_type_get_alloc_size of ggml/src/ggml-cuda/ggml-cuda.cu@v0.5.0. Its
// flash attention has room for copies of keys and values in 16 bits behind the result.
func need(d *Device, t *tensor, n int64) int64 {
	if d.Backend != "cuda" {
		return n
	}
	if t.op == opAttention && d.attends(t) && !d.vectors(t) {
		k, v := t.src[1], t.src[2]
		if k.kind != gguf.F16 {
			n = (n+127)/128*128 + 2*k.elements()
		}
		if v.kind != gguf.F16 && !(v.root != nil && v.root == k.root && v.latent) {
			n = (n+127)/128*128 + 2*v.elements()
		}
	}
	if t.kind.Quantized() {
		r := backends["cuda"]
		n += int64(rowPadding(&r, t.kind, uint64(t.ne[0])))
	}
	return n
}

// vectors: few queries at a time have a kernel that reads quantized caches as they are.
func (d *Device) vectors(t *tensor) bool {
	q, k, v := t.src[0], t.src[1], t.src[2]
	size, most := q.ne[0], int64(2)
	if d.ComputeCapability >= 75 && d.ComputeCapability < 89 {
		most = 1
	}
	return size <= 256 && size%64 == 0 && size != 192 && k.kind.Quantized() && k.kind == v.kind && (k.kind == gguf.Q8_0 || k.kind == gguf.Q4_0) && q.ne[1] <= most
}
