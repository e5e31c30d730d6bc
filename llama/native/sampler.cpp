// The engine's own sampler chain, over borrowed logits.
#include "guard.h"
#include "handles.h"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

struct llm_sampler {
    std::unique_ptr<llama_sampler, void (*)(llama_sampler *)> chain{ nullptr, llama_sampler_free };
    std::vector<llama_token_data>                             candidates;
    int32_t                                                   n_vocab = 0;
    // Nothing but the largest logit matters: no candidate array is filled.
    bool greedy = false;
};

namespace {

int check(const llm_sampler_params * p, char ** err) {
    const float values[] = { p->temp, p->top_p, p->min_p, p->typical_p, p->penalty_repeat, p->penalty_freq, p->penalty_present };
    for (const float v : values) {
        if (!std::isfinite(v)) {
            return llm::fail(err, LLM_EINVAL, "sampler: a parameter is not a finite number");
        }
    }
    if (p->penalty_repeat <= 0) {
        return llm::fail(err, LLM_EINVAL, "sampler: repeat penalty %g: it must be above 0 (1 is off)", p->penalty_repeat);
    }
    if (p->penalty_last_n < -1) {
        return llm::fail(err, LLM_EINVAL, "sampler: penalty over the last %d tokens", p->penalty_last_n);
    }
    return LLM_OK;
}

// The index of the first of the largest values. Blocks with independent lanes: the
// compiler cannot reorder a plain search, and it takes five times as long.
int32_t argmax(const float * v, int32_t n) {
    constexpr int32_t block = 256, lanes = 16;

    float   best = -INFINITY;
    int32_t at   = 0; // where the block of the best value begins
    int32_t i    = 0;
    for (; i + block <= n; i += block) {
        float lane[lanes];
        for (int32_t k = 0; k < lanes; k++) {
            lane[k] = v[i + k];
        }
        for (int32_t j = lanes; j < block; j += lanes) {
            for (int32_t k = 0; k < lanes; k++) {
                lane[k] = v[i + j + k] > lane[k] ? v[i + j + k] : lane[k];
            }
        }
        for (int32_t k = 0; k < lanes; k++) {
            if (lane[k] > best) {
                best = lane[k];
                at   = i;
            }
        }
    }
    for (int32_t j = i; j < n; j++) {
        if (v[j] > best) {
            best = v[j];
            at   = j;
        }
    }
    if (best == -INFINITY) {
        return 0; // nothing but -inf and NaN
    }
    while (v[at] != best) {
        at++;
    }
    return at;
}

} // namespace

extern "C" {

// The order is the default of the engine's programs (common/common.h,
// common_params_sampling.samplers, at the pinned tree).
int llm_sampler_new(const llm_model * model, const struct llm_sampler_params * p, llm_sampler ** out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!model || !p || !out) {
            return llm::fail(err, LLM_EINVAL, "a model, parameters and a place for the result are needed");
        }
        if (const int code = check(p, err)) {
            return code;
        }
        auto s     = std::make_unique<llm_sampler>();
        s->n_vocab = model->n_vocab;
        s->chain.reset(llama_sampler_chain_init(llama_sampler_chain_default_params()));
        const auto add = [&](llama_sampler * stage) {
            if (!stage) {
                throw std::runtime_error("sampler: the engine refused a stage");
            }
            llama_sampler_chain_add(s->chain.get(), stage);
        };

        // Tokens that the model's file forbids.
        int32_t             n_suppress = 0;
        const llama_token * suppress   = llama_vocab_get_suppress_tokens(model->vocab, &n_suppress);
        if (n_suppress > 0) {
            std::vector<llama_logit_bias> bias;
            for (int32_t i = 0; i < n_suppress; i++) {
                bias.push_back({ suppress[i], -INFINITY });
            }
            add(llama_sampler_init_logit_bias(model->n_vocab, n_suppress, bias.data()));
        }
        const bool penalties = p->penalty_last_n != 0 && (p->penalty_repeat != 1 || p->penalty_freq != 0 || p->penalty_present != 0);
        if (penalties) {
            add(llama_sampler_init_penalties(model->n_vocab, p->penalty_last_n, p->penalty_repeat, p->penalty_freq, p->penalty_present));
        }
        if (p->temp <= 0) {
            s->greedy = n_suppress == 0 && !penalties;
            add(llama_sampler_init_greedy());
        } else {
            add(llama_sampler_init_top_k(p->top_k));
            add(llama_sampler_init_typical(p->typical_p, 0));
            add(llama_sampler_init_top_p(p->top_p, 0));
            add(llama_sampler_init_min_p(p->min_p, 0));
            add(llama_sampler_init_temp(p->temp));
            add(llama_sampler_init_dist(p->seed));
        }
        if (!s->greedy) {
            s->candidates.resize(model->n_vocab);
        }
        *out = s.release();
        return LLM_OK;
    });
}

void llm_sampler_free(llm_sampler * s) {
    delete s;
}

bool llm_sampler_is_stateless(const llm_sampler * s) {
    return s && s->greedy;
}

int llm_sampler_sample(llm_sampler * s, const float * logits, int32_t n_vocab, int32_t * token, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!s || !token) {
            return llm::fail(err, LLM_EINVAL, "sample: there is no sampler");
        }
        if (!logits || n_vocab != s->n_vocab) {
            return llm::fail(err, LLM_EINVAL, "sample: %d logits for a vocabulary of %d", logits ? n_vocab : 0, s->n_vocab);
        }
        if (s->greedy) {
            *token = argmax(logits, n_vocab);
            return LLM_OK;
        }
        for (int32_t i = 0; i < n_vocab; i++) {
            s->candidates[i] = { i, logits[i], 0 };
        }
        llama_token_data_array all = { s->candidates.data(), s->candidates.size(), -1, false };
        llama_sampler_apply(s->chain.get(), &all);
        if (all.selected < 0 || (size_t) all.selected >= all.size) {
            return llm::fail(err, LLM_EENGINE, "sample: the chain selected no token");
        }
        *token = all.data[all.selected].id;
        return LLM_OK;
    });
}

int llm_sampler_accept(llm_sampler * s, int32_t token, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!s) {
            return llm::fail(err, LLM_EINVAL, "accept: there is no sampler");
        }
        if (token < 0 || token >= s->n_vocab) {
            return llm::fail(err, LLM_EINVAL, "sampler: token %d: the vocabulary has %d", token, s->n_vocab);
        }
        if (!s->greedy) {
            llama_sampler_accept(s->chain.get(), token);
        }
        return LLM_OK;
    });
}

} // extern "C"
