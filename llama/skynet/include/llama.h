// See common.h beside this. It is on the path of the module's own file only: the engine has a
// llama.h too.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#define GGML_ASSERT(x)       assert(x)
#define LLAMA_MAX_DEVICES    16
#define LLAMA_DEFAULT_SEED   0xFFFFFFFF
#define LLAMA_VOCAB_TYPE_SPM 0

namespace {

using llama_token = int;

struct llama_model {};
struct llama_context {};
struct llama_context_params {};
struct llama_grammar {};
struct llama_grammar_element {};
struct llama_token_data {
    llama_token id;
    float       logit, p;
};
struct llama_token_data_array {
    llama_token_data * data;
    size_t             size;
    bool               sorted;
};

inline int             llama_eval(llama_context *, const llama_token *, size_t, int, int) { return 1; }
inline int             llama_tokenize(llama_context *, const char *, size_t, int *, size_t, bool) { return -1; }
inline int             llama_vocab_type(const llama_context *) { return 0; }
inline int             llama_n_ctx(const llama_context *) { return 0; }
inline int             llama_n_embd(const llama_context *) { return 0; }
inline int             llama_n_vocab(const llama_context *) { return 0; }
inline float *         llama_get_embeddings(llama_context *) { return nullptr; }
inline float *         llama_get_logits(llama_context *) { return nullptr; }
inline llama_token     llama_token_bos(const llama_context *) { return 0; }
inline llama_token     llama_token_eos(const llama_context *) { return 0; }
inline llama_context * llama_new_context_with_model(llama_model *, llama_context_params) { return nullptr; }
inline void            llama_free(llama_context *) {}
inline void            llama_backend_free() {}
inline bool            llama_load_session_file(llama_context *, const char *, llama_token *, size_t, size_t *) { return false; }
inline bool            llama_save_session_file(llama_context *, const char *, const llama_token *, size_t) { return false; }
inline size_t          llama_get_state_size(const llama_context *) { return 0; }
inline size_t          llama_set_state_data(llama_context *, uint8_t *) { return 0; }
inline size_t          llama_copy_state_data(llama_context *, uint8_t *) { return 0; }
inline void            llama_set_rng_seed(llama_context *, unsigned) {}
inline void            llama_reset_timings(llama_context *) {}
inline void            llama_print_timings(llama_context *) {}
inline llama_grammar * llama_grammar_init(const llama_grammar_element **, size_t, size_t) { return nullptr; }
inline llama_grammar * llama_grammar_copy(const llama_grammar *) { return nullptr; }
inline void            llama_grammar_free(llama_grammar *) {}
inline void            llama_grammar_accept_token(llama_context *, llama_grammar *, llama_token) {}
inline void            llama_sample_grammar(llama_context *, llama_token_data_array *, const llama_grammar *) {}
inline void            llama_sample_softmax(llama_context *, llama_token_data_array *) {}
inline int64_t         ggml_time_us() { return 0; }

} // namespace
