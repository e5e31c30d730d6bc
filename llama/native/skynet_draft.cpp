// Speculative sampling: a small model drafts, the target looks at the draft in one batch.
#include "skynet.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace llm::skynet {

// The likeliest token, or -1 where it is not twice as likely as the next: the module's rule
// of when to stop drafting.
static int32_t sure(const state & s) {
    const float * logits = llm_logits(s.context.get(), -1);
    if (!logits) {
        return -1;
    }
    int32_t best = 0;
    float   next = -INFINITY;
    for (int32_t i = 1; i < s.info.n_vocab; i++) {
        if (logits[i] > logits[best]) {
            next = logits[best];
            best = i;
        } else {
            next = std::max(next, logits[i]);
        }
    }
    return logits[best] - next >= std::log(2.0f) ? best : -1;
}

// At most n tokens that follow history, which fits the draft's context or is not drafted for.
static std::vector<int32_t> draft_after(state & d, const std::vector<int32_t> & history, int32_t n, const params & p) {
    std::vector<int32_t> drafted;
    n = std::min<int64_t>(n, (int64_t) d.n_ctx - (int64_t) history.size());
    if (n < 1) {
        return drafted;
    }
    rewind_to(d, history);
    const size_t begin = d.tokens.size();
    evaluate(d, history.data() + begin, history.size() - begin, 1, p.n_batch);
    while ((int32_t) drafted.size() < n) {
        const int32_t token = sure(d);
        if (token < 0 || llm_token_is_eog(d.model.get(), token)) {
            break;
        }
        drafted.push_back(token);
        if ((int32_t) drafted.size() < n) {
            evaluate(d, &token, 1, 1, p.n_batch);
        }
    }
    return drafted;
}

// rewind, and where memory lost more than that, its evaluation again.
static void take_back(state & s, size_t n, int32_t n_batch) {
    const std::vector<int32_t> kept(s.tokens.begin(), s.tokens.begin() + n);
    rewind(s, n);
    evaluate(s, kept.data() + s.tokens.size(), n - s.tokens.size(), 1, n_batch);
}

// A round: token is said already, and not in the target's memory. Returns the next such
// token, or -1 when the reply ended.
static int32_t round_after(int32_t token, reply & r, state & target, state & draft, const params & p) {
    if ((int32_t) target.tokens.size() >= target.n_ctx) {
        shift(target, r.n_keep(), p.n_batch);
    }
    std::vector<int32_t> history = target.tokens;
    history.push_back(token);
    // As many as fit the context, the rows of a decode and what is left of the reply.
    int32_t n = std::min({ std::max(1, p.n_draft), max_rows - 1, target.n_ctx - (int32_t) history.size(), r.left() - 1, target.n_batch - 1 });
    std::vector<int32_t> batch = draft_after(draft, history, n, p);
    const auto           n_drafted = (int32_t) batch.size();
    batch.insert(batch.begin(), token);

    const size_t base = target.tokens.size();
    evaluate(target, batch.data(), batch.size(), n_drafted + 1, 0);
    for (int32_t i = 0;; i++) {
        const int32_t next = r.next(i);
        if (!r.add(next)) {
            return -1;
        }
        if (i == n_drafted || next != batch[i + 1]) {
            take_back(target, base + i + 1, p.n_batch);
            return next;
        }
    }
}

static bool same_vocabulary(const state & a, const state & b) {
    if (a.info.n_vocab != b.info.n_vocab || a.info.vocab_type != b.info.vocab_type) {
        return false;
    }
    for (int32_t i = 0; a.model != b.model && i < a.info.n_vocab; i++) {
        if (strcmp(llama_vocab_get_text(a.model->vocab, i), llama_vocab_get_text(b.model->vocab, i)) != 0) {
            return false;
        }
    }
    return true;
}

std::string speculate(state & target, state & draft, const params & p, bool debug) {
    if (!same_vocabulary(target, draft)) {
        throw std::runtime_error("the draft model has another vocabulary than the target; both must have the same");
    }
    reply r(target, p);
    r.begin();
    use_threads(draft.context.get(), p.threads);
    if (r.left() > 0) {
        int32_t token = r.next(-1);
        for (bool more = r.add(token); more; more = token >= 0) {
            token = round_after(token, r, target, draft, p);
        }
    }
    if (debug) {
        say("SpeculativeSampling", r.account());
    }
    return r.text();
}

} // namespace llm::skynet
