// The engine's own sampler chain, over borrowed logits, with a grammar.
#include "grammar.h"
#include "guard.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

static const char not_numbers[] = "the logits are not finite numbers";

struct llm_sampler {
    std::unique_ptr<llama_sampler, void (*)(llama_sampler *)> chain{ nullptr, llama_sampler_free };
    std::vector<llama_token_data>                             candidates;
    int32_t                                                   n_vocab = 0;
    // Nothing but the largest logit matters: no candidate array is filled.
    bool greedy = false;

    const llm_model * model = nullptr;
    llm::grammar      grammar{ nullptr, llama_grammar_free_impl };
    bool              constrained = false; // the grammar has begun

    // Processor time that the grammar took, and for how many tokens.
    double  spent_s  = 0;
    int32_t n_tokens = 0;

    // Runs f, which works with the grammar, within what is left for it: a token may take
    // long, but not all of them.
    template <class F> auto within_limits(F && f) {
        llm::limits  l    = llm::grammar_limits;
        const double left = 10 + 0.25 * n_tokens - spent_s;
        if (left <= 0) {
            throw llm::exhausted("it takes too much processor time, token after token");
        }
        l.cpu_s = std::min(l.cpu_s, left);
        return llm::within(l, [&] {
            const auto value = f();
            spent_s += llm::budget::current()->cpu_s();
            return value;
        });
    }

    // Throws where a logit is not a number, or endless: the chain sorts and sums them.
    llama_token_data_array fill(const float * logits) {
        candidates.resize(n_vocab);
        bool numbers = true;
        for (int32_t i = 0; i < n_vocab; i++) {
            candidates[i] = { i, logits[i], 0 };
            numbers &= logits[i] < INFINITY;
        }
        if (!numbers) {
            throw std::runtime_error(not_numbers);
        }
        return { candidates.data(), candidates.size(), -1, false };
    }

    bool may_end() const {
        for (const auto & stack : grammar->stacks) {
            if (stack.empty()) {
                return true;
            }
        }
        return false;
    }

    // Whether the grammar takes this token next.
    bool takes(int32_t token, float logit) const {
        llama_token_data       one   = { token, logit, 0 };
        llama_token_data_array array = { &one, 1, -1, false };
        llama_grammar_apply_impl(*grammar, &array);
        return one.logit != -INFINITY;
    }
};

namespace {

// Tokens that penalties look back at most; the engine keeps as many in memory.
constexpr int32_t max_penalty_last = 1 << 20;

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
    if (p->penalty_last_n < -1 || p->penalty_last_n > max_penalty_last) {
        return llm::fail(err, LLM_EINVAL, "sampler: penalty over the last %d tokens; the limit is %d, and -1 is the context", p->penalty_last_n,
                         max_penalty_last);
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
        s->model   = model;
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
            // The engine takes -1 for none.
            const int32_t n_ctx  = std::min(llama_model_n_ctx_train(model->model), max_penalty_last);
            const int32_t last_n = p->penalty_last_n < 0 ? n_ctx : p->penalty_last_n;
            add(llama_sampler_init_penalties(model->n_vocab, last_n, p->penalty_repeat, p->penalty_freq, p->penalty_present));
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

static int32_t choose(llm_sampler * s, llama_token_data_array * all) {
    llama_sampler_apply(s->chain.get(), all);
    return all->selected < 0 || (size_t) all->selected >= all->size ? -1 : all->data[all->selected].id;
}

// Keeps the token where the grammar takes it, else chooses one that it takes. Only then
// the whole vocabulary is held against the grammar: it is slow, and seldom needed.
static int fit(llm_sampler * s, const float * logits, int32_t * token, char ** err) {
    if (s->takes(*token, logits[*token])) {
        return LLM_OK;
    }
    llama_token_data_array all = s->fill(logits);
    llama_grammar_apply_impl(*s->grammar, &all);
    const auto fits = [](const llama_token_data & c) { return c.logit != -INFINITY; };
    if (std::none_of(all.data, all.data + all.size, fits)) {
        return llm::fail(err, LLM_EENGINE, "sample: no token of the vocabulary fits the grammar");
    }
    *token = choose(s, &all);
    return LLM_OK;
}

static int sample(llm_sampler * s, const float * logits, int32_t * token, char ** err) {
    if (s->greedy) {
        *token = argmax(logits, s->n_vocab);
    } else {
        llama_token_data_array all = s->fill(logits);
        *token                     = choose(s, &all);
    }
    if (*token >= 0 && s->constrained) {
        if (const int code = s->within_limits([&] { return fit(s, logits, token, err); })) {
            return code;
        }
    }
    if (*token < 0) {
        return llm::fail(err, LLM_EENGINE, "sample: the chain selected no token");
    }
    return std::isfinite(logits[*token]) ? LLM_OK : llm::fail(err, LLM_EENGINE, "sample: %s", not_numbers);
}

int llm_sampler_sample(llm_sampler * s, const float * logits, int32_t n_vocab, int32_t * token, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!s || !token) {
            return llm::fail(err, LLM_EINVAL, "sample: there is no sampler");
        }
        if (!logits || n_vocab != s->n_vocab) {
            return llm::fail(err, LLM_EINVAL, "sample: %d logits for a vocabulary of %d", logits ? n_vocab : 0, s->n_vocab);
        }
        return sample(s, logits, token, err);
    });
}

