//go:build !asan && !llm_system && !llm_modules && !cuda && !vulkan && !metal

package llama

/*
#cgo CFLAGS: -I${SRCDIR}/native
#cgo LDFLAGS: -L${SRCDIR}/../build/cpu -lllm
#cgo linux LDFLAGS: -lstdc++ -lgomp -lm -lpthread -ldl
#cgo darwin LDFLAGS: -lc++ -framework Accelerate -framework Foundation

#if __has_include("stamp_cpu.h")
#include "stamp_cpu.h"
#include "archive.h"
#else
#error "the engine is not built yet: run 'make native' in a checkout of github.com/seed-f87006eb/llm and point a replace at it, or run 'make install' there and build with -tags llm_system"
#endif
*/
import "C"

// archive names the archive that was linked. Being in the program, it makes the
// program change when the archive does; the go command would not notice otherwise.
const archive = C.LLM_ARCHIVE
