#pragma once

#ifdef __cplusplus
extern "C" {
#endif

// The greedy continuation of a prompt, malloc'ed; NULL when something failed.
char * llm_reference_greedy(const char * path, const char * prompt, int n_ctx, int n_predict, int n_threads);

#ifdef __cplusplus
}
#endif
