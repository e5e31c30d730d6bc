// What a simulated context would take to compute. The engine's own account of that is not what
// it does in earnest where several devices share a model: before it divides a graph it forgets
// which device the graph has given an operation to (ggml_backend_sched_reserve_size resets the
// scheduler, ggml_backend_sched_reserve does not). So graphs are reserved here as for a real
// context, in buffers of no memory: llama_context::sched_reserve of
// src/llama-context.cpp@v0.5.0. This file alone uses the engine's private header of a context.
#include "handles.h"

#include "llama-context.h"
#include "llama-cparams.h"
#include "llama-ext.h"

#include <algorithm>
#include <cstring>

namespace llm {

// Of these the engine reserves for one sequence last.
static bool reserves_one_sequence(const llama_model * model) {
    char arch[64] = "";
    llama_model_meta_val_str(model, "general.architecture", arch, sizeof arch);
    return strcmp(arch, "kimi-linear") == 0 || strcmp(arch, "minimax-01") == 0;
}

bool reserve_simulated(llm_context * c) {
    for (const auto & [type, use] : llama_get_memory_breakdown(c->ctx)) {
        simulation::hold(type);
    }
    const llama_cparams & p = c->ctx->get_cparams();

    const uint32_t tokens = std::min(p.n_ctx, p.n_ubatch), outputs = std::min(tokens, p.n_outputs_max);
    if (!llama_graph_reserve(c->ctx, tokens, p.n_seq_max, outputs) || !llama_graph_reserve(c->ctx, p.n_seq_max, p.n_seq_max, p.n_seq_max) ||
        !llama_graph_reserve(c->ctx, tokens, reserves_one_sequence(c->model->model) ? 1 : p.n_seq_max, outputs)) {
        return false;
    }
    ggml_backend_sched_t sched = c->ctx->get_sched();
    for (int i = 0; i < ggml_backend_sched_get_n_backends(sched); i++) {
        ggml_backend_t backend = ggml_backend_sched_get_backend(sched, i);
        c->reserved[ggml_backend_sched_get_buffer_type(sched, backend)] += ggml_backend_sched_get_buffer_size(sched, backend);
    }
    return true;
}

} // namespace llm
