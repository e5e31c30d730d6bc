// What the Metal backend asks of memory, and which operations it has, as far as the engine's
// planner needs to know: re-expressed from ggml-metal@v0.5.0 (ggml-metal.cpp,
// ggml-metal-device.m, ggml-metal-ops.cpp) for Apple's own processors, which have all that the
// backend asks for: reductions and matrices in SIMD groups, bfloat16, memory shared with the
// host.
#include "phantom_metal_order.h"
#include "phantom_tensor.h"

#include <algorithm>

namespace llm {

namespace {

bool is_half_or_single(ggml_type t) { return t == GGML_TYPE_F32 || t == GGML_TYPE_F16; }

bool is_plain_quant(ggml_type t) {
    return t == GGML_TYPE_Q4_0 || t == GGML_TYPE_Q4_1 || t == GGML_TYPE_Q5_0 || t == GGML_TYPE_Q5_1 || t == GGML_TYPE_Q8_0;
}

bool is_kv_type(ggml_type t) { return is_float(t) || is_plain_quant(t); }

// ---- scratch memory behind results (ggml_metal_op_*_extra_*, ggml-metal-ops.cpp@v0.5.0) ----

constexpr int64_t tile_keys = 64, vector_keys = 32, tile_queries = 8; // OP_FLASH_ATTN_EXT_*, ggml-metal-impl.h@v0.5.0

bool has_sparse_kernel(int64_t k, int64_t v) {
    switch (k) {
        case 32: case 64: case 128: case 256: case 512: return v == k;
        case 96: return v == 96 || v == 64;
        case 192: return v == 128 || v == 192;
        case 320: return v == 256;
        case 576: return v == 512;
        default:  return false;
    }
}

// Lists of the keys that a query sees.
size_t index_size(const ggml_tensor * op) {
    const ggml_tensor *k = op->src[1], *v = op->src[2], *mask = op->src[3];
    const int64_t      n = ggml_get_op_params_i32(op, 4);
    if (n <= 0 || n > 4096 || !mask || !has_sparse_kernel(k->ne[0], v->ne[0]) || !is_kv_type(k->type)) {
        return 0;
    }
    return GGML_PAD(sizeof(int32_t) * GGML_PAD(n, vector_keys) * ggml_nrows(mask), 16);
}

size_t flash_attention_scratch(const ggml_tensor * op) {
    const ggml_tensor *q = op->src[0], *k = op->src[1], *v = op->src[2], *mask = op->src[3];

    const bool copied = q->ne[1] >= 32 && is_plain_quant(k->type); // K and V are computed with as f16
    const bool same   = v->view_src && (v->view_src == k || (v->view_src == k->view_src && v->view_offs == k->view_offs));

    // The last keys, padded to a tile.
    const size_t row_k = copied ? sizeof(ggml_fp16_t) * k->ne[0] : k->nb[1];
    const size_t row_v = copied ? sizeof(ggml_fp16_t) * (same ? k->ne[0] : v->ne[0]) : v->nb[1];
    size_t       size  = tile_keys * (row_k * k->ne[2] * k->ne[3] + row_v * v->ne[2] * v->ne[3] + (mask ? sizeof(ggml_fp16_t) * ggml_nrows(mask) : 0));

    // Which tiles the mask hides.
    if (mask) {
        const bool    vector  = q->ne[1] < 20 && q->ne[0] % 32 == 0;
        const int64_t queries = vector ? 1 : tile_queries, keys = vector ? vector_keys : tile_keys;
        size += GGML_PAD((mask->ne[0] + keys - 1) / keys * ((q->ne[1] + queries - 1) / queries) * mask->ne[2] * mask->ne[3], 32);
    }

    // Results of 32 groups, with a sum and a maximum each; then f16 copies of K and V, for
    // which there is room whether they are made or not.
    size += sizeof(float) * std::min<int64_t>(q->ne[1], 32) * q->ne[2] * q->ne[3] * 32 * (v->ne[0] + 2);
    size += GGML_PAD(sizeof(ggml_fp16_t) * ggml_nelements(k), 16);
    if (!same) {
        size += GGML_PAD(sizeof(ggml_fp16_t) * ggml_nelements(v), 16);
    }
    return size + index_size(op);
}

// Tokens of each expert, and scales.
size_t experts_scratch(const ggml_tensor * op) {
    constexpr size_t n_parts = 256; // N_MM_NPART_AMAX
    return sizeof(int32_t) * op->src[0]->ne[2] * (1 + op->src[2]->ne[1]) + 8 + n_parts * sizeof(float);
}

// ggml_backend_metal_buffer_type_get_alloc_size
size_t alloc_size(const phantom & p, const ggml_tensor * t) {
    const size_t size = ggml_nbytes(t) + row_padding(p, t);
    switch (t->op) {
        case GGML_OP_MUL_MAT_ID: return size + experts_scratch(t);
        case GGML_OP_FLASH_ATTN_EXT: return size + flash_attention_scratch(t);
        case GGML_OP_CUMSUM: case GGML_OP_ARGSORT: return 2 * size;
        case GGML_OP_TOP_K: return 2 * sizeof(int32_t) * ggml_nelements(t->src[0]);
        default: return size;
    }
}

// ---- operations (ggml_metal_device_supports_op, ggml-metal-device.m@v0.5.0) ------------

bool supports_unary(const ggml_tensor * op) {
    switch (ggml_get_unary_op(op)) {
        case GGML_UNARY_OP_TANH: case GGML_UNARY_OP_RELU: case GGML_UNARY_OP_SIGMOID: case GGML_UNARY_OP_GELU: case GGML_UNARY_OP_GELU_ERF:
        case GGML_UNARY_OP_GELU_QUICK: case GGML_UNARY_OP_SILU: case GGML_UNARY_OP_ELU: case GGML_UNARY_OP_NEG: case GGML_UNARY_OP_ABS:
        case GGML_UNARY_OP_SGN: case GGML_UNARY_OP_STEP: case GGML_UNARY_OP_HARDSWISH: case GGML_UNARY_OP_HARDSIGMOID: case GGML_UNARY_OP_EXP:
        case GGML_UNARY_OP_SOFTPLUS: case GGML_UNARY_OP_EXPM1: case GGML_UNARY_OP_FLOOR: case GGML_UNARY_OP_CEIL: case GGML_UNARY_OP_ROUND:
        case GGML_UNARY_OP_TRUNC: case GGML_UNARY_OP_XIELU:
            return ggml_is_contiguous_rows(op->src[0]) && is_half_or_single(op->src[0]->type);
        default:
            return false;
    }
}

bool supports_glu(const ggml_tensor * op) {
    switch (ggml_get_glu_op(op)) {
        case GGML_GLU_OP_REGLU: case GGML_GLU_OP_GEGLU: case GGML_GLU_OP_SWIGLU: case GGML_GLU_OP_SWIGLU_OAI: case GGML_GLU_OP_GEGLU_ERF:
        case GGML_GLU_OP_GEGLU_QUICK: case GGML_GLU_OP_SWIGLU_CLAMP:
            return ggml_is_contiguous_1(op->src[0]) && is_half_or_single(op->src[0]->type);
        default:
            return false;
    }
}

// A product with a Hadamard matrix has a kernel of its own
// (ggml_metal_op_mul_mat_use_fwht, ggml-metal-common.cpp@v0.5.0).
bool is_hadamard(const ggml_tensor * op) {
    const ggml_tensor * b = op->src[1];
    const int64_t       n = b->ne[0];
    return ggml_get_op_params_i32(op, 1) == GGML_HINT_SRC0_IS_HADAMARD && op->type == GGML_TYPE_F32 && is_half_or_single(b->type) &&
           ggml_is_contiguous(b) && ggml_is_contiguous(op) && ggml_are_same_shape(b, op) && (n == 64 || n == 128 || n == 256 || n == 512);
}

bool supports_mul_mat(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    const bool         chosen = op->op == GGML_OP_MUL_MAT_ID;
    if (!chosen && a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F16 && is_hadamard(op)) {
        return true;
    }
    if (a->type == GGML_TYPE_NVFP4 || a->type == GGML_TYPE_TQ1_0) {
        return false;
    }
    if (b->type != GGML_TYPE_F16) {
        return true;
    }
    const bool matrices = a->ne[0] >= 64 && (chosen ? op->src[2]->ne[1] >= 32 : b->ne[1] > 8 && !ggml_is_transposed(a) && !ggml_is_transposed(b));
    return a->type != GGML_TYPE_BF16 && ((!chosen && a->type == GGML_TYPE_F16) || matrices);
}

bool supports_flash_attention(const ggml_tensor * op) {
    const ggml_tensor *k = op->src[1], *v = op->src[2];
    switch (op->src[0]->ne[0]) {
        case 32: case 40: case 48: case 64: case 72: case 80: case 96: case 112: case 128: case 192: case 256: case 320: case 512: case 576: break;
        default: return false;
    }
    return !(k->ne[0] == 72 && v->ne[0] != 72) && k->ne[0] >= v->ne[0] && k->type == v->type && is_kv_type(k->type);
}

bool supports_copy(const ggml_tensor * op) {
    const ggml_type from = op->src[0]->type, to = op->type;
    switch (from) {
        case GGML_TYPE_F32:
            return is_float(to) || is_plain_quant(to) || to == GGML_TYPE_Q1_0 || to == GGML_TYPE_Q2_0 || to == GGML_TYPE_IQ4_NL ||
                   to == GGML_TYPE_TQ2_0 || to == GGML_TYPE_I32;
        case GGML_TYPE_BF16: return to == GGML_TYPE_F32 || to == GGML_TYPE_BF16;
        case GGML_TYPE_I32: return to == GGML_TYPE_F32 || to == GGML_TYPE_I32;
        case GGML_TYPE_F16: case GGML_TYPE_Q1_0: case GGML_TYPE_Q2_0: case GGML_TYPE_TQ2_0: return is_half_or_single(to);
        default: return is_plain_quant(from) && is_half_or_single(to);
    }
}

bool supports_set_rows(const ggml_tensor * op) {
    const ggml_type from = op->src[0]->type, to = op->type;
    return from == GGML_TYPE_F16 ? to == GGML_TYPE_F16
                                 : from == GGML_TYPE_F32 && (is_kv_type(to) || to == GGML_TYPE_IQ4_NL || to == GGML_TYPE_TQ2_0);
}

bool supports_concat(const ggml_tensor * op) {
    const ggml_type t = op->type;
    return op->src[0]->type == t && op->src[1]->type == t &&
           (is_kv_type(t) || t == GGML_TYPE_I8 || t == GGML_TYPE_I16 || t == GGML_TYPE_I32 || t == GGML_TYPE_I64);
}

bool supports_indexer(const ggml_tensor * op) {
    const ggml_tensor *q = op->src[0], *k = op->src[1], *w = op->src[2], *mask = op->src[3];
    return q->ne[0] == 128 && q->ne[1] == 64 && q->type == GGML_TYPE_F32 && w->type == GGML_TYPE_F32 && mask->type == GGML_TYPE_F16 &&
           op->type == GGML_TYPE_F32 && is_kv_type(k->type) && ggml_is_contiguous_rows(q) && ggml_is_contiguous_rows(k) &&
           ggml_is_contiguous_rows(w) && ggml_is_contiguous_rows(mask);
}

bool supports_streams(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1], *c = op->src[2], *d = op->src[3];
    for (const ggml_tensor * src : op->src) {
        if (src && (src->type != GGML_TYPE_F32 || !ggml_is_contiguous_rows(src))) {
            return false;
        }
    }
    if (op->op == GGML_OP_DSV4_HC_COMB && (a->ne[0] != 24 || b->ne[0] < 3 || c->ne[0] != 24)) {
        return false;
    }
    if (op->op == GGML_OP_DSV4_HC_POST && (b->ne[1] != 4 || c->ne[0] != 4 || (d && (d->ne[0] != 4 || d->ne[1] != 4)))) {
        return false;
    }
    return op->type == GGML_TYPE_F32;
}

bool supports_op(const phantom &, const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    switch (op->op) {
        case GGML_OP_UNARY: return supports_unary(op);
        case GGML_OP_GLU: return supports_glu(op);
        case GGML_OP_MUL_MAT: case GGML_OP_MUL_MAT_ID: return supports_mul_mat(op);
        case GGML_OP_FLASH_ATTN_EXT: return supports_flash_attention(op);
        case GGML_OP_SET: case GGML_OP_CPY: case GGML_OP_DUP: case GGML_OP_CONT: return supports_copy(op);
        case GGML_OP_SET_ROWS: return supports_set_rows(op);
        case GGML_OP_CONCAT: return supports_concat(op);
        case GGML_OP_LIGHTNING_INDEXER: return supports_indexer(op);
        case GGML_OP_DSV4_HC_COMB: case GGML_OP_DSV4_HC_PRE: case GGML_OP_DSV4_HC_POST: return supports_streams(op);

        case GGML_OP_SCALE: case GGML_OP_FILL: case GGML_OP_CLAMP: case GGML_OP_SQR: case GGML_OP_SQRT: case GGML_OP_SIN: case GGML_OP_COS:
        case GGML_OP_LOG:
            return ggml_is_contiguous_rows(a) && is_half_or_single(a->type);
        case GGML_OP_ADD: case GGML_OP_SUB: case GGML_OP_MUL: case GGML_OP_DIV: case GGML_OP_ADD_ID:
            return ggml_is_contiguous_rows(a) && ggml_is_contiguous_rows(b) && is_half_or_single(a->type) && a->type == b->type;
        case GGML_OP_ACC: return ggml_is_contiguous_rows(a) && ggml_is_contiguous_rows(b) && a->type == GGML_TYPE_F32;
        case GGML_OP_SUM: case GGML_OP_ROLL: return ggml_is_contiguous(a);
        case GGML_OP_TRI: case GGML_OP_SUM_ROWS: case GGML_OP_CUMSUM: case GGML_OP_MEAN: case GGML_OP_SOFT_MAX: case GGML_OP_GROUP_NORM:
        case GGML_OP_L2_NORM: case GGML_OP_NORM: case GGML_OP_RMS_NORM:
            return ggml_is_contiguous_rows(a);
        case GGML_OP_IM2COL: return ggml_is_contiguous(b) && b->type == GGML_TYPE_F32 && is_half_or_single(op->type);
        case GGML_OP_CONV_2D_DW: return b->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32 && is_half_or_single(a->type);
        case GGML_OP_POOL_1D: return ggml_is_contiguous(a) && a->type == GGML_TYPE_F32;
        case GGML_OP_PAD:
            for (int i : { 0, 2, 4, 6, 8 }) { // in front of the data, and in a circle
                if (ggml_get_op_params_i32(op, i) != 0) {
                    return false;
                }
            }
            return true;
        case GGML_OP_POOL_2D: case GGML_OP_PAD_REFLECT_1D: case GGML_OP_TIMESTEP_EMBEDDING: case GGML_OP_SOLVE_TRI: return a->type == GGML_TYPE_F32;
        case GGML_OP_LEAKY_RELU: return is_half_or_single(a->type);
        case GGML_OP_GATED_DELTA_NET: return op->src[2]->ne[0] % 32 == 0;
        case GGML_OP_GET_ROWS: return a->type != GGML_TYPE_NVFP4 && a->type != GGML_TYPE_TQ1_0;

        case GGML_OP_NONE: case GGML_OP_RESHAPE: case GGML_OP_VIEW: case GGML_OP_TRANSPOSE: case GGML_OP_PERMUTE: case GGML_OP_REPEAT:
        case GGML_OP_CONV_TRANSPOSE_1D: case GGML_OP_ARGMAX: case GGML_OP_ROPE: case GGML_OP_ROPE_BACK: case GGML_OP_ARGSORT: case GGML_OP_TOP_K: case GGML_OP_ARANGE:
        case GGML_OP_SSM_SCAN: case GGML_OP_SSM_CONV: case GGML_OP_RWKV_WKV6: case GGML_OP_RWKV_WKV7: case GGML_OP_DIAG:
            return true;
        default: // none that models for text compute (training, images)
            return false;
    }
}

// Products alone (ggml_backend_metal_device_offload_op, ggml-metal.cpp@v0.5.0).
bool offloads(const ggml_tensor * op) { return (op->op == GGML_OP_MUL_MAT || op->op == GGML_OP_MUL_MAT_ID) && is_worth_a_copy(op); }

} // namespace

const backend_rules metal_rules = { "metal", nullptr, 0, false, false, supports_op, alloc_size, offloads, order_for_metal };

} // namespace llm
