// What the Vulkan backend asks of memory, and which operations it has, as far as the engine's
// planner needs to know: re-expressed from ggml_backend_vk_device_supports_op,
// ggml-vulkan.cpp@v0.5.0, for a card of this decade, which has all that the backend asks for:
// shuffles, votes and arithmetic in subgroups, 16-bit floats, Vulkan's memory model, and the
// shared memory for a choice among experts.
#include "phantom_vulkan_order.h"
#include "phantom_tensor.h"

namespace llm {

namespace {

bool is_half_or_single(ggml_type t) { return t == GGML_TYPE_F32 || t == GGML_TYPE_F16; }

// Types that a cache can have, from and to which rows are copied.
bool is_row_type(ggml_type t) {
    return is_float(t) || t == GGML_TYPE_Q1_0 || t == GGML_TYPE_Q2_0 || t == GGML_TYPE_Q4_0 || t == GGML_TYPE_Q4_1 || t == GGML_TYPE_Q5_0 ||
           t == GGML_TYPE_Q5_1 || t == GGML_TYPE_Q8_0 || t == GGML_TYPE_IQ4_NL;
}

bool is_weight_type(ggml_type t) {
    if (is_row_type(t)) {
        return true;
    }
    switch (t) {
        case GGML_TYPE_Q2_K: case GGML_TYPE_Q3_K: case GGML_TYPE_Q4_K: case GGML_TYPE_Q5_K: case GGML_TYPE_Q6_K: case GGML_TYPE_IQ1_S:
        case GGML_TYPE_IQ1_M: case GGML_TYPE_IQ2_XXS: case GGML_TYPE_IQ2_XS: case GGML_TYPE_IQ2_S: case GGML_TYPE_IQ3_XXS:
        case GGML_TYPE_IQ3_S: case GGML_TYPE_IQ4_XS: case GGML_TYPE_MXFP4: case GGML_TYPE_NVFP4: case GGML_TYPE_TQ1_0: case GGML_TYPE_TQ2_0:
            return true;
        default:
            return false;
    }
}

bool supports_unary(const ggml_tensor * op) {
    const ggml_tensor * a = op->src[0];
    switch (ggml_get_unary_op(op)) {
        case GGML_UNARY_OP_EXP: case GGML_UNARY_OP_EXPM1: case GGML_UNARY_OP_ELU: case GGML_UNARY_OP_GELU: case GGML_UNARY_OP_GELU_ERF:
        case GGML_UNARY_OP_GELU_QUICK: case GGML_UNARY_OP_SILU: case GGML_UNARY_OP_RELU: case GGML_UNARY_OP_XIELU: case GGML_UNARY_OP_NEG:
        case GGML_UNARY_OP_TANH: case GGML_UNARY_OP_SIGMOID: case GGML_UNARY_OP_HARDSIGMOID: case GGML_UNARY_OP_HARDSWISH:
        case GGML_UNARY_OP_ABS: case GGML_UNARY_OP_SOFTPLUS: case GGML_UNARY_OP_STEP: case GGML_UNARY_OP_ROUND: case GGML_UNARY_OP_CEIL:
        case GGML_UNARY_OP_FLOOR: case GGML_UNARY_OP_TRUNC: case GGML_UNARY_OP_SGN:
            return is_half_or_single(a->type) && a->type == op->type;
        default:
            return false;
    }
}

bool supports_glu(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    switch (ggml_get_glu_op(op)) {
        case GGML_GLU_OP_GEGLU: case GGML_GLU_OP_REGLU: case GGML_GLU_OP_SWIGLU: case GGML_GLU_OP_SWIGLU_OAI: case GGML_GLU_OP_GEGLU_ERF:
        case GGML_GLU_OP_GEGLU_QUICK: case GGML_GLU_OP_SWIGLU_CLAMP:
            return is_half_or_single(a->type) && a->type == op->type && (!b || b->type == a->type);
        default:
            return false;
    }
}

// Matrices without gaps (ggml_vk_dim01_contiguous).
bool is_dense(const ggml_tensor * t) {
    return t->nb[0] == ggml_type_size(t->type) && t->nb[1] == t->nb[0] * t->ne[0] / ggml_blck_size(t->type) &&
           (t->ne[3] == 1 || t->nb[3] == t->nb[2] * t->ne[2]);
}

bool supports_mul_mat(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    const bool         chosen = op->op == GGML_OP_MUL_MAT_ID;
    if (!is_weight_type(a->type) || (chosen && ggml_get_op_params_i32(op, 3) == GGML_PREC_F32)) {
        return false;
    }
    return (chosen ? op->src[2] : a)->ne[3] == b->ne[3] && (is_dense(a) || is_float(a->type)) && (is_dense(b) || is_half_or_single(b->type)) &&
           !(a->type == GGML_TYPE_BF16 && b->type == GGML_TYPE_F16);
}

bool is_kv_type(ggml_type t) { return is_row_type(t) && t != GGML_TYPE_Q1_0 && t != GGML_TYPE_Q2_0; }

bool supports_flash_attention(const ggml_tensor * op) {
    const ggml_tensor *q = op->src[0], *k = op->src[1], *v = op->src[2], *mask = op->src[3], *sinks = op->src[4];
    return k->ne[0] % 8 == 0 && v->ne[0] % 8 == 0 && (!sinks || sinks->type == GGML_TYPE_F32) && q->type == GGML_TYPE_F32 &&
           op->type == GGML_TYPE_F32 && (!mask || mask->type == GGML_TYPE_F16) && is_kv_type(k->type) && is_kv_type(v->type) &&
           (k->type == GGML_TYPE_BF16) == (v->type == GGML_TYPE_BF16);
}

bool supports_copy(const ggml_tensor * op) {
    const ggml_type from = op->src[0]->type, to = op->src[1] ? op->src[1]->type : from;
    if ((from == GGML_TYPE_F32 && (is_row_type(to) || to == GGML_TYPE_I32)) || (to == GGML_TYPE_F32 && (is_row_type(from) || from == GGML_TYPE_I32))) {
        return true;
    }
    return from == to && (!ggml_is_quantized(from) || (ggml_is_contiguous(op->src[0]) && ggml_is_contiguous(op))) && ggml_type_size(from) % 2 == 0;
}

bool supports_concat(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    return a->type == b->type && a->type == op->type &&
           (!ggml_is_quantized(a->type) || (ggml_is_contiguous_rows(a) && ggml_is_contiguous_rows(b) && ggml_is_contiguous_rows(op)));
}

bool supports_indexer(const phantom & p, const ggml_tensor * op) {
    if (!is_kv_type(op->src[1]->type) || op->src[0]->ne[0] != 128) {
        return false;
    }
    for (const ggml_tensor * t : { (const ggml_tensor *) op->src[0], (const ggml_tensor *) op->src[1], (const ggml_tensor *) op->src[2],
                                   (const ggml_tensor *) op->src[3], op }) {
        const size_t size = ggml_type_size(t->type);
        if (t->nb[0] != size || t->view_offs % p.is.alignment != 0 || t->nb[1] % size != 0 || t->nb[2] % size != 0 || t->nb[3] % size != 0) {
            return false;
        }
    }
    return true;
}

bool supports_delta_net(const ggml_tensor * op) {
    const int64_t size = op->src[2]->ne[0];
    for (int i = 0; i < 6; i++) {
        if (!op->src[i] || op->src[i]->type != GGML_TYPE_F32) {
            return false;
        }
    }
    return op->type == GGML_TYPE_F32 && (size == 16 || size == 32 || size == 64 || size == 128);
}

// Mamba-2 alone.
bool supports_scan(const ggml_tensor * op) {
    for (int i = 0; i < 6; i++) {
        if (op->src[i] && ggml_is_quantized(op->src[i]->type)) {
            return false;
        }
    }
    const ggml_tensor * state = op->src[0];
    return (!op->src[6] || op->src[6]->type == GGML_TYPE_I32) && state->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32 && op->src[3] &&
           op->src[3]->nb[1] == sizeof(float) && (state->ne[0] == 128 || state->ne[0] == 256) && state->ne[1] % 16 == 0;
}

// Mixing of streams is written for four of them.
bool supports_streams(const ggml_tensor * op) {
    for (const ggml_tensor * src : op->src) {
        if (src && src->type != GGML_TYPE_F32) {
            return false;
        }
    }
    return op->type == GGML_TYPE_F32 && (op->op != GGML_OP_DSV4_HC_PRE || op->src[0]->ne[1] == 4) &&
           (op->op != GGML_OP_DSV4_HC_POST || op->src[1]->ne[1] == 4);
}

bool supports_op(const phantom & p, const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    switch (op->op) {
        case GGML_OP_UNARY: return supports_unary(op);
        case GGML_OP_GLU: return supports_glu(op);
        case GGML_OP_MUL_MAT: case GGML_OP_MUL_MAT_ID: return supports_mul_mat(op);
        case GGML_OP_FLASH_ATTN_EXT: return supports_flash_attention(op);
        case GGML_OP_CONT: case GGML_OP_CPY: case GGML_OP_DUP: return supports_copy(op);
        case GGML_OP_CONCAT: return supports_concat(op);
        case GGML_OP_LIGHTNING_INDEXER: return supports_indexer(p, op);
        case GGML_OP_GATED_DELTA_NET: return supports_delta_net(op);
        case GGML_OP_SSM_SCAN: return supports_scan(op);
        case GGML_OP_DSV4_HC_COMB: case GGML_OP_DSV4_HC_PRE: case GGML_OP_DSV4_HC_POST: return supports_streams(op);

        case GGML_OP_GET_ROWS: return is_weight_type(a->type) || a->type == GGML_TYPE_I32;
        case GGML_OP_SET_ROWS:
            return is_half_or_single(a->type) && (b->type == GGML_TYPE_I32 || b->type == GGML_TYPE_I64) && is_row_type(op->type);
        case GGML_OP_REPEAT: {
            const size_t size = ggml_type_size(op->type);
            return size == ggml_type_size(a->type) && (size == 4 || size == 2);
        }
        case GGML_OP_ROPE: return ggml_is_contiguous_rows(op) && ggml_is_contiguous_rows(a);
        case GGML_OP_NORM: case GGML_OP_L2_NORM: return a->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32;
        case GGML_OP_ADD: case GGML_OP_SUB: case GGML_OP_MUL: case GGML_OP_DIV:
            return is_half_or_single(a->type) && is_half_or_single(b->type) && is_half_or_single(op->type);
        case GGML_OP_ADD_ID:
            return a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32 && op->src[2]->type == GGML_TYPE_I32 && op->type == GGML_TYPE_F32;
        case GGML_OP_SQR: case GGML_OP_SQRT: case GGML_OP_SIN: case GGML_OP_COS: case GGML_OP_CLAMP: case GGML_OP_LEAKY_RELU: case GGML_OP_LOG:
        case GGML_OP_TRI: case GGML_OP_DIAG:
            return is_half_or_single(a->type) && op->type == a->type;
        case GGML_OP_OUT_PROD:
            return ggml_is_contiguous(a) && a->type == GGML_TYPE_F32 && ggml_is_contiguous(b) && b->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32;
        case GGML_OP_ARGSORT: case GGML_OP_TOP_K: return ggml_is_contiguous(op) && ggml_is_contiguous(a);
        case GGML_OP_ACC: return a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32;
        case GGML_OP_SET: return a->type == b->type && a->type == op->type && (a->type == GGML_TYPE_F32 || a->type == GGML_TYPE_I32);
        case GGML_OP_ADD1: return (a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32) || (a->type == GGML_TYPE_F16 && is_half_or_single(b->type));
        case GGML_OP_ARANGE: return op->type == GGML_TYPE_F32;
        case GGML_OP_FILL: return is_half_or_single(op->type);
        case GGML_OP_SCALE: case GGML_OP_DIAG_MASK_INF: case GGML_OP_ARGMAX: case GGML_OP_POOL_1D: case GGML_OP_POOL_2D:
            return ggml_is_contiguous(a) && a->type == GGML_TYPE_F32;
        case GGML_OP_PAD: case GGML_OP_PAD_REFLECT_1D: case GGML_OP_ROLL: case GGML_OP_SSM_CONV: case GGML_OP_TIMESTEP_EMBEDDING:
            return a->type == GGML_TYPE_F32;
        case GGML_OP_SOFT_MAX: return ggml_is_contiguous(a) && a->type == GGML_TYPE_F32 && (!b || is_half_or_single(b->type));
        case GGML_OP_SUM: case GGML_OP_SUM_ROWS: case GGML_OP_MEAN: case GGML_OP_CUMSUM: return a->type == GGML_TYPE_F32 && ggml_is_contiguous_rows(a);
        case GGML_OP_SOLVE_TRI: return op->type == GGML_TYPE_F32 && a->type == GGML_TYPE_F32 && b->ne[0] <= 1024;
        case GGML_OP_IM2COL: return ggml_is_contiguous(b) && b->type == GGML_TYPE_F32 && is_half_or_single(op->type);
        case GGML_OP_CONV_2D_DW: return is_half_or_single(a->type) && b->type == GGML_TYPE_F32;
        case GGML_OP_CONV_TRANSPOSE_1D: return a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32;
        case GGML_OP_GROUP_NORM: return ggml_is_contiguous(a);
        case GGML_OP_GATED_LINEAR_ATTN: return a->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32 && a->ne[0] == 64;

        case GGML_OP_NONE: case GGML_OP_RESHAPE: case GGML_OP_VIEW: case GGML_OP_PERMUTE: case GGML_OP_TRANSPOSE: case GGML_OP_ROPE_BACK: case GGML_OP_RMS_NORM:
        case GGML_OP_RWKV_WKV6: case GGML_OP_RWKV_WKV7:
            return true;
        default: // none that models for text compute (training, images)
            return false;
    }
}

size_t alloc_size(const phantom & p, const ggml_tensor * t) { return ggml_nbytes(t) + row_padding(p, t); }

} // namespace

const backend_rules vulkan_rules = { "vulkan", "Vulkan_Host", 32, true, false, supports_op, alloc_size, is_worth_a_copy, order_for_vulkan };

} // namespace llm
