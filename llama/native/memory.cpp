// A context's memory: KV cache or recurrent state.
#include "sequence.h"

using llm::with_seq;

static const char no_place[] = "a place for the result is needed";

extern "C" {

int llm_memory_clear(llm_context * c, char ** err) {
    return with_seq(c, 0, err, [&] {
        llama_memory_clear(c->memory(), true);
        return LLM_OK;
    });
}

int llm_memory_seq_rm(llm_context * c, int32_t seq, int32_t p0, int32_t p1, bool * removed, char ** err) {
    return with_seq(c, seq, err, [&]() -> int {
        if (!removed) {
            return llm::fail(err, LLM_EINVAL, no_place);
        }
        *removed = llama_memory_seq_rm(c->memory(), seq, p0, p1);
        return LLM_OK;
    });
}

int llm_memory_seq_cp(llm_context * c, int32_t from, int32_t to, int32_t p0, int32_t p1, char ** err) {
    return with_seq(c, from, err, [&]() -> int {
        if (to < 0 || to >= c->n_seq_max) {
            return llm::fail(err, LLM_EINVAL, "sequence %d: the context has %d", to, c->n_seq_max);
        }
        if (!c->kv_unified && from != to && (p0 > 0 || p1 >= 0)) {
            return llm::fail(err, LLM_EINVAL, "part of a sequence can be copied in a unified KV cache only");
        }
        llama_memory_seq_cp(c->memory(), from, to, p0, p1);
        return LLM_OK;
    });
}

int llm_memory_seq_keep(llm_context * c, int32_t seq, char ** err) {
    return with_seq(c, seq, err, [&] {
        // Where each sequence has a cache of its own, the engine looks at one of them only.
        for (int32_t other = 0; !c->kv_unified && other < c->n_seq_max; other++) {
            if (other != seq) {
                llama_memory_seq_rm(c->memory(), other, -1, -1);
            }
        }
        llama_memory_seq_keep(c->memory(), seq);
        return LLM_OK;
    });
}

int llm_memory_seq_add(llm_context * c, int32_t seq, int32_t p0, int32_t p1, int32_t delta, char ** err) {
    return with_seq(c, seq, err, [&]() -> int {
        if (!llama_memory_can_shift(c->memory())) {
            return llm::fail(err, LLM_EINVAL, "this memory cannot be shifted");
        }
        if (delta > 0 && llama_memory_seq_pos_max(c->memory(), seq) > INT32_MAX - delta) {
            return llm::fail(err, LLM_EINVAL, "shift by %d: positions end at %d", delta, INT32_MAX);
        }
        llama_memory_seq_add(c->memory(), seq, p0, p1, delta);
        return LLM_OK;
    });
}

int llm_memory_seq_div(llm_context * c, int32_t seq, int32_t p0, int32_t p1, int32_t d, char ** err) {
    return with_seq(c, seq, err, [&]() -> int {
        if (d < 1) {
            return llm::fail(err, LLM_EINVAL, "division of positions by %d", d);
        }
        if (!llama_memory_can_shift(c->memory())) {
            return llm::fail(err, LLM_EINVAL, "this memory cannot be shifted");
        }
        llama_memory_seq_div(c->memory(), seq, p0, p1, d);
        return LLM_OK;
    });
}

int llm_memory_seq_range(llm_context * c, int32_t seq, int32_t * pos_min, int32_t * pos_max, char ** err) {
    return with_seq(c, seq, err, [&]() -> int {
        if (!pos_min || !pos_max) {
            return llm::fail(err, LLM_EINVAL, no_place);
        }
        *pos_min = llama_memory_seq_pos_min(c->memory(), seq);
        *pos_max = llama_memory_seq_pos_max(c->memory(), seq);
        return LLM_OK;
    });
}

bool llm_memory_can_shift(const llm_context * c) {
    return llm::guard_value(false, [&] { return c && c->memory() && llama_memory_can_shift(c->memory()); });
}

} // extern "C"
