// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 2759657300
#define LLM_ABI_SYMBOL llm_archive_with_abi_2759657300
#define LLM_ABI 1961965994
#define LLM_ABI_SYMBOL llm_archive_with_abi_1961965994
