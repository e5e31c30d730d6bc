//go:build metal && !llm_modules && !asan && !llm_system

package llama

/*
#cgo CFLAGS: -I${SRCDIR}/native
#cgo LDFLAGS: -L${SRCDIR}/../build/metal -lllm
#cgo LDFLAGS: -lc++ -framework Accelerate -framework Foundation -framework Metal -framework MetalKit

#if __has_include("stamp_metal.h")
#include "stamp_metal.h"
#include "archive.h"
#else
#error "the engine is not built with Metal: run 'make native BACKEND=metal'"
#endif
*/
import "C"

// archive names the archive that was linked.
const archive = C.LLM_ARCHIVE
