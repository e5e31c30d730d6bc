// The engine's sampler chains over logits that the caller gives, for tests and the
// benchmark to set ours beside.
#include "reference.h"

#include "llama-sampler.h"
#include "llama.h"

#include <algorithm>
#include <memory>
#include <vector>

struct llm_reference_chain {
    std::unique_ptr<llama_model, void (*)(llama_model *)>     model{ nullptr, llama_model_free };
    std::unique_ptr<llama_sampler, void (*)(llama_sampler *)> chain{ nullptr, llama_sampler_free };
    std::vector<llama_token_data>                             candidates;
};

namespace {

llama_sampler * dry(const llm_reference_sampling * p, const llama_model * model) {
    if (model && p->n_dry_strings > 0) {
        return llama_sampler_init_dry(llama_model_get_vocab(model), p->dry_multiplier, p->dry_base, p->dry_allowed_length,
                                      p->dry_penalty_last_n, const_cast<const char **>(p->dry_strings), p->n_dry_strings);
    }
    std::vector<std::vector<llama_token>> breakers;
    for (int i = 0, at = 0; i < p->n_dry_breakers; at += p->dry_breaker_sizes[i++]) {
        breakers.emplace_back(p->dry_breakers + at, p->dry_breakers + at + p->dry_breaker_sizes[i]);
    }
    if (p->dry_multiplier == 0.0f || p->dry_base < 1.0f || p->dry_penalty_last_n <= 0) {
        return llama_sampler_init_dry(nullptr, 0, 0, 0, 0, nullptr, 0);
    }
    return llama_sampler_init_dry_testing(p->dry_multiplier, p->dry_base, p->dry_allowed_length, p->dry_penalty_last_n, breakers);
}

// A step by its number in Go.
llama_sampler * step(int kind, const llm_reference_sampling * p, int n_vocab, const llama_model * model) {
    switch (kind) {
        case 0: return llama_sampler_init_penalties(n_vocab, p->penalty_last_n, p->penalty_repeat, p->penalty_freq, p->penalty_present);
        case 1: return dry(p, model);
        case 2: return llama_sampler_init_top_n_sigma(p->top_n_sigma);
        case 3: return llama_sampler_init_top_k(p->top_k);
        case 4: return llama_sampler_init_typical(p->typ_p, p->min_keep);
        case 5: return llama_sampler_init_top_p(p->top_p, p->min_keep);
        case 6: return llama_sampler_init_min_p(p->min_p, p->min_keep);
        case 7: return llama_sampler_init_xtc(p->xtc_probability, p->xtc_threshold, p->min_keep, p->seed);
        case 8: return llama_sampler_init_temp_ext(p->temp, p->dynatemp_range, p->dynatemp_exponent);
        case 9: return model ? llama_sampler_init_infill(llama_model_get_vocab(model)) : nullptr;
        default: return nullptr;
    }
}

} // namespace

extern "C" llm_reference_chain * llm_reference_chain_new(const struct llm_reference_sampling * p, int n_vocab, const char * path) {
    auto c = std::make_unique<llm_reference_chain>();
    c->candidates.resize(n_vocab);
    if (path) {
        llama_model_params params = llama_model_default_params();
        params.vocab_only         = true;
        c->model.reset(llama_model_load_from_file(path, params));
        if (!c->model) {
            return nullptr;
        }
    }
    c->chain.reset(llama_sampler_chain_init(llama_sampler_chain_default_params()));
    const auto add = [&](llama_sampler * s) { llama_sampler_chain_add(c->chain.get(), s); };
    if (p->n_bias > 0) {
        std::vector<llama_logit_bias> bias;
        for (int i = 0; i < p->n_bias; i++) {
            bias.push_back({ p->bias_tokens[i], p->bias_values[i] });
        }
        add(llama_sampler_init_logit_bias(n_vocab, p->n_bias, bias.data()));
    }
    if (p->mirostat == 0) {
        bool adaptive = false;
        for (int i = 0; i < p->n_order; i++) {
            if (p->order[i] == 10) {
                adaptive = true;
                continue;
            }
            llama_sampler * s = step(p->order[i], p, n_vocab, c->model.get());
            if (!s) {
                return nullptr;
            }
            add(s);
        }
        if (p->greedy) {
            add(llama_sampler_init_greedy());
        } else {
            add(adaptive ? llama_sampler_init_adaptive_p(p->adaptive_target, p->adaptive_decay, p->seed) : llama_sampler_init_dist(p->seed));
        }
    } else {
        add(llama_sampler_init_temp(p->temp));
        add(p->mirostat == 1 ? llama_sampler_init_mirostat(n_vocab, p->seed, p->mirostat_tau, p->mirostat_eta, 100) :
                               llama_sampler_init_mirostat_v2(p->seed, p->mirostat_tau, p->mirostat_eta));
    }
    return c.release();
}

extern "C" int llm_reference_chain_sample(llm_reference_chain * c, const float * logits) {
    const int n = (int) c->candidates.size();
    for (int i = 0; i < n; i++) {
        c->candidates[i] = { i, logits[i], 0 };
    }
    llama_token_data_array all = { c->candidates.data(), c->candidates.size(), -1, false };
    llama_sampler_apply(c->chain.get(), &all);
    return all.selected < 0 || (size_t) all.selected >= all.size ? -1 : all.data[all.selected].id;
}

extern "C" void llm_reference_chain_accept(llm_reference_chain * c, int token) {
    llama_sampler_accept(c->chain.get(), token);
}

extern "C" void llm_reference_chain_reset(llm_reference_chain * c) {
    llama_sampler_reset(c->chain.get());
}

extern "C" void llm_reference_chain_free(llm_reference_chain * c) {
    delete c;
}
