// The Metal backend computes nodes that do not touch each other's memory at the same time, and
// brings such nodes together: ggml_graph_optimize, ggml-metal-common.cpp@v0.5.0. There, memory
// that is allocated already is told apart by its addresses, and neighbours count as one in one
// direction; here each tensor is its own memory.
#include "phantom_metal_order.h"

#include "phantom_metal_fusion.h"
#include "phantom_tensor.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

namespace llm {

namespace {

using group = std::vector<ggml_tensor *>; // nodes that stay together

const ggml_tensor * storage(const ggml_tensor * t) { return t->view_src ? t->view_src : t; }

bool is_empty(const group & g) { return ggml_op_is_empty(g[0]->op); }

// What a set of groups reads and writes.
class accesses {
public:
    void clear() { read.clear(), written.clear(); }

    void add(const group & g) {
        each(g, [&](const ggml_tensor * t) { read.insert(t); return true; });
        for (const ggml_tensor * t : g) {
            written.insert(storage(t));
        }
    }

    // Whether a group neither reads what these write, nor writes what they read or write.
    bool allow(const group & g) const {
        return each(g, [&](const ggml_tensor * t) { return written.count(t) == 0; }) &&
               std::none_of(g.begin(), g.end(), [&](const ggml_tensor * t) { return read.count(storage(t)) || written.count(storage(t)); });
    }

private:
    // Calls f with all that a group reads from outside, as long as it says true.
    template <class F> static bool each(const group & g, F && f) {
        for (const ggml_tensor * t : g) {
            for (ggml_tensor * src : t->src) {
                if (src && !std::count(g.begin(), g.end(), src) && !f(storage(src))) {
                    return false;
                }
            }
        }
        return true;
    }

    std::unordered_set<const ggml_tensor *> read, written;
};

// Operations that others may be moved across.
bool is_passable(ggml_op op) {
    switch (op) {
        case GGML_OP_MUL_MAT: case GGML_OP_MUL_MAT_ID: case GGML_OP_ROPE: case GGML_OP_NORM: case GGML_OP_RMS_NORM: case GGML_OP_GROUP_NORM:
        case GGML_OP_L2_NORM: case GGML_OP_SUM_ROWS: case GGML_OP_SSM_CONV: case GGML_OP_SSM_SCAN: case GGML_OP_CLAMP: case GGML_OP_TRI:
        case GGML_OP_DIAG: case GGML_OP_MUL: case GGML_OP_ADD: case GGML_OP_SUB: case GGML_OP_DIV: case GGML_OP_GLU: case GGML_OP_SCALE:
        case GGML_OP_UNARY: case GGML_OP_GET_ROWS: case GGML_OP_SET_ROWS: case GGML_OP_SET: case GGML_OP_CPY: case GGML_OP_CONT:
        case GGML_OP_REPEAT:
            return true;
        default:
            return ggml_op_is_empty(op);
    }
}

// Before a group that must wait for those that are computed now, groups behind it are taken
// that need not.
std::vector<int> order_of(const std::vector<group> & groups) {
    constexpr int     ahead = 64;
    const int         n     = (int) groups.size();
    std::vector<int>  order;
    std::vector<bool> taken(n, false);
    accesses          now, waiting;
    for (int i = 0; i < n; i++) {
        if (taken[i]) {
            continue;
        }
        if (!is_empty(groups[i]) && !now.allow(groups[i])) {
            waiting.clear();
            waiting.add(groups[i]);
            for (int k = i + 1; k < std::min(i + ahead, n); k++) {
                const group & g = groups[k];
                if (taken[k]) {
                    continue;
                }
                if (!is_passable(g[0]->op)) {
                    break;
                }
                if ((is_empty(g) || now.allow(g)) && waiting.allow(g)) {
                    now.add(g);
                    order.push_back(k);
                    taken[k] = true;
                } else {
                    waiting.add(g);
                }
            }
            now.clear();
        }
        now.add(groups[i]);
        order.push_back(i);
    }
    return order;
}

} // namespace

void order_for_metal(const phantom &, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params) {
    static const bool off = getenv("GGML_METAL_GRAPH_OPTIMIZE_DISABLE") != nullptr; // as the backend is told

    keep_for_metal(graph, params);
    if (off) {
        return;
    }
    std::vector<group> groups;
    for (int i = 0; i < graph->n_nodes;) {
        const int n = fused_in_metal(graph, i);
        groups.emplace_back(graph->nodes + i, graph->nodes + i + n);
        i += n;
    }
    int at = 0;
    for (int i : order_of(groups)) {
        for (ggml_tensor * t : groups[i]) {
            graph->nodes[at++] = t;
        }
    }
}

} // namespace llm
