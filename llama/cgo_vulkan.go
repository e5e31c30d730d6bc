//go:build vulkan && !llm_modules && !asan && !llm_system

package llama

/*
#cgo CFLAGS: -I${SRCDIR}/native
#cgo LDFLAGS: -L${SRCDIR}/../build/vulkan -lllm
#cgo LDFLAGS: -lvulkan -lstdc++ -lgomp -lm -lpthread -ldl

#if __has_include("stamp_vulkan.h")
#include "stamp_vulkan.h"
#include "archive.h"
#else
#error "the engine is not built with Vulkan: run 'make native BACKEND=vulkan'"
#endif
*/
import "C"

// archive names the archive that was linked.
const archive = C.LLM_ARCHIVE
