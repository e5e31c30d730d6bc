// What the rules of several backends ask of a tensor.
#pragma once

#include "phantom.h"

#include "../src/ggml-impl.h" // beside ggml/include

namespace llm {

inline float op_f32(const ggml_tensor * op, int i) { return ggml_get_op_params_f32(op, i); }

inline bool is_float(ggml_type t) { return t == GGML_TYPE_F32 || t == GGML_TYPE_F16 || t == GGML_TYPE_BF16; }

// Bytes that the last row of a quantized tensor is longer for kernels that read whole tiles.
inline size_t row_padding(const phantom & p, const ggml_tensor * t) {
    const int64_t n = p.is.row_padding;
    if (n == 0 || !ggml_is_quantized(t->type) || t->ne[0] % n == 0) {
        return 0;
    }
    return ggml_row_size(t->type, n - t->ne[0] % n);
}

// Whether a source lies in the memory of another device of the same backend.
inline bool is_elsewhere(const phantom & p, const ggml_tensor * op) {
    for (const ggml_tensor * src : op->src) {
        const phantom * q = src && src->buffer ? phantom_of(src->buffer->buft) : nullptr;
        if (q && q != &p && q->rules == p.rules) {
            return true;
        }
    }
    return false;
}

// Rows that an operation computes at once: weights are worth a copy for 32 of them
// (get_op_batch_size and GGML_OP_OFFLOAD_MIN_BATCH of ggml-cuda, ggml-vulkan, ggml-metal@v0.5.0).
inline bool is_worth_a_copy(const ggml_tensor * op) {
    constexpr int64_t least = 32;
    switch (op->op) {
        case GGML_OP_GET_ROWS: return false;
        case GGML_OP_MUL_MAT: return op->ne[1] >= least;
        case GGML_OP_MUL_MAT_ID: case GGML_OP_ROPE: case GGML_OP_ROPE_BACK: return op->ne[2] >= least;
        default: return ggml_nrows(op) >= least;
    }
}

} // namespace llm
