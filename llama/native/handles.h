// What the opaque handles of llm.h hold.
#pragma once

#include "imatrix.h"
#include "llm.h"
#include "phantom.h"

#include "llama.h"

#include <atomic>
#include <map>
#include <memory>
#include <vector>

struct llm_model {
    llama_model *       model;
    const llama_vocab * vocab;
    int32_t             n_vocab;
    bool                simulated; // loaded with no_alloc: computing would crash
    bool                vocab_only; // no weights: there is nothing to compute with
    std::vector<int32_t> overridden; // which override placed each tensor, or -1; empty: none did
    llm::phantoms       described; // the devices of a simulation, which the engine points to
    uint64_t            id = 0;     // see llm_model_share
    int32_t             owners = 1; // guarded by the table of shared models

    bool has(int32_t token) const { return token >= 0 && token < n_vocab; }
};

// Compute threads that live as long as their context. Without them the engine would
// start new ones for each token.
using threadpool = std::unique_ptr<ggml_threadpool, void (*)(ggml_threadpool *)>;

struct llm_context {
    threadpool        pool{ nullptr, nullptr }, pool_batch{ nullptr, nullptr };
    llama_context *   ctx;
    const llm_model * model;
    int32_t           n_ctx, n_batch, n_ubatch, n_seq_max;
    int32_t           n_outputs; // rows that a decode may have
    bool              kv_unified;
    bool              embeddings;
    bool              causal; // else a batch is computed as one ubatch
    std::atomic<bool> cancel{ false };
    bool              encoded = false; // there is something to decode from
    int32_t           n_rows = 0; // rows of logits, or of embeddings, of the last decode

    std::atomic<uint64_t> progress{ 0 };

    std::unique_ptr<llm::collector> collector; // none: nothing is collected

    std::map<ggml_backend_buffer_type_t, size_t> reserved; // of a simulation: bytes to compute in

    llama_memory_t memory() const { return llama_get_memory(ctx); }
};

namespace llm {

// Fills what a simulated context would reserve; false: the engine could not. The calling thread
// simulates.
bool reserve_simulated(llm_context * c);

// Gives a loaded model its number.
void publish(llm_model * m);
// Whether the caller was the last owner, who frees the model; nobody finds it then.
bool withdraw(llm_model * m);

} // namespace llm
