// The CUDA backend computes the end of a mixture of experts, and the choice of them, as one
// operation each, and keeps what these read until they are done: ggml_backend_cuda_graph_optimize,
// ggml-cuda.cu@v0.5.0, with the options it has by default.
#include "phantom_cuda_fusion.h"

#include "phantom_tensor.h"

#include <algorithm>
#include <array>

namespace llm {

namespace {

// ---- the weighted sum of experts ------------------------------------------------------

constexpr int64_t max_experts = 15; // MOE_WEIGHTED_REDUCTION_MAX_EXPERTS

struct weighted_sum {
    ggml_tensor *experts = nullptr, *scale = nullptr, *weights = nullptr, *sum = nullptr;
    int          n_nodes = 0;
};

bool is_plain(const ggml_tensor * t) { return t && t->type == GGML_TYPE_F32 && ggml_is_contiguous(t); }

// A product of outputs of experts and one number for each of them.
bool split_product(const ggml_tensor * mul, ggml_tensor *& full, ggml_tensor *& factors) {
    for (int i = 0; i < 2; i++) {
        ggml_tensor *a = mul->src[i], *b = mul->src[1 - i];
        if (is_plain(a) && is_plain(b) && ggml_are_same_shape(a, mul) && b->ne[0] == 1 && b->ne[1] == mul->ne[1] && b->ne[2] == mul->ne[2] &&
            b->ne[3] == mul->ne[3]) {
            full    = a;
            factors = b;
            return true;
        }
    }
    return false;
}

bool is_product(const ggml_tensor * t) { return t->op == GGML_OP_MUL && is_plain(t); }

// The rows of one expert.
bool is_expert(const ggml_tensor * t, const ggml_tensor * all, int64_t i, int64_t n_tokens) {
    return t->src[0] == all && t->view_src == all && t->type == GGML_TYPE_F32 && t->ne[0] == all->ne[0] && t->ne[1] == n_tokens &&
           t->ne[2] == 1 && t->ne[3] == 1 && t->nb[0] == all->nb[0] && t->nb[1] == all->nb[2] && t->view_offs == (size_t) i * all->nb[1];
}

// ggml_cuda_match_moe_weighted_reduction: one or two products, then for each expert a view,
// and sums of them from the first to the last.
bool find_weighted_sum(const ggml_cgraph * graph, int at, weighted_sum & m) {
    ggml_tensor * all = graph->nodes[at];
    if (!is_product(all)) {
        return false;
    }
    int n_products = 1;
    m              = {};
    if (at + 1 < graph->n_nodes && is_product(graph->nodes[at + 1])) {
        ggml_tensor *second = graph->nodes[at + 1], *scaled = nullptr, *route = nullptr, *raw = nullptr, *scale = nullptr;
        if (split_product(second, scaled, route) && scaled == all && split_product(all, raw, scale)) {
            all        = second;
            n_products = 2;
            m.experts  = raw;
            m.scale    = scale;
            m.weights  = route;
        }
    }
    if (!m.experts && !split_product(all, m.experts, m.weights)) {
        return false;
    }
    const int64_t n = all->ne[1], n_tokens = all->ne[2] * all->ne[3];
    if (n < 2 || n > max_experts || n_tokens <= 0) {
        return false;
    }
    m.n_nodes = (int) (2 * n + n_products - 1);
    if (at + m.n_nodes > graph->n_nodes) {
        return false;
    }
    std::array<ggml_op, 2 * max_experts + 1>          ops;
    std::array<const ggml_tensor *, max_experts>      views{};
    int64_t                                           n_views = 0, n_sums = 0;
    for (int i = 0; i < m.n_nodes; i++) {
        ggml_tensor * t = graph->nodes[at + i];
        ops[i]          = t->op;
        if (i < n_products) {
            continue;
        }
        if (t->op == GGML_OP_VIEW) {
            if (n_views >= n || !is_expert(t, all, n_views, n_tokens)) {
                return false;
            }
            views[n_views++] = t;
            continue;
        }
        if (t->op != GGML_OP_ADD || n_views < 2 || n_sums + 1 >= n_views || t->type != GGML_TYPE_F32 ||
            t->src[0] != (n_sums == 0 ? views[0] : m.sum) || t->src[1] != views[n_sums + 1]) {
            return false;
        }
        m.sum = t;
        n_sums++;
    }
    if (n_views != n || n_sums != n - 1 || !ggml_is_contiguous(m.sum) || m.sum->ne[0] != all->ne[0] || m.sum->ne[1] != n_tokens ||
        m.sum->ne[2] != 1 || m.sum->ne[3] != 1) {
        return false;
    }
    const int last = at + m.n_nodes - 1;
    m.sum          = graph->nodes[last];
    return ggml_can_fuse_subgraph(graph, at, m.n_nodes, ops.data(), &last, 1);
}

// ---- the choice of experts --------------------------------------------------------------

// Follows the nodes behind one, each of which must read the one before it.
struct chain {
    const ggml_cgraph *  graph;
    int                  at;
    std::vector<ggml_op> ops;

