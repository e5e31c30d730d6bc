// A model's logits on one device, to compare with those of another.
#include "guard.h"

#include "ggml-backend.h"
#include "llama.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

// Implemented in Go (llama/callback.go): false stops the work.
extern "C" bool llm_go_progress(uint64_t id, float fraction);

namespace {

using model_ptr   = std::unique_ptr<llama_model, decltype(&llama_model_free)>;
using context_ptr = std::unique_ptr<llama_context, decltype(&llama_free)>;
using floats_ptr  = std::unique_ptr<float, decltype(&free)>;

// Loading is the first half of the progress, decoding the second.
struct progress {
    uint64_t id;
    bool     cancelled = false;

    bool report(float fraction) { return !(cancelled = cancelled || (id && !llm_go_progress(id, fraction))); }
};

int check(const char * path, const int32_t * tokens, int32_t n_tokens, const llm_logits_params * p, char ** err) {
    constexpr int32_t most = 1 << 16;
    if (!path || !p || !tokens || n_tokens < 1 || n_tokens > most || p->n_batch < 1 || p->n_batch > most) {
        return llm::fail(err, LLM_EINVAL, "logits: a path, 1 to %d tokens and a batch of 1 to %d are needed", most, most);
    }
    if (p->n_threads < 1 || p->n_threads > GGML_MAX_N_THREADS || p->n_prompt < 0 || p->n_prompt > n_tokens) {
        return llm::fail(err, LLM_EINVAL, "logits: %d threads, a prompt of %d out of %d tokens", p->n_threads, p->n_prompt, n_tokens);
    }
    if (p->device < -1 || p->device >= (int64_t) ggml_backend_dev_count()) {
        return llm::fail(err, LLM_EINVAL, "device %d: there are %zu", p->device, ggml_backend_dev_count());
    }
    return LLM_OK;
}

int refused(const llm::scope & s, const progress & progress, const char * what, char ** err) {
    if (progress.cancelled) {
        return llm::fail(err, LLM_ECANCELED, "%s cancelled", what);
    }
    return llm::fail(err, LLM_EENGINE, "%s: %s", what, s.errors().empty() ? "the engine gave no reason" : s.errors().c_str());
}

llama_model * load(const char * path, ggml_backend_dev_t dev, progress & progress) {
    ggml_backend_dev_t devices[] = { dev, nullptr };
    llama_model_params m         = llama_model_default_params();
    m.devices                    = devices;
    m.n_gpu_layers               = dev ? -1 : 0;
    m.progress_callback_user_data = &progress;
    m.progress_callback           = [](float fraction, void * data) { return static_cast<struct progress *>(data)->report(fraction / 2); };
    return llama_model_load_from_file(path, m);
}

llama_context * context(llama_model * model, int32_t n_tokens, const llm_logits_params * p, bool offload) {
    llama_context_params c = llama_context_default_params();
    c.n_ctx                = n_tokens;
    c.n_batch = c.n_ubatch = std::min(p->n_batch, n_tokens);
    c.n_threads = c.n_threads_batch = p->n_threads;
    c.offload_kqv = c.op_offload = offload;
    return llama_init_from_model(model, c);
}

int decode(llama_context * ctx, const int32_t * tokens, int32_t n_tokens, const llm_logits_params * p, progress & progress, float * rows,
           char ** err) {
    const int32_t n_vocab = llama_vocab_n_tokens(llama_model_get_vocab(llama_get_model(ctx)));
    llama_batch batch = llama_batch_init(p->n_batch, 0, 1);
    const std::unique_ptr<llama_batch, void (*)(llama_batch *)> frees(&batch, [](llama_batch * b) { llama_batch_free(*b); });
    for (int32_t at = 0; at < n_tokens; at += batch.n_tokens) {
        batch.n_tokens = at < p->n_prompt ? std::min(p->n_batch, p->n_prompt - at) : 1;
        for (int32_t i = 0; i < batch.n_tokens; i++) {
            batch.token[i]     = tokens[at + i];
            batch.pos[i]       = at + i;
            batch.n_seq_id[i]  = 1;
            batch.seq_id[i][0] = 0;
            batch.logits[i]    = 1;
        }
        if (!progress.report(0.5f + 0.5f * at / n_tokens)) {
            return llm::fail(err, LLM_ECANCELED, "decode cancelled");
        }
        const llm::scope computes(true);
        const int32_t    code = llama_decode(ctx, batch);
        if (code != 0) {
            return llm::fail(err, LLM_EFATAL, "decode of token %d failed (%d)%s%s", at, code, computes.errors().empty() ? "" : ": ", computes.errors().c_str());
        }
        for (int32_t i = 0; i < batch.n_tokens; i++) {
            const float * row = llama_get_logits_ith(ctx, i);
            if (!row) {
                return llm::fail(err, LLM_EENGINE, "the model made no logits for token %d", at + i);
            }
            memcpy(rows + (size_t) (at + i) * n_vocab, row, n_vocab * sizeof(float));
        }
    }
    return LLM_OK;
}

} // namespace

extern "C" {

int llm_probe_logits(const char * path, const int32_t * tokens, int32_t n_tokens, const struct llm_logits_params * p,
                     float ** logits, int32_t * n_vocab, char ** err) {
    return llm::guard(err, [&](llm::scope & s) -> int {
        if (int code = logits && n_vocab ? check(path, tokens, n_tokens, p, err) : llm::fail(err, LLM_EINVAL, "logits: no place for the result")) {
            return code;
        }
        // The CPU takes what has no device.
        ggml_backend_dev_t dev = p->device < 0 ? nullptr : ggml_backend_dev_get(p->device);
        if (dev && ggml_backend_dev_type(dev) == GGML_BACKEND_DEVICE_TYPE_CPU) {
            dev = nullptr;
        }
        progress        progress = { p->progress };
        const model_ptr model(load(path, dev, progress), llama_model_free);
        if (!model) {
            return refused(s, progress, "load", err);
        }
        const llama_vocab * vocab = llama_model_get_vocab(model.get());
        *n_vocab                  = llama_vocab_n_tokens(vocab);
        if (!llama_model_has_decoder(model.get()) || llama_model_has_encoder(model.get()) || *n_vocab == 0) {
            return llm::fail(err, LLM_EINVAL, "the model does not continue a text by tokens");
        }
        for (int32_t i = 0; i < n_tokens; i++) {
            if (tokens[i] < 0 || tokens[i] >= *n_vocab) {
                return llm::fail(err, LLM_EINVAL, "token %d at %d: the vocabulary has %d tokens", tokens[i], i, *n_vocab);
            }
        }
        const context_ptr ctx(context(model.get(), n_tokens, p, dev != nullptr), llama_free);
        if (!ctx) {
            return refused(s, progress, "context", err);
        }
        floats_ptr rows((float *) malloc((size_t) n_tokens * *n_vocab * sizeof(float)), free);
        if (!rows) {
            throw std::bad_alloc();
        }
        if (int code = decode(ctx.get(), tokens, n_tokens, p, progress, rows.get(), err)) {
            return code;
        }
        *logits = rows.release();
        return LLM_OK;
    });
}

} // extern "C"
