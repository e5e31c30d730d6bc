// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 2402426428
#define LLM_ABI_SYMBOL llm_archive_with_abi_2402426428