    const ggml_tensor * node(int i) const { return i >= 0 && i < graph->n_nodes ? graph->nodes[i] : nullptr; }
    bool                next_is(ggml_op op, const ggml_tensor * src) const {
        const ggml_tensor * t = node(at);
        return t && t->op == op && t->src[0] == src;
    }
    bool take(ggml_op op, const ggml_tensor * src) {
        if (!next_is(op, src)) {
            return false;
        }
        ops.push_back(op);
        at++;
        return true;
    }
    bool take(ggml_op op) { return take(op, node(at - 1)); }
};

// ggml_cuda_topk_moe_fusion, where a gate comes first: [softmax, sigmoid, or the root of
// softplus], reshape, [bias], argsort, view, get_rows, [norm], [scale]. Returns how many nodes
// that is, or 0; ids is set to the node of the indices.
int find_choice(const ggml_cgraph * graph, int start, std::vector<ggml_op> & ops, int & ids) {
    chain c{ graph, start, {} };
    const ggml_tensor * gate = graph->nodes[start];
    if (gate->op == GGML_OP_UNARY) {
        const ggml_unary_op op = ggml_get_unary_op(gate);
        c.ops.push_back(GGML_OP_UNARY);
        c.at++;
        if (op == GGML_UNARY_OP_SOFTPLUS) {
            if (!c.take(GGML_OP_SQRT)) {
                return 0;
            }
        } else if (op != GGML_UNARY_OP_SIGMOID) {
            return 0;
        }
    } else if (gate->op == GGML_OP_SOFT_MAX) {
        c.ops.push_back(GGML_OP_SOFT_MAX);
        c.at++;
    } else {
        return 0;
    }
    const ggml_tensor * probs = c.node(c.at - 1);
    if (!c.take(GGML_OP_RESHAPE)) {
        return 0;
    }
    const ggml_tensor * reshaped = c.node(c.at - 1);
    const ggml_tensor * sorted   = probs;
    if (c.take(GGML_OP_ADD, probs)) {
        sorted = c.node(c.at - 1);
    }
    if (!c.take(GGML_OP_ARGSORT, sorted) || !c.take(GGML_OP_VIEW)) {
        return 0;
    }
    ids = c.at - 1;
    if (!c.take(GGML_OP_GET_ROWS, reshaped) || c.node(c.at - 1)->src[1] != c.node(ids)) {
        return 0;
    }
    // The sum of the weights and a division by it. Behind a reshape of another kind no scale is
    // looked for.
    if (c.node(c.at) && c.node(c.at)->op == GGML_OP_RESHAPE) {
        chain norm = c;
        if (!norm.take(GGML_OP_RESHAPE) || !norm.take(GGML_OP_SUM_ROWS) || !norm.take(GGML_OP_CLAMP) ||
            !norm.take(GGML_OP_DIV, norm.node(norm.at - 3)) || norm.node(norm.at - 1)->src[1] != norm.node(norm.at - 2) ||
            !norm.take(GGML_OP_RESHAPE)) {
            ops = c.ops;
            return (int) ops.size();
        }
        c = norm;
    }
    c.take(GGML_OP_SCALE);
    ops = c.ops;
    return (int) ops.size();
}

// ggml_cuda_should_use_topk_moe, topk-moe.cu@v0.5.0
bool has_kernel(const ggml_tensor * gate, const ggml_tensor * weights, const ggml_tensor * ids) {
    const int64_t n = ids->nb[1] / ids->nb[0];
    if (((n & (n - 1)) != 0 || n > 512) && n != 288 && n != 576) {
        return false;
    }
    if (!ggml_is_contiguous(gate->src[0]) || !ggml_is_contiguous(weights)) {
        return false;
    }
    return gate->op != GGML_OP_SOFT_MAX || (op_f32(gate, 0) == 1 && op_f32(gate, 1) == 0 && !gate->src[1] && !gate->src[2]);
}

} // namespace

void keep_for_fusion(const phantom &, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params) {
    const auto keep = [&](ggml_tensor * t, ggml_tensor * until) {
        if (t) {
            params->add_alloc_dep(params->user_data, t, until);
        }
    };
    for (int i = 0; i < graph->n_nodes; i++) {
        weighted_sum m;
        if (find_weighted_sum(graph, i, m)) {
            keep(m.experts, m.sum);
            keep(m.weights, m.sum);
            keep(m.scale, m.sum);
            i += m.n_nodes - 1;
            continue;
        }
        std::vector<ggml_op> ops;
        int                  ids = 0;
        const int            n   = find_choice(graph, i, ops, ids);
        const int            out[] = { ids, i + n - 1 };
        if (n == 0 || !ggml_can_fuse_subgraph(graph, i, n, ops.data(), out, 2) || !has_kernel(graph->nodes[i], graph->nodes[out[1]], graph->nodes[ids])) {
            continue;
        }
        // The node behind the choice, which is that of another backend where the split ends:
        // there is always one, the choice is no output.
        ggml_tensor * until = graph->nodes[i + n];
        for (int k = i; k < i + n; k++) {
            keep(graph->nodes[k], until);
            for (ggml_tensor * src : graph->nodes[k]->src) {
                keep(src, until);
            }
        }
        i += n - 1;
    }
}

} // namespace llm
