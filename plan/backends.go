package plan

// RulesOf are the rules of a device: those of its backend, with what the device itself says
// in their place. A backend that is not known has no limits and pads nothing.
func RulesOf(d Device) Rules {
	r := backends[d.Backend]
	own := d.Rules
	set(&r.Alignment, own.Alignment)
	set(&r.HostAlignment, own.HostAlignment)
	set(&r.MaxBuffer, own.MaxBuffer)
	set(&r.MaxTensor, own.MaxTensor)
	set(&r.RowPadding, own.RowPadding)
	r.HostBuffer = r.HostBuffer || own.HostBuffer
	r.Async, r.Events, r.Unified = r.Async || own.Async, r.Events || own.Events, r.Unified || own.Unified
	set(&r.Alignment, max(r.Alignment, 1))
	if r.HostAlignment == 0 {
		r.HostAlignment = hostAlignment
	}
	return r
}

func set[T int | uint64](to *T, v T) {
	if v != 0 {
		*to = v
	}
}

// hostAlignment is TENSOR_ALIGNMENT of ggml/src/ggml-impl.h@v0.5.0: of buffers of the CPU.
const hostAlignment = 32

// gib is 2^30.
const gib = 1 << 30

// backends are the rules of each, from ggml/src@v0.5.0.
var backends = map[string]Rules{
	// ggml-cuda/ggml-cuda.cu: alignment of buffers 128, no limit of a buffer, pinned host
	// memory aligned as the CPU's, rows of quantized weights padded to MATRIX_ROW_PADDING of
	// common.cuh; queues and events on every device that is not alone in the host's memory.
	"cuda": {Alignment: 128, HostAlignment: hostAlignment, RowPadding: 512, HostBuffer: true, Async: true, Events: true},
	// ggml-vulkan/ggml-vulkan.cpp: the alignment is the driver's minStorageBufferOffsetAlignment
	// (16 on most), that of host memory minMemoryMapAlignment (at least 64 by the standard),
	// a buffer at most suballocation_block_size, a tensor at most maxStorageBufferRange (2^32
	// less one on most desktop drivers).
	"vulkan": {Alignment: 16, HostAlignment: 64, MaxBuffer: gib, MaxTensor: 4*gib - 1, HostBuffer: true, Async: true, Events: true},
	// ggml-metal/ggml-metal.cpp: alignment 32, memory shared with the host, which is not a
	// kind of its own. The largest buffer is the device's and unknown here.
	"metal": {Alignment: 32, HostAlignment: hostAlignment, Async: true, Events: true, Unified: true},
}

// align rounds up to a multiple.
func align(n uint64, to int) uint64 {
	a := uint64(to)
	if a&(a-1) == 0 {
		return (n + a - 1) &^ (a - 1)
	}
	return (n + a - 1) / a * a
}