// Moves the grammar on. The engine asserts, or throws, where the token does not fit.
static int advance(llm_sampler * s, int32_t token, char ** err) {
    if (llama_vocab_is_eog(s->model->vocab, token)) {
        return s->may_end() ? LLM_OK : llm::fail(err, LLM_EINVAL, "accept: the text ends before the grammar does");
    }
    if (!s->takes(token, 0)) {
        return llm::fail(err, LLM_EINVAL, "accept: token %d does not fit the grammar", token);
    }
    llama_grammar_accept_impl(*s->grammar, token);
    return LLM_OK;
}

int llm_sampler_accept(llm_sampler * s, int32_t token, bool generated, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!s) {
            return llm::fail(err, LLM_EINVAL, "accept: there is no sampler");
        }
        if (token < 0 || token >= s->n_vocab) {
            return llm::fail(err, LLM_EINVAL, "sampler: token %d: the vocabulary has %d", token, s->n_vocab);
        }
        if (generated && s->constrained) {
            s->n_tokens++;
            if (const int code = s->within_limits([&] { return advance(s, token, err); })) {
                return code;
            }
        }
        if (!s->greedy) {
            llama_sampler_accept(s->chain.get(), token);
        }
        return LLM_OK;
    });
}

int llm_sampler_constrain(llm_sampler * s, const char * grammar, const char * text, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!s || !grammar || !text) {
            return llm::fail(err, LLM_EINVAL, "constrain: a sampler, a grammar and a text are needed");
        }
        llm::grammar g = llm::compile_grammar(s->model, grammar);
        if (*text) {
            llm::budget b(llm::grammar_limits);
            llama_grammar_accept_str(*g, text);
        }
        s->grammar     = std::move(g);
        s->constrained = true;
        return LLM_OK;
    });
}

int llm_logprobs(const float * logits, int32_t n_vocab, int32_t token, int32_t n_top, int32_t * top, float * top_logprob, float * logprob, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!logits || n_vocab < 1 || token < 0 || token >= n_vocab || n_top < 0 || n_top > n_vocab || !logprob || (n_top > 0 && (!top || !top_logprob))) {
            return llm::fail(err, LLM_EINVAL, "log-probabilities: token %d and the %d likeliest of %d", token, n_top, n_vocab);
        }
        const float max = logits[argmax(logits, n_vocab)];
        double      sum = 0;
        for (int32_t i = 0; i < n_vocab; i++) {
            sum += std::exp((double) (logits[i] - max));
        }
        const double norm = max + std::log(sum);
        if (!std::isfinite(norm)) {
            return llm::fail(err, LLM_EENGINE, "log-probabilities: %s", not_numbers);
        }
        *logprob          = (float) (logits[token] - norm);
        if (n_top == 0) {
            return LLM_OK;
        }
        std::vector<int32_t> ids(n_vocab);
        std::iota(ids.begin(), ids.end(), 0);
        std::partial_sort(ids.begin(), ids.begin() + n_top, ids.end(), [&](int32_t a, int32_t b) {
            return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
        });
        for (int32_t i = 0; i < n_top; i++) {
            top[i]         = ids[i];
            top_logprob[i] = (float) (logits[ids[i]] - norm);
        }
        return LLM_OK;
    });
}

} // extern "C"
