// Grammars at work: which tokens one lets follow a text.
#include "grammar.h"
#include "guard.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

struct llm_grammar {
    const llm_model * model = nullptr;
    llm::grammar      grammar{ nullptr, llama_grammar_free_impl };

    std::vector<llama_token_data> candidates;

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

    bool may_end() const {
        const auto empty = [](const llama_grammar_stack & stack) { return stack.empty(); };
        return std::any_of(grammar->stacks.begin(), grammar->stacks.end(), empty);
    }

    // Whether the grammar takes this token next.
    bool takes(int32_t token) const {
        llama_token_data       one   = { token, 0, 0 };
        llama_token_data_array array = { &one, 1, -1, false };
        llama_grammar_apply_impl(*grammar, &array);
        return one.logit != -INFINITY;
    }

    // Sets the logits of what it does not take to minus infinity.
    bool mask(float * logits) {
        candidates.clear();
        for (int32_t i = 0; i < model->n_vocab; i++) {
            if (logits[i] != -INFINITY) {
                candidates.push_back({ i, logits[i], 0 });
            }
        }
        llama_token_data_array all = { candidates.data(), candidates.size(), -1, false };
        llama_grammar_apply_impl(*grammar, &all);
        for (const llama_token_data & c : candidates) {
            logits[c.id] = c.logit;
        }
        return true;
    }

    // Moves on. The engine asserts, or throws, where the token does not fit.
    int advance(int32_t token, char ** err) {
        if (llama_vocab_is_eog(model->vocab, token)) {
            return may_end() ? LLM_OK : llm::fail(err, LLM_EINVAL, "accept: the text ends before the grammar does");
        }
        if (!takes(token)) {
            return llm::fail(err, LLM_EINVAL, "accept: token %d does not fit the grammar", token);
        }
        llama_grammar_accept_impl(*grammar, token);
        return LLM_OK;
    }
};

static int check_token(const llm_grammar * g, int32_t token, char ** err) {
    if (!g) {
        return llm::fail(err, LLM_EINVAL, "there is no grammar");
    }
    if (token < 0 || token >= g->model->n_vocab) {
        return llm::fail(err, LLM_EINVAL, "grammar: token %d: the vocabulary has %d", token, g->model->n_vocab);
    }
    return LLM_OK;
}

extern "C" {

int llm_grammar_new(const llm_model * model, const char * text, const char * begun, llm_grammar ** out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!model || !text || !begun || !out) {
            return llm::fail(err, LLM_EINVAL, "a model, a grammar, a text and a place for the result are needed");
        }
        auto g     = std::make_unique<llm_grammar>();
        g->model   = model;
        g->grammar = llm::compile_grammar(model, text);
        if (*begun) {
            llm::budget b(llm::grammar_limits);
            llama_grammar_accept_str(*g->grammar, begun);
        }
        *out = g.release();
        return LLM_OK;
    });
}

void llm_grammar_free(llm_grammar * g) {
    delete g;
}

int llm_grammar_allows(llm_grammar * g, int32_t token, bool * allowed, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (const int code = check_token(g, token, err)) {
            return code;
        }
        if (!allowed) {
            return llm::fail(err, LLM_EINVAL, "grammar: a place for the answer is needed");
        }
        *allowed = g->within_limits([&] { return g->takes(token); });
        return LLM_OK;
    });
}

int llm_grammar_mask(llm_grammar * g, float * logits, int32_t n_vocab, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!g || !logits || n_vocab != g->model->n_vocab) {
            return llm::fail(err, LLM_EINVAL, "grammar: %d logits for a vocabulary of %d", logits ? n_vocab : 0, g ? g->model->n_vocab : 0);
        }
        g->within_limits([&] { return g->mask(logits); });
        return LLM_OK;
    });
}

int llm_grammar_accept(llm_grammar * g, int32_t token, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (const int code = check_token(g, token, err)) {
            return code;
        }
        g->n_tokens++;
        return g->within_limits([&] { return g->advance(token, err); });
    });
}

bool llm_grammar_done(const llm_grammar * g) {
    const auto empty = [](const llama_grammar_stack & stack) { return stack.empty(); };
    return g && std::all_of(g->grammar->stacks.begin(), g->grammar->stacks.end(), empty);
}

} // extern "C"
