// The Vulkan backend moves nodes of a graph that do not depend on each other together, except
// where it computes some nodes as one; where tensors live until depends on that order:
// ggml_vk_graph_optimize, ggml-vulkan.cpp@v0.5.0.
#include "phantom_vulkan_order.h"

#include "phantom_tensor.h"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace llm {

namespace {

using pattern = std::vector<ggml_op>;

// Choices of experts (topk_moe_*, ggml-vulkan-types.h@v0.5.0), whose inputs live until they are made.
const pattern choices[] = {
    { GGML_OP_SOFT_MAX, GGML_OP_RESHAPE, GGML_OP_ARGSORT, GGML_OP_VIEW, GGML_OP_GET_ROWS, GGML_OP_RESHAPE, GGML_OP_SUM_ROWS, GGML_OP_CLAMP,
      GGML_OP_DIV, GGML_OP_RESHAPE },
    { GGML_OP_UNARY, GGML_OP_RESHAPE, GGML_OP_ADD, GGML_OP_ARGSORT, GGML_OP_VIEW, GGML_OP_GET_ROWS, GGML_OP_RESHAPE, GGML_OP_SUM_ROWS,
      GGML_OP_CLAMP, GGML_OP_DIV, GGML_OP_RESHAPE },
    { GGML_OP_UNARY, GGML_OP_SQRT, GGML_OP_RESHAPE, GGML_OP_ADD, GGML_OP_ARGSORT, GGML_OP_VIEW, GGML_OP_GET_ROWS, GGML_OP_RESHAPE,
      GGML_OP_SUM_ROWS, GGML_OP_CLAMP, GGML_OP_DIV, GGML_OP_RESHAPE },
    { GGML_OP_SOFT_MAX, GGML_OP_RESHAPE, GGML_OP_ARGSORT, GGML_OP_VIEW, GGML_OP_GET_ROWS },
    { GGML_OP_ARGSORT, GGML_OP_VIEW, GGML_OP_GET_ROWS, GGML_OP_RESHAPE, GGML_OP_SOFT_MAX, GGML_OP_RESHAPE },
};

// No node comes between those of one of these.
const pattern inseparable[] = {
    { GGML_OP_MUL, GGML_OP_SIN, GGML_OP_SQR, GGML_OP_MUL, GGML_OP_ADD },
    { GGML_OP_GET_ROWS, GGML_OP_PERMUTE, GGML_OP_CONT, GGML_OP_CPY, GGML_OP_RESHAPE, GGML_OP_ADD, GGML_OP_TOP_K },
    { GGML_OP_RMS_NORM, GGML_OP_MUL, GGML_OP_ADD, GGML_OP_MUL },
    { GGML_OP_RMS_NORM, GGML_OP_MUL, GGML_OP_ADD },
    { GGML_OP_RMS_NORM, GGML_OP_MUL, GGML_OP_ROPE, GGML_OP_VIEW, GGML_OP_SET_ROWS },
    { GGML_OP_RMS_NORM, GGML_OP_VIEW, GGML_OP_SET_ROWS },
    { GGML_OP_ROPE, GGML_OP_VIEW, GGML_OP_SET_ROWS },
};

// Of this one not even the middle is the beginning of something else.
const pattern & indexer = inseparable[1];

constexpr int ahead = 20, near = 15; // nodes that are looked at for a set, and for what follows one of them

bool computes_nothing(const ggml_tensor * t) {
    return t->op == GGML_OP_NONE || t->op == GGML_OP_RESHAPE || t->op == GGML_OP_TRANSPOSE || t->op == GGML_OP_VIEW || t->op == GGML_OP_PERMUTE;
}

const ggml_tensor * storage(const ggml_tensor * t) { return t->view_src ? t->view_src : t; }

// Whether later must come after earlier: it reads it, or one writes where the other reads.
bool depends(const ggml_tensor * later, const ggml_tensor * earlier) {
    const bool views = computes_nothing(later) || computes_nothing(earlier);
    for (int s = 0; s < GGML_MAX_SRC; s++) {
        const ggml_tensor *a = later->src[s], *b = earlier->src[s];
        if (a == earlier || (!views && a && storage(a) == storage(earlier)) || (!views && b && storage(b) == storage(later))) {
            return true;
        }
    }
    return storage(later) == storage(earlier);
}

// ggml_vk_can_fuse_unary_mul
bool gates(const ggml_tensor * unary, const ggml_tensor * mul) {
    switch (ggml_get_unary_op(unary)) {
        case GGML_UNARY_OP_GELU: case GGML_UNARY_OP_SIGMOID: case GGML_UNARY_OP_SILU: case GGML_UNARY_OP_SOFTPLUS: break;
        default: return false;
    }
    const ggml_tensor * other = mul->src[0] == unary ? mul->src[1] : mul->src[0];
    if ((unary->type != GGML_TYPE_F32 && unary->type != GGML_TYPE_F16) || unary->type != mul->type || !other || other->type != unary->type ||
        !ggml_is_contiguous_1(other) || !ggml_is_contiguous_1(unary->src[0])) {
        return false;
    }
    return mul->src[0] == unary ? ggml_can_repeat(other, unary) : ggml_can_repeat(unary, mul->src[0]);
}

class ordering {
public:
    ordering(ggml_cgraph * g, ggml_backend_graph_optimize_params * p) : graph(g), params(p), used(g->n_nodes, false) {}

