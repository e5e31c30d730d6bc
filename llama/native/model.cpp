// Models and their vocabulary.
#include "guard.h"
#include "handles.h"
#include "placement.h"

#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>

// Implemented in Go (llama/callback.go): false stops the load.
extern "C" bool llm_go_progress(uint64_t id, float fraction);

// The engine asserts that norms have an epsilon that is not negative, while it
// computes, which ends the process.
static std::string bad_epsilon(const llama_model * model) {
    for (int32_t i = 0; i < llama_model_meta_count(model); i++) {
        char key[256] = "", value[64] = "";
        llama_model_meta_key_by_index(model, i, key, sizeof key);
        llama_model_meta_val_str_by_index(model, i, value, sizeof value);
        if (strstr(key, "epsilon") && !(atof(value) >= 0)) {
            return key;
        }
    }
    return "";
}

// The engine's tokenizers take a second or two for a megabyte, but time that grows with
// the square where a text is full of control tokens, or of characters that the
// vocabulary does not have.
static llm::limits limits_for(size_t text) {
    const double s = 2 + 4e-6 * (double) text;
    return { s, 10 * s, SIZE_MAX, SIZE_MAX };
}

extern "C" {

void llm_model_default_params(struct llm_model_params * out) {
    const llama_model_params p = llama_model_default_params();
    *out              = {};
    out->n_gpu_layers = p.n_gpu_layers;
    out->split_mode   = p.split_mode;
    out->main_gpu     = p.main_gpu;
    out->load_mode    = p.load_mode;
    out->no_host      = p.no_host;
    out->use_extra_bufts = p.use_extra_bufts;
}

int llm_model_load(const char * path, const struct llm_model_params * params, llm_model ** out, char ** err) {
    return llm::guard(err, [&](llm::scope & s) -> int {
        if (!path || !params || !out) {
            return llm::fail(err, LLM_EINVAL, "a path, parameters and a place for the result are needed");
        }
        if (params->load_mode < LLAMA_LOAD_MODE_AUTO || params->load_mode > LLAMA_LOAD_MODE_DIRECT_IO) {
            return llm::fail(err, LLM_EINVAL, "load mode %d is not known", params->load_mode);
        }
        s.quiet = params->no_alloc;
        llm::placement place;
        if (const int code = place.read(params, err)) {
            return code;
        }
        struct progress {
            uint64_t id;
            bool     cancelled;
        } progress = { params->progress, false };

        llama_model_params p = llama_model_default_params();
        p.n_gpu_layers       = params->n_gpu_layers;
        place.apply(params, &p);
        // Mapping the file and simulating it exclude each other: an assertion.
        p.load_mode          = params->no_alloc ? LLAMA_LOAD_MODE_NONE : (enum llama_load_mode) params->load_mode;
        p.vocab_only         = params->vocab_only;
        p.check_tensors      = params->check_tensors;
        p.no_alloc           = params->no_alloc;
        if (progress.id) {
            p.progress_callback_user_data = &progress;
            p.progress_callback           = [](float fraction, void * data) {
                auto * p = static_cast<struct progress *>(data);
                if (!llm_go_progress(p->id, fraction)) {
                    p->cancelled = true;
                }
                return !p->cancelled;
            };
        }
        llama_model * model = llama_model_load_from_file(path, p);
        if (!model) {
            if (progress.cancelled) {
                return llm::fail(err, LLM_ECANCELED, "load cancelled");
            }
            return llm::fail(err, LLM_EENGINE, "%s", s.errors().empty() ? "the engine gave no reason" : s.errors().c_str());
        }
        if (const std::string key = bad_epsilon(model); !key.empty()) {
            llama_model_free(model);
            return llm::fail(err, LLM_EENGINE, "%s is negative or not a number", key.c_str());
        }
        const llama_vocab * vocab = llama_model_get_vocab(model);
        auto m = std::make_unique<llm_model>(llm_model{ model, vocab, llama_vocab_n_tokens(vocab), params->no_alloc, params->vocab_only, {}, {} });
        if (const int code = place.check(m.get(), err)) {
            llama_model_free(model);
            return code;
        }
        if (!params->no_alloc) {
            llm::publish(m.get());
        }
        *out = m.release();
        return LLM_OK;
    });
}

void llm_model_free(llm_model * model) {
    if (!model || !llm::withdraw(model)) {
        return;
    }
    llm::guard(nullptr, [&](llm::scope &) {
        llama_model_free(model->model);
        return LLM_OK;
    });
    delete model;
}

void llm_model_info(const llm_model * m, struct llm_model_info * out) {
    if (!m || !out) {
        return;
    }
    llm::guard(nullptr, [&](llm::scope &) {
        const llama_model * model = m->model;
        const llama_vocab * vocab = m->vocab;

        out->n_ctx_train = llama_model_n_ctx_train(model);
        out->n_embd      = llama_model_n_embd(model);
        out->n_layer     = llama_model_n_layer(model);
        out->n_head      = llama_model_n_head(model);
        out->n_head_kv   = llama_model_n_head_kv(model);
        out->n_swa       = llama_model_n_swa(model);
        out->n_vocab     = m->n_vocab;
        out->vocab_type  = llama_vocab_type(vocab);
        out->n_params    = llama_model_n_params(model);
        out->size        = llama_model_size(model);
        out->has_encoder = llama_model_has_encoder(model);
        out->has_decoder = llama_model_has_decoder(model);
        out->recurrent   = llama_model_is_recurrent(model);
        out->hybrid      = llama_model_is_hybrid(model);
        out->diffusion   = llama_model_is_diffusion(model);
        out->bos         = llama_vocab_bos(vocab);
        out->eos         = llama_vocab_eos(vocab);
        out->eot         = llama_vocab_eot(vocab);
        out->nl          = llama_vocab_nl(vocab);
        out->pad         = llama_vocab_pad(vocab);
        out->sep         = llama_vocab_sep(vocab);
        out->add_bos     = llama_vocab_get_add_bos(vocab);
        out->add_eos     = llama_vocab_get_add_eos(vocab);
        return LLM_OK;
    });
}

int32_t llm_model_suppressed(const llm_model * m, const int32_t ** tokens) {
    int32_t n = 0;
    if (m && tokens) {
        *tokens = llama_vocab_get_suppress_tokens(m->vocab, &n);
    }
    return n;
}

char * llm_model_desc(const llm_model * m) {
    return llm::guard_value<char *>(nullptr, [&]() -> char * {
        if (!m) {
            return nullptr;
        }
        char text[256];
        llama_model_desc(m->model, text, sizeof text);
        return llm::copy(text);
    });
}

char * llm_model_meta(const llm_model * m, const char * key) {
    return llm::guard_value<char *>(nullptr, [&]() -> char * {
        char          probe[1];
        const int32_t n = m && key ? llama_model_meta_val_str(m->model, key, probe, sizeof probe) : -1;
        if (n < 0) {
            return nullptr;
        }
        std::string text(n + 1, '\0');
        llama_model_meta_val_str(m->model, key, &text[0], text.size());
        text.resize(n);
        return llm::copy(text);
    });
}

int llm_tokenize(const llm_model * m, const char * text, size_t len, bool add_special, bool parse_special,
                 int32_t * tokens, int32_t cap, int32_t * n, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!m || !n || cap < 0 || (cap > 0 && !tokens) || (len > 0 && !text)) {
            return llm::fail(err, LLM_EINVAL, "tokenize: no model, no text or no room for the tokens");
        }
        if (len > INT32_MAX) {
            return llm::fail(err, LLM_EINVAL, "tokenize: a text of %zu bytes; the limit is %d", len, INT32_MAX);
        }
        if (llama_vocab_type(m->vocab) == LLAMA_VOCAB_TYPE_NONE) {
            return llm::fail(err, LLM_EINVAL, "tokenize: the model has no vocabulary");
        }
        const int32_t got = llm::within(limits_for(len), [&] {
            return llama_tokenize(m->vocab, text ? text : "", (int32_t) len, tokens, cap, add_special, parse_special);
        });
        if (got == INT32_MIN) {
            return llm::fail(err, LLM_EENGINE, "tokenize: the text has too many tokens");
        }
        *n = got < 0 ? -got : got;
        return LLM_OK;
    });
}

