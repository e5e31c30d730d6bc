// Sampling: the engine's chain, in the module's order.
#include "skynet.h"

#include <algorithm>
#include <cmath>

namespace llm::skynet {

// Tokens that penalties look back at most; the engine keeps as many in memory.
constexpr int32_t max_last = 1 << 20;

static void check_numbers(const sampling & p) {
    for (const float v : { p.temp, p.top_p, p.typical_p, p.repeat, p.frequency, p.presence, p.mirostat_tau, p.mirostat_eta }) {
        if (!std::isfinite(v)) {
            throw std::runtime_error("an option of sampling is not a finite number");
        }
    }
    if (p.repeat <= 0) {
        throw std::runtime_error("SetPenalty must be above 0; 1 is none");
    }
    if (p.last_n > max_last) {
        throw std::runtime_error("SetRepeat of " + std::to_string(p.last_n) + " tokens: the limit is " + std::to_string(max_last));
    }
    if (p.mirostat < 0 || p.mirostat > 2) {
        throw std::runtime_error("SetMirostat must be 0, 1 or 2");
    }
}

void sampler::collect_bias() {
    bias = p.bias;
    for (const auto & [token, value] : bias) {
        if (!s.model->has(token)) {
            throw std::runtime_error("LogitBias of token " + std::to_string(token) + ": the vocabulary has " + std::to_string(s.info.n_vocab));
        }
    }
    for (int32_t token = 0; p.ignore_eos && token < s.info.n_vocab; token++) {
        if (llm_token_is_eog(s.model.get(), token)) {
            bias.push_back({ token, -INFINITY });
        }
    }
    // Tokens that the model's file forbids.
    int32_t             n        = 0;
    const llama_token * suppress = llama_vocab_get_suppress_tokens(s.model->vocab, &n);
    for (int32_t i = 0; i < n; i++) {
        if (s.model->has(suppress[i])) {
            bias.push_back({ suppress[i], -INFINITY });
        }
    }
}

// Penalties, then a greedy choice, or temperature and Mirostat (as common_sampler_init does,
// common/sampling.cpp@v0.5.0), or top-k, typical, top-p, temperature and a draw.
static void fill(llama_sampler * chain, const sampling & p, int32_t n_ctx, int32_t n_vocab) {
    const auto add = [&](llama_sampler * stage) {
        if (!stage) {
            throw std::runtime_error("the engine refused a step of sampling");
        }
        llama_sampler_chain_add(chain, stage);
    };
    if (p.last_n != 0 && (p.repeat != 1 || p.frequency != 0 || p.presence != 0)) {
        add(llama_sampler_init_penalties(n_vocab, p.last_n < 0 ? n_ctx : p.last_n, p.repeat, p.frequency, p.presence));
    }
    if (p.temp <= 0) {
        add(llama_sampler_init_greedy());
    } else if (p.mirostat > 0) {
        add(llama_sampler_init_temp(p.temp));
        add(p.mirostat == 1 ? llama_sampler_init_mirostat(n_vocab, p.seed, p.mirostat_tau, p.mirostat_eta, 100)
                            : llama_sampler_init_mirostat_v2(p.seed, p.mirostat_tau, p.mirostat_eta));
    } else {
        add(llama_sampler_init_top_k(p.top_k));
        add(llama_sampler_init_typical(p.typical_p, 1));
        add(llama_sampler_init_top_p(p.top_p, 1));
        add(llama_sampler_init_temp(p.temp));
        add(llama_sampler_init_dist(p.seed));
    }
}

// Runs f, which calls the engine, behind the guard.
template <class F> static void guarded(F && f) {
    char *    err  = nullptr;
    const int code = guard(&err, [&](scope &) {
        f();
        return LLM_OK;
    });
    check(code, err);
}

sampler::sampler(const state & s, const sampling & p) : s(s), p(p) {
    check_numbers(p);
    collect_bias();
    guarded([&] {
        chain.reset(llama_sampler_chain_init(llama_sampler_chain_default_params()));
        fill(chain.get(), p, s.n_ctx, s.info.n_vocab);
    });
    if (!p.grammar.empty()) {
        llm_grammar * made = nullptr;
        char *        err  = nullptr;
        check(llm_grammar_new(s.model.get(), p.grammar.c_str(), "", &made, &err), err);
        grammar.reset(made);
    }
}

// The chain's choice of row.
int32_t sampler::apply() {
    candidates.resize(row.size());
    bool numbers = true;
    for (int32_t i = 0; i < (int32_t) row.size(); i++) {
        candidates[i] = { i, row[i], 0 };
        numbers &= row[i] < INFINITY; // also of what is not a number
    }
    llama_token_data_array all   = { candidates.data(), candidates.size(), -1, false };
    int32_t                token = -1;
    if (numbers) {
        guarded([&] { llama_sampler_apply(chain.get(), &all); });
        token = all.selected < 0 || (size_t) all.selected >= all.size ? -1 : all.data[all.selected].id;
    }
    if (token < 0 || !std::isfinite(row[token])) {
        throw std::runtime_error(numbers ? "no token can come next" : "the logits are not finite numbers");
    }
    return token;
}

int32_t sampler::choose(const float * logits) {
    row.assign(logits, logits + s.info.n_vocab);
    for (const auto & [token, value] : bias) {
        row[token] += value;
    }
    int32_t token = apply();
    if (!grammar) {
        return token;
    }
    // The whole vocabulary is held against the grammar only where the choice does not fit: that
    // is slow, and seldom needed.
    bool   allowed = false;
    char * err     = nullptr;
    check(llm_grammar_allows(grammar.get(), token, &allowed, &err), err);
    if (!allowed) {
        check(llm_grammar_mask(grammar.get(), row.data(), (int32_t) row.size(), &err), err);
        token = apply();
    }
    return token;
}

void sampler::accept(int32_t token, bool generated) {
    if (generated && grammar) {
        char * err = nullptr;
        check(llm_grammar_accept(grammar.get(), token, &err), err);
    }
    guarded([&] { llama_sampler_accept(chain.get(), token); });
}

} // namespace llm::skynet
