// Replies: sampling, the token callback, what ends a reply.
#include "skynet.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unistd.h>

// Implemented in Go, by the module: false ends the reply.
extern "C" unsigned char tokenCallback(void * state, char * token);

namespace llm::skynet {

static double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static std::vector<int32_t> cached(state & s, const params & p) {
    if (access(p.session.c_str(), F_OK) == 0) {
        load(s, p.session);
    }
    return s.tokens;
}

reply::reply(state & s, const params & p) : s(s), p(p), n_left(p.n_predict), began(now()) {}

void reply::begin() {
    size_t cache = 0;
    if (!p.session.empty()) {
        prompt = cached(s, p);
        cache  = prompt.size();
    }
    if (prompt.empty() || !p.prompt.empty()) {
        prompt = tokenize(s, p.prompt);
    }
    if (prompt.empty() && s.info.bos >= 0) {
        prompt.push_back(s.info.bos);
    }
    // The module leaves room for four tokens.
    if (prompt.empty() || (int64_t) prompt.size() > s.n_ctx - 4) {
        throw std::runtime_error("the prompt has " + std::to_string(prompt.size()) + " tokens: it must have from 1 to " +
                                 std::to_string(s.n_ctx - 4) + " with SetContext(" + std::to_string(s.n_ctx) + ")");
    }
    const auto n = (int32_t) prompt.size();
    keep         = p.n_keep < 0 || p.n_keep > n ? n : p.n_keep;

    chain = std::make_unique<sampler>(s, p.sampling);
    for (const int32_t token : prompt) {
        chain->accept(token, false);
    }
    use_threads(s.context.get(), p.threads);
    rewind_to(s, prompt);
    reused = s.tokens.size();
    evaluate(s, prompt.data() + reused, prompt.size() - reused, 1, p.n_batch);
    if (!p.session.empty() && !p.session_ro && cache < prompt.size()) {
        save(s, p.session);
    }
}

int32_t reply::next(int32_t i) {
    const float * logits = llm_logits(s.context.get(), i);
    if (!logits) {
        throw std::runtime_error("there are no logits to sample from");
    }
    const int32_t token = chain->choose(logits);
    chain->accept(token, true);
    return token;
}

bool reply::add(int32_t token) {
    if (llm_token_is_eog(s.model.get(), token)) {
        return false;
    }
    generated++;
    n_left--;
    std::string text = piece(s, token);
    if (!tokenCallback(s.handle, &text[0])) {
        return false;
    }
    said += text;
    return !stopped(text.size()) && n_left > 0;
}

// Whether a stop word ends in the last bytes.
bool reply::stopped(size_t added) const {
    return std::any_of(p.stops.begin(), p.stops.end(), [&](const std::string & stop) {
        const size_t window = stop.size() + added;
        return !stop.empty() && said.find(stop, said.size() > window ? said.size() - window : 0) != std::string::npos;
    });
}

std::string reply::account() const {
    char text[160];
    snprintf(text, sizeof text, "%zu tokens of prompt, %zu of them reused, and %zu generated in %.2f s", prompt.size(), reused, generated, now() - began);
    return text;
}

std::string predict(state & s, const params & p, bool debug) {
    reply r(s, p);
    r.begin();
    while (r.left() > 0) {
        const int32_t token = r.next(-1);
        if (!r.add(token)) {
            break;
        }
        if ((int32_t) s.tokens.size() >= s.n_ctx) {
            shift(s, r.n_keep(), p.n_batch);
        }
        evaluate(s, &token, 1, 1, p.n_batch);
    }
    if (!p.session.empty() && p.session_all && !p.session_ro) {
        save(s, p.session);
    }
    if (debug) {
        say("Predict", r.account());
    }
    return r.text();
}

} // namespace llm::skynet