int llm_token_piece(const llm_model * m, int32_t token, bool special, char * buf, int32_t cap, int32_t * n, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!m || !n || cap < 0 || (cap > 0 && !buf)) {
            return llm::fail(err, LLM_EINVAL, "token piece: no model or no room for the text");
        }
        if (!m->has(token)) {
            return llm::fail(err, LLM_EINVAL, "token %d: the vocabulary has %d tokens", token, m->n_vocab);
        }
        const int32_t got = llama_token_to_piece(m->vocab, token, buf, cap, 0, special);
        *n                = got < 0 ? -got : got;
        return LLM_OK;
    });
}

int llm_detokenize(const llm_model * m, const int32_t * tokens, int32_t n_tokens, char * buf, int32_t cap, int32_t * n, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!m || !n || cap < 0 || (cap > 0 && !buf) || n_tokens < 0 || (n_tokens > 0 && !tokens)) {
            return llm::fail(err, LLM_EINVAL, "detokenize: no model, no tokens or no room for the text");
        }
        for (int32_t i = 0; i < n_tokens; i++) {
            if (!m->has(tokens[i])) {
                return llm::fail(err, LLM_EINVAL, "token %d at %d: the vocabulary has %d tokens", tokens[i], i, m->n_vocab);
            }
        }
        const int32_t got = llama_detokenize(m->vocab, tokens, n_tokens, buf, cap, false, true);
        *n                = got < 0 ? -got : got;
        return LLM_OK;
    });
}

bool llm_token_is_eog(const llm_model * m, int32_t token) {
    return m && m->has(token) && llm::guard_value(false, [&] { return llama_vocab_is_eog(m->vocab, token); });
}

bool llm_token_is_control(const llm_model * m, int32_t token) {
    return m && m->has(token) && llm::guard_value(false, [&] { return llama_vocab_is_control(m->vocab, token); });
}

} // extern "C"
