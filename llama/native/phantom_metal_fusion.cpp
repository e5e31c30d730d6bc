// The operations that the Metal backend computes as one, as far as they can be told before
// memory is allocated: the table of ggml-metal-fusion.cpp@v0.5.0 and its checks.
#include "phantom_metal_fusion.h"

#include "phantom_tensor.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace llm {

namespace {

constexpr int max_nodes = 16; // GGML_METAL_FUSION_MAX

enum class kind { norm, scaled_norm, sum, snake, delta_cache, choice, reduction, convolution };

struct fusion {
    kind                 what;
    std::vector<ggml_op> all; // in the graph
    std::vector<ggml_op> ops; // of these, those that compute something
    fusion(kind k, std::vector<ggml_op> a) : what(k), all(std::move(a)) {
        std::copy_if(all.begin(), all.end(), std::back_inserter(ops), [](ggml_op op) { return !ggml_op_is_empty(op); });
    }
    // Whether a chain of nodes, each of which reads the one before, with no other use.
    bool is_chain() const { return what != kind::delta_cache && what != kind::choice && what != kind::reduction; }
};

std::vector<fusion> make_table() {
    std::vector<fusion> table;
    for (ggml_op norm : { GGML_OP_NORM, GGML_OP_RMS_NORM }) {
        table.push_back({ kind::norm, { norm, GGML_OP_MUL } });
        table.push_back({ kind::norm, { norm, GGML_OP_MUL, GGML_OP_ADD } });
        table.push_back({ kind::scaled_norm, { norm, GGML_OP_SCALE } });
    }
    for (int n = 2; n <= 7; n++) {
        table.push_back({ kind::sum, std::vector<ggml_op>(n, GGML_OP_ADD) });
    }
    table.push_back({ kind::snake, { GGML_OP_MUL, GGML_OP_SIN, GGML_OP_SQR, GGML_OP_MUL, GGML_OP_ADD } });
    table.push_back({ kind::delta_cache, { GGML_OP_GATED_DELTA_NET, GGML_OP_CPY } });
    for (bool norm : { false, true }) {
        for (bool scale : { false, true }) {
            std::vector<ggml_op> ops = { GGML_OP_SOFT_MAX, GGML_OP_RESHAPE, GGML_OP_ARGSORT, GGML_OP_VIEW, GGML_OP_GET_ROWS };
            if (norm) {
                ops.insert(ops.end(), { GGML_OP_RESHAPE, GGML_OP_SUM_ROWS, GGML_OP_CLAMP, GGML_OP_DIV, GGML_OP_RESHAPE });
            }
            if (scale) {
                ops.push_back(GGML_OP_SCALE);
            }
            table.push_back({ kind::choice, ops });
        }
    }
    for (int n = 2; n <= 8; n++) { // experts
        std::vector<ggml_op> ops(2 * n, GGML_OP_VIEW);
        ops[0] = GGML_OP_MUL;
        std::fill(ops.begin() + n + 1, ops.end(), GGML_OP_ADD);
        table.push_back({ kind::reduction, ops });
    }
    table.push_back({ kind::convolution, { GGML_OP_SSM_CONV, GGML_OP_UNARY } });
    return table;
}

const std::vector<fusion> & table() {
    static const std::vector<fusion> t = make_table();
    return t;
}

bool is_f32(const ggml_tensor * t) { return t->type == GGML_TYPE_F32; }

// Nodes of the graph by their numbers.
struct span {
    const ggml_cgraph * graph;
    const int *         index; // of the nodes that compute something
    int                 n;

