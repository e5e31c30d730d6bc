//go:build cuda && !llm_modules && !asan && !llm_system

package llama

/*
#cgo CFLAGS: -I${SRCDIR}/native
#cgo LDFLAGS: -L${SRCDIR}/../build/cuda -lllm
#cgo LDFLAGS: -L${SRCDIR}/../build/cuda/toolkit/lib64 -lcudart_static -lcublas -Wl,-rpath,${SRCDIR}/../build/cuda/toolkit/lib64
#cgo LDFLAGS: -lstdc++ -lgomp -lm -lpthread -ldl -lrt

#if __has_include("stamp_cuda.h")
#include "stamp_cuda.h"
#include "archive.h"
#else
#error "the engine is not built with CUDA: run 'make native BACKEND=cuda'"
#endif
*/
import "C"

// archive names the archive that was linked.
const archive = C.LLM_ARCHIVE
