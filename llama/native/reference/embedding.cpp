// The embedding of one text by the upstream API, for tests to compare against. It
// shares no code with the rest of this folder.
#include "reference.h"

#include "llama.h"

#include <cmath>
#include <cstring>
#include <vector>

extern "C" int llm_reference_embedding(const char * path, const char * text, int pooling, int n_threads, float * out, int n_out) {
    llama_backend_init();
    llama_model * model = llama_model_load_from_file(path, llama_model_default_params());
    if (!model) {
        return -1;
    }
    llama_context_params params = llama_context_default_params();
    params.embeddings           = true;
    params.pooling_type         = (enum llama_pooling_type) pooling;
    params.n_ctx = params.n_batch = params.n_ubatch = 512;
    params.n_threads = params.n_threads_batch = n_threads;
    llama_context * ctx                       = llama_init_from_model(model, params);
    const int       n_embd                    = llama_model_n_embd_out(model);
    if (!ctx || n_embd > n_out) {
        llama_free(ctx);
        llama_model_free(model);
        return -1;
    }
    std::vector<llama_token> tokens(strlen(text) + 8);
    tokens.resize(llama_tokenize(llama_model_get_vocab(model), text, strlen(text), tokens.data(), tokens.size(), true, true));
    llama_batch batch = llama_batch_init(tokens.size(), 0, 1);
    for (size_t i = 0; i < tokens.size(); i++) {
        batch.token[i]     = tokens[i];
        batch.pos[i]       = i;
        batch.n_seq_id[i]  = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i]    = 1;
    }
    batch.n_tokens     = tokens.size();
    const float * v    = llama_decode(ctx, batch) == 0 ? llama_get_embeddings_seq(ctx, 0) : nullptr;
    double        norm = 0;
    for (int i = 0; v && i < n_embd; i++) {
        norm += (double) v[i] * v[i];
    }
    for (int i = 0; v && i < n_embd; i++) {
        out[i] = v[i] / std::sqrt(norm);
    }
    llama_batch_free(batch);
    llama_free(ctx);
    llama_model_free(model);
    return v ? n_embd : -1;
}
