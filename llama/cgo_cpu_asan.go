//go:build asan && !llm_system && !llm_modules && !cuda && !vulkan && !metal

package llama

/*
#cgo CFLAGS: -I${SRCDIR}/native
#cgo LDFLAGS: -L${SRCDIR}/../build/cpu-asan -lllm
#cgo linux LDFLAGS: -lstdc++ -lgomp -lm -lpthread -ldl
#cgo darwin LDFLAGS: -lc++ -framework Accelerate -framework Foundation

#if __has_include("stamp_cpu-asan.h")
#include "stamp_cpu-asan.h"
#include "archive.h"
#else
#error "the engine is not built with AddressSanitizer: run 'SANITIZE=address scripts/build-native.sh'"
#endif
*/
import "C"

// archive names the archive that was linked.
const archive = C.LLM_ARCHIVE
