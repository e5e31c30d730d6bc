// The symbol by which llama/archive.h recognizes the archive.
#include "../abi.h"

extern "C" {
extern const char LLM_ABI_SYMBOL;
const char LLM_ABI_SYMBOL = 0;
}
