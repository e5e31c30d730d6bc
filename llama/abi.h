// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 3614504825
#define LLM_ABI_SYMBOL llm_archive_with_abi_3614504825
