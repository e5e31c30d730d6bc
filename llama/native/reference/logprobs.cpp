// Log-probabilities as the engine's own samplers see them, for tests to compare
// against. It shares no code with the rest of this folder.
#include "reference.h"

#include "llama.h"

#include <cmath>
#include <vector>

extern "C" int llm_reference_logprobs(const char * path, const int * tokens, int n_tokens, int n_predict, int n_top, int n_threads, int * ids,
                                      float * logprobs) {
    llama_backend_init();
    llama_model * model = llama_model_load_from_file(path, llama_model_default_params());
    if (!model) {
        return 1;
    }
    llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = 256;
    params.n_threads = params.n_threads_batch = n_threads;
    llama_context * ctx                       = llama_init_from_model(model, params);
    const int       n_vocab                   = llama_vocab_n_tokens(llama_model_get_vocab(model));

    std::vector<llama_token> prompt(tokens, tokens + n_tokens);
    llama_batch              batch = llama_batch_get_one(prompt.data(), n_tokens);
    llama_token              next  = 0;
    int                      err   = ctx ? 0 : 2;
    for (int i = 0; i < n_predict && err == 0; i++) {
        err                  = llama_decode(ctx, batch);
        const float * logits = llama_get_logits_ith(ctx, -1);
        std::vector<llama_token_data> candidates;
        for (int t = 0; t < n_vocab; t++) {
            candidates.push_back({ t, logits[t], 0 });
        }
        llama_token_data_array all  = { candidates.data(), candidates.size(), -1, false };
        llama_sampler *        dist = llama_sampler_init_dist(1); // computes the softmax
        llama_sampler *        sort = llama_sampler_init_top_k(n_vocab);
        llama_sampler_apply(sort, &all);
        llama_sampler_apply(dist, &all);
        for (int k = 0; k < n_top; k++) {
            ids[i * n_top + k]      = all.data[k].id;
            logprobs[i * n_top + k] = std::log(all.data[k].p);
        }
        next  = all.data[0].id;
        batch = llama_batch_get_one(&next, 1);
        llama_sampler_free(dist);
        llama_sampler_free(sort);
    }
    llama_free(ctx);
    llama_model_free(model);
    return err;
}