    void run() {
        while (first < graph->n_nodes) {
            if (!take_pattern()) {
                take_set();
            }
            while (first < graph->n_nodes && used[first]) {
                first++;
            }
        }
        std::copy_n(order.begin(), graph->n_nodes, graph->nodes);
    }

private:
    ggml_tensor * node(int i) const { return graph->nodes[i]; }
    ggml_op       op(int i) const { return graph->nodes[i]->op; }
    int           end(int from, int n) const { return std::min(from + n, graph->n_nodes); }

    bool matches(const pattern & p, int at) const {
        if (at < 0 || at + (int) p.size() > graph->n_nodes) {
            return false;
        }
        for (size_t i = 0; i < p.size(); i++) {
            if (op(at + i) != p[i] || used[at + i]) {
                return false;
            }
        }
        return true;
    }

    // Whether a node belongs to what is computed as one, and waits for its turn.
    bool is_kept(int at) const {
        const auto begins = [&](const pattern & p) { return matches(p, at); };
        if (std::any_of(std::begin(choices), std::end(choices), begins) || std::any_of(std::begin(inseparable), std::end(inseparable), begins)) {
            return true;
        }
        for (int i = 1; i < (int) indexer.size(); i++) {
            if (matches(indexer, at - i)) {
                return true;
            }
        }
        return false;
    }

    void take(int i) {
        order.push_back(node(i));
        done.insert(node(i));
        used[i] = true;
    }

    // Takes the pattern that begins with the first node.
    bool take_pattern() {
        for (const pattern & p : choices) {
            if (matches(p, first)) {
                keep_inputs(p);
                return take_all(p);
            }
        }
        for (const pattern & p : inseparable) {
            if (matches(p, first)) {
                return take_all(p);
            }
        }
        return false;
    }

    bool take_all(const pattern & p) {
        for (int i = first, n = first + (int) p.size(); i < n; i++) {
            take(i);
        }
        return true;
    }

    void keep_inputs(const pattern & p) {
        int last = first + (int) p.size() - 1;
        if (last + 1 < graph->n_nodes && op(last + 1) == GGML_OP_SCALE) {
            last++;
        }
        std::set<ggml_tensor *> seen;
        for (int i = first; i < first + (int) p.size(); i++) {
            for (ggml_tensor * src : node(i)->src) {
                if (src && seen.insert(src).second) {
                    params->add_alloc_dep(params->user_data, src, node(last));
                }
            }
            seen.insert(node(i));
        }
    }

    // Takes the first node, and those of the next that can be computed at the same time.
    void take_set() {
        set = { first };
        for (int j = first + 1, n = end(first, ahead); j < n; j++) {
            if (!used[j] && !computes_nothing(node(j)) && !is_kept(j) && is_free(j)) {
                set.push_back(j);
                pull_followers(j);
            }
        }
        // Views come last: between others they would be in the way of what is computed as one.
        for (int j = first + 1, n = op(set.back()) == GGML_OP_ADD ? j : end(first, ahead); j < n; j++) {
            if (!used[j] && computes_nothing(node(j)) && is_view_of_set(j)) {
                set.push_back(j);
            }
        }
        for (int i : set) {
            take(i);
        }
    }

    bool is_free(int j) const {
        for (int c = first; c < j; c++) {
            if (!used[c] && depends(node(j), node(c)) && !(c == set.back() && is_computed_with(c, j))) {
                return false;
            }
        }
        return true;
    }

    // Pairs that are computed as one.
    bool is_computed_with(int c, int j) const {
        const ggml_op a = op(c), b = op(j);
        if ((a == GGML_OP_RMS_NORM || a == GGML_OP_UNARY) && b == GGML_OP_MUL) {
            for (int i = c + 1; i < j; i++) {
                if (!used[i] && !computes_nothing(node(i))) {
                    return false;
                }
            }
            return true;
        }
        return j == c + 1 && ((a == GGML_OP_MUL_MAT && b == GGML_OP_ADD) || (a == GGML_OP_MUL_MAT_ID && (b == GGML_OP_ADD_ID || b == GGML_OP_MUL)) ||
                              (a == GGML_OP_ADD && b == GGML_OP_ADD) || (a == GGML_OP_SSM_CONV && (b == GGML_OP_ADD || b == GGML_OP_UNARY)));
    }

