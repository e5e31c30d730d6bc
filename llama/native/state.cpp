// What memory holds of a sequence, in bytes and back.
#include "sequence.h"

#include <cstring>

namespace {

// The engine trusts what it restores: positions that are none stay in memory for good,
// and counts become allocations. So a sum of all bytes follows them.
using sum = uint64_t;

sum sum_of(const uint8_t * p, size_t n) {
    constexpr uint64_t odd = 0x9e3779b97f4a7c15; // so that no step loses a bit
    constexpr size_t   lanes = 4;

    uint64_t h[lanes] = { 1, 2, 3, 4 }, word;
    size_t   i        = 0;
    for (; i + sizeof h <= n; i += sizeof h) {
        for (size_t k = 0; k < lanes; k++) {
            memcpy(&word, p + i + k * sizeof word, sizeof word);
            h[k] = (h[k] ^ word) * odd;
            h[k] ^= h[k] >> 32;
        }
    }
    uint64_t all = n;
    for (; i < n; i++) {
        all = (all ^ p[i]) * odd;
    }
    for (const uint64_t lane : h) {
        all = (all ^ lane) * odd;
        all ^= all >> 32;
    }
    return all;
}

template <class F> int with_state(llm_context * c, int32_t seq, char ** err, F && f) {
    return llm::with_seq(c, seq, err, [&]() -> int {
        if (c->model->simulated) {
            return llm::fail(err, LLM_EINVAL, "state: the model was loaded for simulation only");
        }
        return f();
    });
}

bool restore(llm_context * c, int32_t seq, const uint8_t * buf, size_t len) {
    if (!buf || len <= sizeof(sum)) {
        return false;
    }
    sum          want;
    const size_t n = len - sizeof want;
    memcpy(&want, buf + n, sizeof want);
    // The engine restores into the sequence id of its caller, whatever was saved.
    return sum_of(buf, n) == want && llama_state_seq_set_data(c->ctx, buf, n, seq) == n;
}

} // namespace

extern "C" {

int llm_state_size(llm_context * c, int32_t seq, size_t * size, char ** err) {
    return with_state(c, seq, err, [&]() -> int {
        if (!size) {
            return llm::fail(err, LLM_EINVAL, "state: a place for the result is needed");
        }
        *size = llama_state_seq_get_size(c->ctx, seq) + sizeof(sum);
        return LLM_OK;
    });
}

int llm_state_get(llm_context * c, int32_t seq, uint8_t * buf, size_t cap, size_t * n, char ** err) {
    return with_state(c, seq, err, [&]() -> int {
        if (!buf || !n) {
            return llm::fail(err, LLM_EINVAL, "state: a place for the result is needed");
        }
        const size_t got = cap > sizeof(sum) ? llama_state_seq_get_data(c->ctx, buf, cap - sizeof(sum), seq) : 0;
        if (got == 0) {
            *n = 0;
            return llm::fail(err, LLM_EENGINE, "state: %zu bytes are too few for sequence %d", cap, seq);
        }
        const sum all = sum_of(buf, got);
        memcpy(buf + got, &all, sizeof all);
        *n = got + sizeof all;
        return LLM_OK;
    });
}

int llm_state_set(llm_context * c, int32_t seq, const uint8_t * buf, size_t len, char ** err) {
    return with_state(c, seq, err, [&]() -> int {
        if (!restore(c, seq, buf, len)) {
            llama_memory_seq_rm(c->memory(), seq, -1, -1);
            const llm::scope * s = llm::scope::current();
            return llm::fail(err, LLM_EENGINE, "state: %s", s && !s->errors().empty() ? s->errors().c_str() : "the bytes are damaged");
        }
        return LLM_OK;
    });
}

} // extern "C"
