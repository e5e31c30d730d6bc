// What the calls on one sequence of a context's memory have in common.
#pragma once

#include "guard.h"
#include "handles.h"

namespace llm {

// Checks a sequence id, then runs f under the guard.
template <class F> int with_seq(llm_context * c, int32_t seq, char ** err, F && f) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!c) {
            return llm::fail(err, LLM_EINVAL, "there is no context");
        }
        if (seq < 0 || seq >= c->n_seq_max) {
            return llm::fail(err, LLM_EINVAL, "sequence %d: the context has %d", seq, c->n_seq_max);
        }
        if (!c->memory()) {
            return llm::fail(err, LLM_EINVAL, "the context has no memory");
        }
        return f();
    });
}

} // namespace llm