    ggml_tensor * operator[](int i) const { return graph->nodes[index[i]]; }
};

bool reads_the_one_before(const span & s, int i) { return s[i]->src[0] == s[i - 1]; }

bool is_norm(const span & s) {
    for (int i = 1; i < s.n; i++) {
        const ggml_tensor * weight = s[i]->src[1];
        if (!reads_the_one_before(s, i) || weight->ne[0] != s[0]->ne[0] || !ggml_is_contiguous_rows(weight) || !is_f32(s[i])) {
            return false;
        }
    }
    return true;
}

bool is_scaled_norm(const span & s) { return reads_the_one_before(s, 1) && !s[1]->src[1] && is_f32(s[1]); }

bool is_convolution(const span & s) {
    return reads_the_one_before(s, 1) && !s[1]->src[1] && ggml_get_unary_op(s[1]) == GGML_UNARY_OP_SILU && is_f32(s[0]) && is_f32(s[1]) &&
           ggml_is_contiguous_rows(s[1]);
}

bool same_layout(const ggml_tensor * a, const ggml_tensor * b) {
    return a->type == b->type && std::equal(a->ne, a->ne + GGML_MAX_DIMS, b->ne) && std::equal(a->nb, a->nb + GGML_MAX_DIMS, b->nb);
}

bool is_sum(const span & s) {
    for (int i = 1; i < s.n; i++) {
        if (!reads_the_one_before(s, i) || !same_layout(s[i]->src[1], s[i - 1]->src[1])) {
            return false;
        }
    }
    return true;
}

// The activation x + sin²(a x) / b.
bool is_snake(const span & s) {
    const ggml_tensor *mul = s[0], *square = s[2], *divided = s[3], *sum = s[4];
    const ggml_tensor * x = ggml_are_same_shape(mul, mul->src[0]) ? mul->src[0] : mul->src[1];
    const ggml_tensor * a = x == mul->src[0] ? mul->src[1] : mul->src[0];
    const ggml_tensor * b = divided->src[0] == square ? divided->src[1] : divided->src[0];
    for (int i = 0; i < s.n; i++) {
        if (s[i]->type != x->type) {
            return false;
        }
    }
    for (const ggml_tensor * t : { x, a, b, sum }) {
        if (t->ne[2] != 1 || t->ne[3] != 1 || !ggml_is_contiguous(t)) {
            return false;
        }
    }
    return is_float(x->type) && is_f32(a) && is_f32(b) && ggml_are_same_shape(a, b) && a->ne[0] == 1 && a->ne[1] == x->ne[1] &&
           (sum->src[0] == divided ? sum->src[1] : sum->src[0]) == x;
}

// States that are written to their cache where they are computed.
bool is_delta_cache(const span & s) {
    const ggml_tensor *net = s[0], *copy = s[1], *v = net->src[2];
    if (!is_f32(net) || (net->flags & GGML_TENSOR_FLAG_OUTPUT) || (copy->flags & GGML_TENSOR_FLAG_OUTPUT)) {
        return false;
    }
    const ggml_tensor *from = copy->src[0], *to = copy->src[1];
    const int64_t size = v->ne[0] * v->ne[0] * v->ne[1], n_states = std::min<int64_t>(v->ne[2], ggml_get_op_params_i32(net, 0));
    return from->op == GGML_OP_VIEW && from->view_src == net && from->view_offs == ggml_row_size(GGML_TYPE_F32, ggml_nelements(v)) &&
           ggml_is_contiguous(from) && is_f32(to) && to->ne[0] == size && to->ne[1] == v->ne[3] && to->ne[2] == n_states && to->ne[3] == 1 &&
           to->nb[0] == sizeof(float) && to->nb[1] == ggml_row_size(GGML_TYPE_F32, size);
}

bool has_ops(const ggml_cgraph * graph, int at, const std::vector<ggml_op> & ops) {
    if (at + (int) ops.size() > graph->n_nodes) {
        return false;
    }
    for (size_t i = 0; i < ops.size(); i++) {
        if (graph->nodes[at + i]->op != ops[i]) {
            return false;
        }
    }
    return true;
}

// The choice of experts by a softmax, with the division by their sum and a scale or without.
bool is_choice(const fusion & f, const span & s) {
    constexpr int64_t most = 1024; // GGML_METAL_TOPK_MOE_MAX_EXPERTS
    const int         n    = (int) f.all.size();
    const bool        norm = n >= 10, scale = f.all.back() == GGML_OP_SCALE;
    // Where a reshape is the last, it computes nothing and is not in the span.
    const int         last = s.index[s.n - 1] + (norm && !scale ? 1 : 0);
    if (last - s.index[0] + 1 != n || !has_ops(s.graph, s.index[0], f.all)) {
        return false;
    }
    ggml_tensor ** t = s.graph->nodes + s.index[0];
    const ggml_tensor *probs = t[0], *logits = probs->src[0], *ids = t[3], *out = t[n - 1];
    if (op_f32(probs, 0) != 1 || op_f32(probs, 1) != 0 || probs->src[1] || probs->src[2] || !is_f32(logits) || !is_f32(probs) || !is_f32(out) ||
        ids->type != GGML_TYPE_I32) {
        return false;
    }
    const int64_t n_experts = logits->ne[0], n_tokens = logits->ne[1], n_used = ids->ne[0];
    if (n_experts <= 0 || n_experts > most || n_tokens <= 0 || n_used <= 0 || n_used > n_experts || logits->ne[2] != 1 || logits->ne[3] != 1 ||
        ids->ne[1] != n_tokens || ids->ne[2] != 1 || ids->ne[3] != 1 || out->ne[0] != 1 || out->ne[1] != n_used || out->ne[2] != n_tokens ||
        out->ne[3] != 1 || !ggml_is_contiguous(logits) || !ggml_is_contiguous(out) || ids->nb[0] != sizeof(int32_t) ||
        ids->nb[1] != sizeof(int32_t) * n_experts) {
        return false;
    }
    if (t[1]->src[0] != probs || t[2]->src[0] != probs || ids->src[0] != t[2] || t[4]->src[0] != t[1] || t[4]->src[1] != ids) {
        return false;
    }
    if (norm && (t[5]->src[0] != t[4] || t[6]->src[0] != t[5] || t[7]->src[0] != t[6] || t[8]->src[0] != t[5] || t[8]->src[1] != t[7] ||
                 t[9]->src[0] != t[8])) {
        return false;
    }
    if (scale && out->src[0] != t[n - 2]) {
        return false;
    }
    int index[max_nodes];
    for (int i = 0; i < n; i++) {
        index[i] = s.index[0] + i;
    }
    const int outputs[] = { index[3], last };
    return ggml_can_fuse_subgraph_ext(s.graph, index, n, f.all.data(), outputs, 2);
}

// The weighted sum of experts.
bool is_reduction(const fusion & f, const span & s) {
    const int64_t n_used = (int64_t) f.all.size() / 2;
    const int     first = s.index[0], last = first + (int) f.all.size() - 1;
    if (s.index[s.n - 1] != last || !has_ops(s.graph, first, f.all)) {
        return false;
    }
    ggml_tensor ** t = s.graph->nodes + first;
    const ggml_tensor *mul = t[0], *experts = mul->src[0], *weights = mul->src[1], *sum = t[2 * n_used - 1];
    const int64_t n_embd = experts->ne[0], n_tokens = experts->ne[2];
    if (!is_f32(mul) || !is_f32(experts) || !is_f32(weights) || !is_f32(sum) || n_embd <= 0 || n_tokens <= 0 || experts->ne[1] != n_used ||
        experts->ne[3] != 1 || weights->ne[0] != 1 || weights->ne[1] != n_used || weights->ne[2] != n_tokens || weights->ne[3] != 1 ||
        sum->ne[0] != n_embd || sum->ne[1] != n_tokens || sum->ne[2] != 1 || sum->ne[3] != 1 || !ggml_is_contiguous(experts) ||
        !ggml_is_contiguous(weights) || !ggml_is_contiguous(sum)) {
        return false;
    }
    for (int64_t i = 0; i < n_used; i++) {
        const ggml_tensor * view = t[1 + i];
        if (view->view_src != mul || view->src[0] != mul || view->view_offs != i * mul->nb[1] || view->ne[0] != n_embd || view->ne[1] != n_tokens ||
            view->nb[1] != mul->nb[2]) {
            return false;
        }
    }
    for (int64_t i = 1; i < n_used; i++) {
        const ggml_tensor * add = t[n_used + i];
        if (add->src[0] != (i == 1 ? t[1] : t[n_used + i - 1]) || add->src[1] != t[1 + i]) {
            return false;
        }
    }
    int index[max_nodes];
    for (int i = 0; i < 2 * n_used; i++) {
        index[i] = first + i;
    }
    return ggml_can_fuse_subgraph_ext(s.graph, index, (int) (2 * n_used), f.all.data(), &last, 1);
}

bool is_chain(const fusion & f, const span & s) {
    for (int i = 1; i < s.n; i++) {
        if ((s[i]->src[0] != s[i - 1] && s[i]->src[1] != s[i - 1]) || !ggml_are_same_shape(s[i], s[i - 1])) {
            return false;
        }
    }
    return ggml_can_fuse_subgraph_ext(s.graph, s.index, s.n, f.ops.data(), &s.index[s.n - 1], 1);
}

bool matches(const fusion & f, const span & s) {
    for (int i = 0; i < s.n; i++) {
        if (s[i]->op != f.ops[i]) {
            return false;
        }
    }
    if (f.is_chain() && !is_chain(f, s)) {
        return false;
    }
    switch (f.what) {
        case kind::norm: return is_norm(s);
        case kind::scaled_norm: return is_scaled_norm(s);
        case kind::sum: return is_sum(s);
        case kind::snake: return is_snake(s);
        case kind::delta_cache: return is_delta_cache(s);
        case kind::choice: return is_choice(f, s);
        case kind::reduction: return is_reduction(f, s);
        case kind::convolution: return is_convolution(s);
    }
    return false;
}

bool is_empty(const ggml_tensor * t) { return ggml_op_is_empty(t->op) || ggml_is_empty(t); }

} // namespace

