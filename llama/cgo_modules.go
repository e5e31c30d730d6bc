//go:build llm_modules && !asan && !llm_system

package llama

/*
#cgo CFLAGS: -I${SRCDIR}/native
#cgo LDFLAGS: -L${SRCDIR}/../build/modules -lllm -L${SRCDIR}/../build/modules/lib -lllama-common -lllama -lggml -lggml-base
#cgo linux LDFLAGS: -lstdc++ -lm -lpthread -ldl -Wl,-rpath,$ORIGIN/../lib/llm -Wl,-rpath,$ORIGIN/../build/modules/lib
#cgo darwin LDFLAGS: -lc++

#if __has_include("stamp_modules.h")
#include "stamp_modules.h"
#include "archive.h"
#else
#error "the engine's modules are not built: run 'make native LINK=modules'"
#endif
*/
import "C"

// archive names the archive that was linked.
const archive = C.LLM_ARCHIVE
