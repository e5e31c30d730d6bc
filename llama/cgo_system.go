//go:build llm_system

package llama

/*
#cgo pkg-config: llm

#if __has_include("llm_stamp.h")
#include "llm_stamp.h"
#include "archive.h"
#else
#error "the engine is not installed: run 'make install' in a checkout of github.com/seed-f87006eb/llm"
#endif
*/
import "C"

// archive names the archive that was installed when this package was compiled.
const archive = C.LLM_ARCHIVE