int fused_in_metal(const ggml_cgraph * graph, int at) {
    int index[max_nodes], n = 0, taken = 0;
    for (int i = at; i < graph->n_nodes && n < max_nodes && !is_empty(graph->nodes[at]); i++) {
        if (!is_empty(graph->nodes[i])) {
            index[n++] = i;
        }
    }
    for (;;) {
        int longest = 0;
        for (const fusion & f : table()) {
            const int size = (int) f.ops.size();
            if (size > longest && taken + size <= n && matches(f, { graph, index + taken, size })) {
                longest = size;
            }
        }
        if (longest == 0) {
            break;
        }
        taken += longest;
    }
    return taken == 0 ? 1 : std::min(max_nodes, index[taken - 1] - at + 1);
}

void keep_for_metal(ggml_cgraph * graph, ggml_backend_graph_optimize_params * params) {
    for (int i = 0; i < graph->n_nodes; i++) {
        int size = 0;
        for (const fusion & f : table()) {
            if ((int) f.all.size() > size && has_ops(graph, i, f.all)) {
                size = (int) f.all.size();
            }
        }
        std::set<ggml_tensor *> seen;
        for (int k = i; k < i + size; k++) {
            for (ggml_tensor * src : graph->nodes[k]->src) {
                if (src && seen.insert(src).second) {
                    params->add_alloc_dep(params->user_data, src, graph->nodes[i + size - 1]);
                }
            }
            seen.insert(graph->nodes[k]);
        }
        i += std::max(size - 1, 0);
    }
}

} // namespace llm
