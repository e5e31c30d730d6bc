// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 4228671294
#define LLM_ABI_SYMBOL llm_archive_with_abi_4228671294
