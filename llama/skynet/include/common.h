// What the module's binding.cpp needs to be compiled and never called.
//
// The go command compiles the C++ file that lies in the module's folder, and the engine of 2024
// that it was written for is not in there. So its twelve functions get other names here, and
// what they call exists and does nothing; those that the module's Go code calls are in the
// archive of llm.
#pragma once

#include "llama.h"

#define load_model               skynet_unused_load_model
#define llama_binding_free_model skynet_unused_binding_free_model
#define llama_allocate_params    skynet_unused_allocate_params
#define llama_free_params        skynet_unused_free_params
#define llama_predict            skynet_unused_predict
#define speculative_sampling     skynet_unused_speculative_sampling
#define llama_tokenize_string    skynet_unused_tokenize_string
#define get_embeddings           skynet_unused_embeddings
#define get_token_embeddings     skynet_unused_token_embeddings
#define eval                     skynet_unused_eval
#define load_state               skynet_unused_load_state
#define save_state               skynet_unused_save_state
#define sigint_handler           skynet_unused_sigint_handler
#define create_vector            skynet_unused_create_vector
#define delete_vector            skynet_unused_delete_vector

#define LOG(...)     ((void) 0)
#define LOG_TEE(...) ((void) 0)

namespace {

struct gpt_params {
    unsigned                     seed = 0;
    int                          n_threads = 0, n_predict = 0, n_ctx = 0, n_batch = 0, n_keep = 0, n_draft = 0;
    int                          top_k = 0, repeat_last_n = 0, mirostat = 0, main_gpu = 0;
    float                        top_p = 0, temp = 0, tfs_z = 0, typical_p = 0, repeat_penalty = 0, frequency_penalty = 0;
    float                        presence_penalty = 0, mirostat_tau = 0, mirostat_eta = 0, rope_freq_base = 0, rope_freq_scale = 0;
    float                        cfg_scale = 0, tensor_split[LLAMA_MAX_DEVICES] = {};
    bool                         ignore_eos = false, memory_f16 = false, use_mmap = false, use_mlock = false, penalize_nl = false;
    bool                         interactive = false, prompt_cache_all = false, prompt_cache_ro = false;
    std::string                  prompt, grammar, cfg_negative_prompt, path_prompt_cache;
    std::vector<std::string>     antiprompt;
    std::map<llama_token, float> logit_bias;
};

struct llama_binding_state {
    llama_context * ctx;
    llama_model *   model;
};

inline void * load_binding_model(...) { return nullptr; }
inline llama_token llama_sample_token_binding(llama_context *, llama_context *, llama_grammar *, const gpt_params *, const std::vector<llama_token> &,
                                              std::vector<llama_token_data> &, int = 0) { return 0; }
inline llama_context_params llama_context_params_from_gpt_params(const gpt_params &) { return {}; }
inline std::vector<llama_token> llama_tokenize(llama_context *, const std::string &, bool) { return {}; }
inline std::string llama_token_to_piece(const llama_context *, llama_token) { return {}; }

} // namespace
