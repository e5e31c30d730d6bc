// What the CUDA backend asks of memory, and which operations it has, as far as the engine's
// planner needs to know: re-expressed from ggml-cuda@v0.5.0, built with its default options
// and a CUDA toolkit that has CUB, for the architecture of the card itself.
#include "phantom_cuda_fusion.h"
#include "phantom_tensor.h"

#include <algorithm>
#include <cstring>

namespace llm {

namespace {

// An unknown card is taken for a new one.
int architecture(const phantom & p) { return p.is.compute_capability ? p.is.compute_capability * 10 : 1200; }

constexpr int volta = 700, turing = 750, ada = 890; // common.cuh@v0.5.0

// ---- flash attention (fattn.cu@v0.5.0) -----------------------------------------------

enum class kernel { none, tile, vec, mma };

bool is_kv_type(ggml_type t) {
    switch (t) {
        case GGML_TYPE_F32: case GGML_TYPE_F16: case GGML_TYPE_BF16:
        case GGML_TYPE_Q4_0: case GGML_TYPE_Q4_1: case GGML_TYPE_Q5_0: case GGML_TYPE_Q5_1: case GGML_TYPE_Q8_0:
            return true;
        default:
            return false;
    }
}

// Queries that share a head of K work together only on plain masks, padded caches and aligned
// strides.
bool groups_queries(const ggml_tensor * op) {
    const ggml_tensor * k = op->src[1];
    if (op->src[0]->ne[2] / k->ne[2] < 2 || !op->src[3] || op_f32(op, 1) != 0 || k->ne[1] % 256 != 0) {
        return false;
    }
    for (int s = 0; s < 4; s++) {
        for (int i = 1; i < GGML_MAX_DIMS && !ggml_is_quantized(op->src[s]->type); i++) {
            if (op->src[s]->nb[i] % 16 != 0) {
                return false;
            }
        }
    }
    return true;
}

bool has_head_size(int64_t k, int64_t v, int64_t ratio, bool grouped) {
    switch (k) {
        case 40: case 64: case 72: case 80: case 96: case 112: case 128: case 256:
            return v == k;
        case 192: return v == 128 && grouped && ratio % 8 == 0;
        case 320: return v == 256 && grouped && ratio % 32 == 0;
        case 512: return v == 512 && grouped;
        case 576: return v == 512 && grouped;
        default:  return false;
    }
}

// Few selected keys of many are gathered first, on tensor cores only.
bool gathers(const ggml_tensor * op) {
    const ggml_tensor *q = op->src[0], *k = op->src[1], *v = op->src[2], *mask = op->src[3];
    const int64_t n_max = ggml_get_op_params_i32(op, 4);
    const bool    sizes = (k->ne[0] == 512 && v->ne[0] == 512) || (k->ne[0] == 256 && v->ne[0] == 256);
    return sizes && mask && n_max > 0 && op_f32(op, 1) == 0 && op_f32(op, 2) == 0 && mask->ne[0] == k->ne[1] && mask->ne[1] >= q->ne[1] &&
           mask->ne[2] == 1 && k->ne[1] >= std::max<int64_t>(4096, 2 * std::min<int64_t>(q->ne[1], 8) * n_max);
}

kernel turing_kernel(int arch, const ggml_tensor * op, int64_t ratio, bool grouped, bool vectors, bool quantized) {
    const ggml_tensor *q = op->src[0], *k = op->src[1];
    const int64_t      n = q->ne[1];
    if (vectors) {
        const bool gathered = grouped && ratio > 4 && gathers(op);
        if (!quantized && !gathered && arch >= ada && n == 1 && q->ne[3] == 1 && !(ratio > 4 && (q->ne[0] >= 256 || k->ne[1] >= 8192))) {
            return kernel::vec;
        }
        if (quantized && n <= (arch >= ada ? 2 : 1)) {
            return kernel::vec;
        }
        if (!grouped && n == 1) {
            return kernel::vec;
        }
    }
    return kernel::mma;
}

kernel flash_attention(const phantom & p, const ggml_tensor * op) {
    const ggml_tensor *q = op->src[0], *k = op->src[1], *v = op->src[2], *mask = op->src[3];
    if (k->ne[2] == 0 || q->ne[2] % k->ne[2] != 0) {
        return kernel::none; // the engine asserts
    }
    const int     arch    = architecture(p);
    const int64_t ratio   = q->ne[2] / k->ne[2];
    const int64_t size    = q->ne[0];
    const int64_t n       = q->ne[1];
    const bool    grouped = groups_queries(op);
    if (!has_head_size(k->ne[0], v->ne[0], ratio, grouped) || !is_kv_type(k->type) || !is_kv_type(v->type) || (mask && mask->ne[2] != 1)) {
        return kernel::none;
    }
    const bool vectors   = size <= 256 && size % 64 == 0 && size != 192 && k->ne[1] % 256 == 0;
    const bool quantized = ggml_is_quantized(k->type) || ggml_is_quantized(v->type);
    const bool cores     = size != 40 && size != 72;
    if (arch >= turing && cores) {
        return turing_kernel(arch, op, ratio, grouped, vectors, quantized);
    }
    if (arch == volta && cores) {
        const int64_t most   = size == 320 ? 32 : size == 576 || size == 192 ? 16 : 8;
        int64_t       shared = 1;
        while (ratio % (2 * shared) == 0 && shared < most) {
            shared *= 2;
        }
        if (vectors && n * shared <= 2) {
            return kernel::vec;
        }
        return n * shared <= 16 ? kernel::tile : kernel::mma;
    }
    if (vectors && (quantized ? n <= 2 : n == 1 && !grouped)) {
        return kernel::vec;
    }
    return kernel::tile;
}

// The pairs of types that a default build has vector kernels for (GGML_CUDA_FA_QUANTS,
// ggml/CMakeLists.txt@v0.5.0); f32 is converted.
bool has_vectors(ggml_type k, ggml_type v) {
    k = k == GGML_TYPE_F32 ? GGML_TYPE_F16 : k;
    v = v == GGML_TYPE_F32 ? GGML_TYPE_F16 : v;
    return k == v && (k == GGML_TYPE_F16 || k == GGML_TYPE_BF16 || k == GGML_TYPE_Q4_0 || k == GGML_TYPE_Q8_0);
}

// Behind the result there is room for f16 copies of K and V where the kernel wants them
// (ggml_cuda_flash_attn_ext_get_f16_extra_data, fattn-common.cuh@v0.5.0).
size_t flash_attention_size(const phantom & p, const ggml_tensor * op) {
    const ggml_tensor *k = op->src[1], *v = op->src[2];
    bool copy_k = false, copy_v = false;
    switch (flash_attention(p, op)) {
        case kernel::none: break;
        case kernel::tile:
        case kernel::mma: copy_k = copy_v = true; break;
        case kernel::vec:
            copy_k = k->type == GGML_TYPE_F32 || !has_vectors(k->type, v->type);
            copy_v = v->type == GGML_TYPE_F32 || !has_vectors(k->type, v->type);
            break;
    }
    const bool same = v->view_src && (v->view_src == k || (v->view_src == k->view_src && v->view_offs == k->view_offs));
    size_t     size = ggml_nbytes(op);
    if (copy_k && k->type != GGML_TYPE_F16) {
        size = GGML_PAD(size, 128) + ggml_nelements(k) * sizeof(ggml_fp16_t);
    }
    if (copy_v && v->type != GGML_TYPE_F16 && !same) {
        size = GGML_PAD(size, 128) + ggml_nelements(v) * sizeof(ggml_fp16_t);
    }
    return size;
}

// ggml_backend_cuda_buffer_type_get_alloc_size, ggml-cuda.cu@v0.5.0
size_t alloc_size(const phantom & p, const ggml_tensor * t) {
    return (t->op == GGML_OP_FLASH_ATTN_EXT ? flash_attention_size(p, t) : ggml_nbytes(t)) + row_padding(p, t);
}

// ---- operations (ggml_backend_cuda_device_supports_op, ggml-cuda.cu@v0.5.0) ------------

bool supports_unary(const ggml_tensor * op) {
    switch (ggml_get_unary_op(op)) {
        case GGML_UNARY_OP_ABS: case GGML_UNARY_OP_SGN: case GGML_UNARY_OP_NEG: case GGML_UNARY_OP_STEP: case GGML_UNARY_OP_GELU:
        case GGML_UNARY_OP_SILU: case GGML_UNARY_OP_RELU: case GGML_UNARY_OP_SIGMOID: case GGML_UNARY_OP_HARDSIGMOID:
        case GGML_UNARY_OP_HARDSWISH: case GGML_UNARY_OP_GELU_ERF: case GGML_UNARY_OP_GELU_QUICK: case GGML_UNARY_OP_TANH:
        case GGML_UNARY_OP_EXP: case GGML_UNARY_OP_EXPM1: case GGML_UNARY_OP_SOFTPLUS: case GGML_UNARY_OP_ELU: case GGML_UNARY_OP_XIELU:
        case GGML_UNARY_OP_FLOOR: case GGML_UNARY_OP_CEIL: case GGML_UNARY_OP_ROUND: case GGML_UNARY_OP_TRUNC:
            return ggml_is_contiguous(op->src[0]);
        default:
            return false;
    }
}

bool supports_glu(const ggml_tensor * op) {
    switch (ggml_get_glu_op(op)) {
        case GGML_GLU_OP_REGLU: case GGML_GLU_OP_GEGLU: case GGML_GLU_OP_SWIGLU: case GGML_GLU_OP_SWIGLU_OAI: case GGML_GLU_OP_GEGLU_ERF:
        case GGML_GLU_OP_GEGLU_QUICK: case GGML_GLU_OP_SWIGLU_CLAMP:
            return ggml_is_contiguous_1(op->src[0]);
        default:
            return false;
    }
}

// All that weights can be, save the ternary types.
bool is_weight_type(ggml_type t) {
    switch (t) {
        case GGML_TYPE_F32: case GGML_TYPE_F16: case GGML_TYPE_BF16: case GGML_TYPE_Q1_0: case GGML_TYPE_Q2_0: case GGML_TYPE_Q4_0:
        case GGML_TYPE_Q4_1: case GGML_TYPE_Q5_0: case GGML_TYPE_Q5_1: case GGML_TYPE_Q8_0: case GGML_TYPE_MXFP4: case GGML_TYPE_NVFP4:
        case GGML_TYPE_Q2_K: case GGML_TYPE_Q3_K: case GGML_TYPE_Q4_K: case GGML_TYPE_Q5_K: case GGML_TYPE_Q6_K: case GGML_TYPE_Q8_K:
        case GGML_TYPE_IQ1_M: case GGML_TYPE_IQ1_S: case GGML_TYPE_IQ2_S: case GGML_TYPE_IQ2_XS: case GGML_TYPE_IQ2_XXS:
        case GGML_TYPE_IQ3_S: case GGML_TYPE_IQ3_XXS: case GGML_TYPE_IQ4_NL: case GGML_TYPE_IQ4_XS:
            return true;
        default:
            return false;
    }
}

bool supports_mul_mat(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    if (a->nb[0] != ggml_element_size(a) || b->nb[0] != ggml_element_size(b) || (b->type == GGML_TYPE_F16 && a->type != GGML_TYPE_F16)) {
        return false;
    }
    if (op->op == GGML_OP_MUL_MAT_ID && ggml_get_op_params_i32(op, 3) == GGML_PREC_F32) {
        return false;
    }
    return is_weight_type(a->type);
}

bool supports_get_rows(const ggml_tensor * op) {
    const ggml_tensor * a = op->src[0];
    switch (a->type) {
        case GGML_TYPE_I32: return true;
        case GGML_TYPE_IQ4_NL: case GGML_TYPE_MXFP4: return a->ne[0] % 256 == 0;
        case GGML_TYPE_NVFP4: case GGML_TYPE_Q8_K: return false;
        default: return is_weight_type(a->type);
    }
}

// Types that rows of a cache are written in, from f32.
bool is_row_type(ggml_type t) {
    return is_float(t) || t == GGML_TYPE_Q4_0 || t == GGML_TYPE_Q4_1 || t == GGML_TYPE_Q5_0 || t == GGML_TYPE_Q5_1 || t == GGML_TYPE_Q8_0 ||
           t == GGML_TYPE_IQ4_NL;
}

bool supports_cpy(const ggml_tensor * op) {
    const ggml_type from = op->src[0]->type, to = op->src[1]->type;
    if (is_float(from) && is_float(to)) {
        return true;
    }
    if ((from == GGML_TYPE_F32 && (is_row_type(to) || to == GGML_TYPE_I32)) || (from == GGML_TYPE_I32 && (to == GGML_TYPE_F32 || to == GGML_TYPE_I32))) {
        return true;
    }
    if (to == GGML_TYPE_F32 && is_row_type(from) && from != GGML_TYPE_IQ4_NL) {
        return true;
    }
    return from == to && ggml_is_contiguous(op->src[0]) && ggml_is_contiguous(op->src[1]);
}

bool supports_concat(const ggml_tensor * op) {
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    if (a->type != b->type || a->type != op->type) {
        return false;
    }
    if (!ggml_is_quantized(a->type)) {
        return true;
    }
    const bool whole = ggml_get_op_params_i32(op, 0) == 3 ? ggml_is_contiguous(a) && ggml_is_contiguous(b)
                                                          : ggml_is_contiguous_to_3(a) && ggml_is_contiguous_to_3(b);
    return whole && a->ne[0] % ggml_blck_size(a->type) == 0 && b->ne[0] % ggml_blck_size(b->type) == 0;
}

bool supports_scan(const ggml_tensor * op) {
    const ggml_tensor * state = op->src[0];
    if (op->src[3]->ne[0] == 1) { // Mamba-2
        return (state->ne[0] == 128 || state->ne[0] == 256) && state->ne[1] % 16 == 0;
    }
    return ggml_get_op_params_i32(op, 0) <= 1 && state->ne[0] == 16 && state->ne[1] == 1 && state->ne[2] % 128 == 0 && op->src[4]->ne[1] == 1;
}

// ggml_cuda_lightning_indexer_supported, lightning-indexer.cu@v0.5.0
bool supports_indexer(const ggml_tensor * op) {
    const ggml_tensor *q = op->src[0], *k = op->src[1];
    if (q->ne[0] != 128 || (q->ne[1] != 64 && q->ne[1] != 32)) {
        return false;
    }
    for (const ggml_tensor * t : { q, k }) {
        for (int i = 1; i < GGML_MAX_DIMS && !ggml_is_quantized(t->type); i++) {
            if (t->nb[i] % 16 != 0) {
                return false;
            }
        }
    }
    return is_kv_type(k->type);
}

bool supports_op(const phantom & p, const ggml_tensor * op) {
    if (is_elsewhere(p, op)) {
        return false;
    }
    const ggml_tensor *a = op->src[0], *b = op->src[1];
    switch (op->op) {
        case GGML_OP_UNARY: return supports_unary(op);
        case GGML_OP_GLU: return supports_glu(op);
        case GGML_OP_MUL_MAT: case GGML_OP_MUL_MAT_ID: return supports_mul_mat(op);
        case GGML_OP_GET_ROWS: return supports_get_rows(op);
        case GGML_OP_CPY: return supports_cpy(op);
        case GGML_OP_CONCAT: return supports_concat(op);
        case GGML_OP_SSM_SCAN: return supports_scan(op);
        case GGML_OP_FLASH_ATTN_EXT: return flash_attention(p, op) != kernel::none;
        case GGML_OP_LIGHTNING_INDEXER: return supports_indexer(op);

        case GGML_OP_OUT_PROD: return op->type == GGML_TYPE_F32 && a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32;
        case GGML_OP_SET_ROWS:
            return ((a->type == GGML_TYPE_F32 && is_row_type(op->type)) || (a->type == GGML_TYPE_F16 && op->type == GGML_TYPE_F16)) &&
                   (b->type == GGML_TYPE_I64 || b->type == GGML_TYPE_I32);
        case GGML_OP_SET: return (op->type == GGML_TYPE_F32 || op->type == GGML_TYPE_I32) && op->type == a->type && op->type == b->type;
        case GGML_OP_REPEAT: return a->type == GGML_TYPE_F32 || a->type == GGML_TYPE_F16;
        case GGML_OP_NORM: case GGML_OP_RMS_NORM: case GGML_OP_L2_NORM: case GGML_OP_SUM: return ggml_is_contiguous_rows(a);
        case GGML_OP_ADD: case GGML_OP_SUB: case GGML_OP_MUL: case GGML_OP_DIV:
            return (a->type == GGML_TYPE_F32 || a->type == GGML_TYPE_F16) && (b->type == GGML_TYPE_F32 || b->type == GGML_TYPE_F16) &&
                   (op->type == GGML_TYPE_F32 || op->type == GGML_TYPE_F16);
        case GGML_OP_SSM_CONV: return a->ne[1] % 128 == 0;
        case GGML_OP_ROPE: case GGML_OP_ROPE_BACK: return a->nb[0] == ggml_type_size(a->type) && ggml_is_contiguous_2(a);
        case GGML_OP_ROLL: return a->type == GGML_TYPE_F32 && ggml_is_contiguous(a);
        case GGML_OP_IM2COL: case GGML_OP_CONV_2D: case GGML_OP_ACC: return ggml_is_contiguous(a) && ggml_is_contiguous(b);
        case GGML_OP_CONV_2D_DW: return a->type == GGML_TYPE_F32;
        case GGML_OP_CONV_TRANSPOSE_1D: return a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32;
        case GGML_OP_SUM_ROWS: case GGML_OP_MEAN: return a->type == GGML_TYPE_F32 && op->type == GGML_TYPE_F32 && ggml_is_contiguous_rows(a);
        case GGML_OP_GROUP_NORM: return ggml_is_contiguous(a);
        case GGML_OP_DSV4_HC_COMB: case GGML_OP_DSV4_HC_PRE: case GGML_OP_DSV4_HC_POST:
            for (const ggml_tensor * src : op->src) {
                if (src && src->type != GGML_TYPE_F32) {
                    return false;
                }
            }
            return op->type == GGML_TYPE_F32;

        case GGML_OP_NONE: case GGML_OP_RESHAPE: case GGML_OP_VIEW: case GGML_OP_PERMUTE: case GGML_OP_TRANSPOSE: case GGML_OP_DUP:
        case GGML_OP_CONT: case GGML_OP_ARGMAX: case GGML_OP_COUNT_EQUAL: case GGML_OP_ADD_ID: case GGML_OP_ADD1: case GGML_OP_SCALE:
        case GGML_OP_SQR: case GGML_OP_SQRT: case GGML_OP_SIN: case GGML_OP_COS: case GGML_OP_CLAMP: case GGML_OP_LOG:
        case GGML_OP_DIAG_MASK_INF: case GGML_OP_SOFT_MAX: case GGML_OP_CONV_TRANSPOSE_2D: case GGML_OP_POOL_1D: case GGML_OP_POOL_2D:
        case GGML_OP_TOP_K: case GGML_OP_ARGSORT: case GGML_OP_PAD: case GGML_OP_UPSCALE: case GGML_OP_PAD_REFLECT_1D: case GGML_OP_ARANGE:
        case GGML_OP_TIMESTEP_EMBEDDING: case GGML_OP_LEAKY_RELU: case GGML_OP_RWKV_WKV6: case GGML_OP_RWKV_WKV7:
        case GGML_OP_GATED_LINEAR_ATTN: case GGML_OP_GATED_DELTA_NET: case GGML_OP_FILL: case GGML_OP_CUMSUM: case GGML_OP_TRI:
        case GGML_OP_DIAG: case GGML_OP_SOLVE_TRI:
            return true;
        default: // none that models for text compute (training, images)
            return false;
    }
}

} // namespace

const backend_rules cuda_rules = { "cuda", "CUDA_Host", 0, true, true, supports_op, alloc_size, is_worth_a_copy, keep_for_fusion };

} // namespace llm
