// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 3496562633
#define LLM_ABI_SYMBOL llm_archive_with_abi_3496562633