    bool is_view_of_set(int j) const {
        for (int c = first; c < j; c++) {
            if (!used[c] && depends(node(j), node(c)) && !std::count(set.begin(), set.end(), c)) {
                return false;
            }
        }
        return true;
    }

    // Whether a source is a weight, or computed before this set.
    bool is_there(const ggml_tensor * t) const { return t->op == GGML_OP_NONE || done.count(t); }

    void pull(int k) {
        set.push_back(k);
        used[k] = true;
    }

    // Pulls the first node behind i that f says yes to.
    template <class F> int pull_first(int i, F && f) {
        for (int k = i + 1, n = end(i, near); k < n; k++) {
            if (f(node(k))) {
                pull(k);
                return k;
            }
        }
        return -1;
    }

    // Nodes that are computed together with j.
    void pull_followers(int j) {
        const ggml_tensor * t      = node(j);
        const ggml_op       before = op(j - 1);
        int                 rows   = j;
        if (t->op == GGML_OP_MUL && before == GGML_OP_RMS_NORM) {
            const int k = pull_first(j, [&](const ggml_tensor * u) {
                return u->op == GGML_OP_ROPE && u->src[0] == t && u->src[1]->op == GGML_OP_NONE && (!u->src[2] || u->src[2]->op == GGML_OP_NONE);
            });
            rows = k < 0 ? j : k;
        }
        if (op(rows) == GGML_OP_ROPE || op(rows) == GGML_OP_RMS_NORM) {
            pull_store(rows);
        }
        if (t->op == GGML_OP_ADD_ID && before == GGML_OP_MUL_MAT_ID) {
            pull_first(j, [&](const ggml_tensor * u) { return u->op == GGML_OP_MUL && u->src[0] == t && is_there(u->src[1]); });
        }
        if (t->op == GGML_OP_ADD && before == GGML_OP_MUL_MAT) {
            pull_first(j, [&](const ggml_tensor * u) { return u->op == GGML_OP_ADD && u->src[0] == t && is_there(u->src[1]); });
        }
        if (t->op == GGML_OP_ADD && before == GGML_OP_SSM_CONV) {
            pull_first(j, [&](const ggml_tensor * u) { return u->op == GGML_OP_UNARY && u->src[0] == t; });
        }
        if (t->op == GGML_OP_UNARY) {
            pull_first(j, [&](const ggml_tensor * u) {
                return u->op == GGML_OP_MUL && (u->src[0] == t || u->src[1] == t) && is_there(u->src[0] == t ? u->src[1] : u->src[0]) && gates(t, u);
            });
        }
    }

    // Rows that go to a cache: a view of them, and their store.
    void pull_store(int rows) {
        int view = -1, store = -1;
        for (int k = rows + 1, n = end(rows, near); k < n && store < 0; k++) {
            if (used[k]) {
                continue;
            }
            if (view < 0 && op(k) == GGML_OP_VIEW && node(k)->src[0] == node(rows)) {
                view = k;
            } else if (view >= 0 && op(k) == GGML_OP_SET_ROWS && node(k)->src[0] == node(view)) {
                store = k;
            }
        }
        const int     nodes[] = { rows, view, store };
        const ggml_op ops[]   = { op(rows), GGML_OP_VIEW, GGML_OP_SET_ROWS };
        if (store < 0 || !ggml_can_fuse_subgraph_ext(graph, nodes, 3, ops, &store, 1)) {
            return;
        }
        for (int c = rows + 1; c < store; c++) {
            if (!used[c] && c != view && !computes_nothing(node(c)) && depends(node(store), node(c))) {
                return;
            }
        }
        pull(view);
        pull(store);
    }

    ggml_cgraph *                        graph;
    ggml_backend_graph_optimize_params * params;
    std::vector<ggml_tensor *>           order;
    std::vector<bool>                    used;
    std::set<const ggml_tensor *>        done;
    std::vector<int>                     set; // what is taken next
    int                                  first = 0;
};

} // namespace

void order_for_vulkan(const phantom &, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params) {
    static const bool off = getenv("GGML_VK_DISABLE_GRAPH_OPTIMIZE") != nullptr; // as the backend is told
    if (!off) {
        ordering(graph, params).run();
    }
}

} // namespace llm
