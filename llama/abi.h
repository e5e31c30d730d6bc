// Written by scripts/abi.sh from native/llm.h.
#define LLM_ABI 981796614
#define LLM_ABI_SYMBOL llm_archive_with_abi_981796614
