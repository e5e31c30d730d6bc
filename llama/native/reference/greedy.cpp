// A plain greedy loop over the upstream API, for tests to compare against. It
// shares no code with the rest of this folder and is linked into tests only.
#include "reference.h"

#include "llama.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

extern "C" char * llm_reference_greedy(const char * path, const char * prompt, int n_ctx, int n_predict, int n_threads) {
    llama_backend_init();

    llama_model * model = llama_model_load_from_file(path, llama_model_default_params());
    if (!model) {
        return nullptr;
    }
    llama_context_params params = llama_context_default_params();
    params.n_ctx                = n_ctx;
    params.n_threads            = n_threads;
    params.n_threads_batch      = n_threads;
    llama_context * ctx         = llama_init_from_model(model, params);
    if (!ctx) {
        llama_model_free(model);
        return nullptr;
    }
    const llama_vocab *      vocab = llama_model_get_vocab(model);
    std::vector<llama_token> tokens(strlen(prompt) + 8);
    tokens.resize(llama_tokenize(vocab, prompt, strlen(prompt), tokens.data(), tokens.size(), true, true));

    std::string text;
    llama_token next  = 0;
    llama_batch batch = llama_batch_get_one(tokens.data(), tokens.size());
    for (int i = 0; i < n_predict && llama_decode(ctx, batch) == 0; i++) {
        const float * logits = llama_get_logits_ith(ctx, -1);
        next                 = 0;
        for (llama_token t = 1; t < llama_vocab_n_tokens(vocab); t++) {
            if (logits[t] > logits[next]) {
                next = t;
            }
        }
        if (llama_vocab_is_eog(vocab, next)) {
            break;
        }
        char piece[512];
        text.append(piece, llama_token_to_piece(vocab, next, piece, sizeof piece, 0, false));
        batch = llama_batch_get_one(&next, 1);
    }
    llama_free(ctx);
    llama_model_free(model);
    return strdup(text.c_str());
}
