package reference

// #include "reference.h"
// #include <stdlib.h>
import "C"

import (
	"unsafe"

	"github.com/seed-f87006eb/llm/llama"
)

// AddGPUs makes n GPUs FAKE0, FAKE1, … with so many bytes of memory each. Their memory is
// not the host's, and the CPU computes for them. All loads of this process see them from
// now on, so that their tests have a program of their own. Once in a process.
func AddGPUs(n int, bytes uint64) {
	llama.BuildInfo() // starts the engine
	C.llm_reference_gpus(C.int(n), C.size_t(bytes))
}

// SetGPUMemory changes how much memory a GPU has.
func SetGPUMemory(i int, bytes uint64) { C.llm_reference_gpu_memory(C.int(i), C.size_t(bytes)) }

// GPUUsed is how many bytes of a GPU's memory are taken.
func GPUUsed(i int) uint64 { return uint64(C.llm_reference_gpu_used(C.int(i))) }

// GPUNodes is how many nodes of graphs a GPU has computed.
func GPUNodes(i int) int { return int(C.llm_reference_gpu_nodes(C.int(i))) }

// RefuseOnGPU makes a GPU unable to compute with weights that have this in their name;
// empty: able again.
func RefuseOnGPU(i int, name string) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	C.llm_reference_gpu_refuse(C.int(i), cname)
}

// FailGPU makes the next computation of a GPU fail for lack of memory: with a status, or
// (abort) by ending the process, as some backends do.
func FailGPU(i int, abort bool) {
	var failure C.enum_llm_reference_gpu_failure = C.LLM_REFERENCE_GPU_NO_MEMORY
	if abort {
		failure = C.LLM_REFERENCE_GPU_ABORTS
	}
	C.llm_reference_gpu_fail(C.int(i), failure)
}
