// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 87737514
#define LLM_ABI_SYMBOL llm_archive_with_abi_87737514
