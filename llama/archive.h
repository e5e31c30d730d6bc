// The archive that is linked must have been built from the llm.h that this version of
// the package was written for. The stamp says so while compiling. The symbol says so
// while linking: the go command may take this package from its cache after another
// archive was installed.
#include "abi.h"

#if LLM_ARCHIVE_ABI != LLM_ABI
#error "the engine's archive is of another version than this package: run 'make native' (with -tags llm_system: 'make install') in a checkout of this version of github.com/seed-f87006eb/llm"
#endif

extern const char LLM_ABI_SYMBOL;
__attribute__((used)) static const char * const archive_abi = &LLM_ABI_SYMBOL;
