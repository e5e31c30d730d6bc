// What memory holds of a sequence, in bytes and back.
#include "sequence.h"

extern "C" {

int llm_state_size(llm_context * c, int32_t seq, size_t * size, char ** err) {
    return llm::with_seq(c, seq, err, [&] {
        *size = llama_state_seq_get_size(c->ctx, seq);
        return LLM_OK;
    });
}

int llm_state_get(llm_context * c, int32_t seq, uint8_t * buf, size_t cap, size_t * n, char ** err) {
    return llm::with_seq(c, seq, err, [&]() -> int {
        *n = llama_state_seq_get_data(c->ctx, buf, cap, seq);
        return *n > 0 ? LLM_OK : llm::fail(err, LLM_EENGINE, "state: %zu bytes are too few for sequence %d", cap, seq);
    });
}

int llm_state_set(llm_context * c, int32_t seq, const uint8_t * buf, size_t len, char ** err) {
    return llm::with_seq(c, seq, err, [&]() -> int {
        // The engine restores into the sequence id of its caller, whatever was saved.
        if (len == 0 || llama_state_seq_set_data(c->ctx, buf, len, seq) != len) {
            llama_memory_seq_rm(c->memory(), seq, -1, -1);
            const llm::scope * s = llm::scope::current();
            return llm::fail(err, LLM_EENGINE, "state: the engine did not take it back: %s", s ? s->errors().c_str() : "");
        }
        return LLM_OK;
    });
}

} // extern "C"
