#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// The greedy continuation of a prompt, malloc'ed; NULL when something failed.
char * llm_reference_greedy(const char * path, const char * prompt, int n_ctx, int n_predict, int n_threads);

// Runs into an assertion of the engine inside a guarded call, on this thread or on
// another.
int llm_reference_assert(int on_other_thread, char ** err);

// The bytes that malloc has handed out; 0 where it does not say.
size_t llm_reference_heap_bytes(void);

#ifdef __cplusplus
}
#endif
