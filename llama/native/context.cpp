// Contexts: decoding, logits, and the memory behind them.
#include "guard.h"
#include "handles.h"
#include "placement.h"

#include "llama-ext.h"

#include <algorithm>
#include <cinttypes>
#include <climits>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct kv_type {
    const char *   name;
    enum ggml_type type;
};

// The types common's argument parser accepts (common/arg.cpp, kv_cache_types, at
// the pinned tree); others abort or crash.
constexpr kv_type kv_types[] = {
    { "f32", GGML_TYPE_F32 },       { "f16", GGML_TYPE_F16 },   { "bf16", GGML_TYPE_BF16 },
    { "q8_0", GGML_TYPE_Q8_0 },     { "q4_0", GGML_TYPE_Q4_0 }, { "q4_1", GGML_TYPE_Q4_1 },
    { "iq4_nl", GGML_TYPE_IQ4_NL }, { "q5_0", GGML_TYPE_Q5_0 }, { "q5_1", GGML_TYPE_Q5_1 },
};

bool is_kv_type(int32_t type) {
    for (const auto & t : kv_types) {
        if (t.type == type) {
            return true;
        }
    }
    return false;
}

// More tokens than any context takes at once, and more sequence ids than they belong to.
constexpr int32_t max_batch     = 1 << 24;
constexpr int64_t max_batch_ids = 1 << 26;

// The memory behind a batch.
struct batch_arrays {
    std::vector<int32_t>   token, pos, n_seq, ids;
    std::vector<int32_t *> seq;
    std::vector<int8_t>    output;

    batch_arrays(size_t cap, size_t n_seq_max)
        : token(cap), pos(cap), n_seq(cap), ids(cap * n_seq_max), seq(cap), output(cap) {
        for (size_t i = 0; i < cap; i++) {
            seq[i] = &ids[i * n_seq_max];
        }
    }
};

// More threads than this crash the engine's thread pool (GGML_MAX_N_THREADS).
constexpr int32_t max_threads = GGML_MAX_N_THREADS;

// More tokens than any model takes. The engine fills tables of some fifty bytes a token,
// before it finds out that the cache itself has no room.
constexpr uint32_t max_context = 1 << 26;

int check_context(const llama_model * model, const llm_context_params * p, char ** err) {
    if (p->n_ctx > max_context || p->n_batch > max_batch || p->n_ubatch > max_batch) {
        return llm::fail(err, LLM_EINVAL, "context of %u tokens, batch of %u, ubatch of %u: the limits are %u, %d and %d", p->n_ctx,
                         p->n_batch, p->n_ubatch, max_context, max_batch, max_batch);
    }
    if (p->n_batch == 0 || p->n_ubatch == 0) {
        return llm::fail(err, LLM_EINVAL, "batch of %u tokens, ubatch of %u: both must be at least 1", p->n_batch, p->n_ubatch);
    }
    if (p->n_seq_max == 0 || p->n_seq_max > llama_max_parallel_sequences()) {
        return llm::fail(err, LLM_EINVAL, "%u sequences: the limit is %zu", p->n_seq_max, llama_max_parallel_sequences());
    }
    if (p->n_outputs != 0 && p->n_outputs < p->n_seq_max) {
        return llm::fail(err, LLM_EINVAL, "room for %u outputs: there must be one for each of %u sequences", p->n_outputs, p->n_seq_max);
    }
    const uint32_t n_ctx = p->n_ctx > 0 ? p->n_ctx : llama_model_n_ctx_train(model);
    if (p->n_seq_max > std::min(n_ctx, p->n_batch)) {
        return llm::fail(err, LLM_EINVAL, "%u sequences: a context of %u tokens with a batch of %u does not hold a token of each", p->n_seq_max,
                         n_ctx, p->n_batch);
    }
    if (p->n_threads < 1 || p->n_threads > max_threads || p->n_threads_batch < 1 || p->n_threads_batch > max_threads) {
        return llm::fail(err, LLM_EINVAL, "%d and %d threads: each must be from 1 to %d", p->n_threads, p->n_threads_batch,
                         max_threads);
    }
    if (!is_kv_type(p->type_k) || !is_kv_type(p->type_v)) {
        return llm::fail(err, LLM_EINVAL, "KV cache types %d and %d: not known for a cache", p->type_k, p->type_v);
    }
    if (p->collect < LLM_COLLECT_NOTHING || p->collect > LLM_COLLECT_OUTPUT) {
        return llm::fail(err, LLM_EINVAL, "collecting %d is not known", p->collect);
    }
    if (p->pooling < LLAMA_POOLING_TYPE_UNSPECIFIED || p->pooling > LLAMA_POOLING_TYPE_RANK) {
        return llm::fail(err, LLM_EINVAL, "pooling %d is not known", p->pooling);
    }
    if (!(p->rope_freq_base >= 0 && p->rope_freq_base < INFINITY && p->rope_freq_scale >= 0 && p->rope_freq_scale < INFINITY)) {
        return llm::fail(err, LLM_EINVAL, "RoPE of base %g, scaled by %g: neither may be negative or endless", p->rope_freq_base, p->rope_freq_scale);
    }
    if (p->flash_attn < LLAMA_FLASH_ATTN_TYPE_AUTO || p->flash_attn > LLAMA_FLASH_ATTN_TYPE_ENABLED) {
        return llm::fail(err, LLM_EINVAL, "flash attention %d: -1, 0 or 1", p->flash_attn);
    }
    if (p->flash_attn == LLAMA_FLASH_ATTN_TYPE_DISABLED && ggml_is_quantized((enum ggml_type) p->type_v)) {
        return llm::fail(err, LLM_EINVAL, "a quantized V cache (%s) needs flash attention", ggml_type_name((enum ggml_type) p->type_v));
    }
    return LLM_OK;
}

// Whether a token sees only those before it. The engine computes the batches of other
// models in one piece, or asserts.
bool is_causal(const llama_model * model) {
    char arch[128] = "", value[16] = "";
    llama_model_meta_val_str(model, "general.architecture", arch, sizeof arch);
    llama_model_meta_val_str(model, (std::string(arch) + ".attention.causal").c_str(), value, sizeof value);
    return strcmp(value, "false") != 0;
}

// Whether the model can do that at all: the engine asserts or crashes otherwise.
int check_model(const char * op, const llm_context * c, bool encode, char ** err) {
    const llama_model * model = c->model->model;
    // Models for embeddings only (BERT and its kind) have a decoder by the engine's
    // account, and no memory.
    const bool decoder = llama_model_has_decoder(model) && c->memory();
    const bool encoder = llama_model_has_encoder(model) || !c->memory();
    if (encode ? !encoder : !decoder) {
        return llm::fail(err, LLM_EINVAL, "%s: the model has no %s", op, encode ? "encoder" : "decoder, or no memory");
    }
    if (!encode && encoder && !c->encoded) {
        return llm::fail(err, LLM_EINVAL, "%s: the model's decoder reads what its encoder made: encode first", op);
    }
    return LLM_OK;
}

int check_batch(const char * op, const llm_context * c, const llm_batch * b, bool encode, int32_t * n_rows, char ** err) {
    if (b->n_tokens < 1 || b->n_tokens > b->cap) {
        return llm::fail(err, LLM_EINVAL, "%s: %d tokens in a batch with room for %d", op, b->n_tokens, b->cap);
    }
    if (!b->token || !b->pos || !b->n_seq || !b->seq || !b->output) {
        return llm::fail(err, LLM_EINVAL, "%s: the batch has no arrays", op);
    }
    const int32_t most = encode || !c->causal ? std::min(c->n_batch, c->n_ubatch) : c->n_batch;
    if (b->n_tokens > most) {
        return llm::fail(err, LLM_EINVAL, "%s: %d tokens; the context takes %d at a time", op, b->n_tokens, most);
    }
    *n_rows = 0;
    for (int32_t i = 0; i < b->n_tokens; i++) {
        if (!c->model->has(b->token[i])) {
            return llm::fail(err, LLM_EINVAL, "%s: token %d at %d: the vocabulary has %d", op, b->token[i], i, c->model->n_vocab);
        }
        if (b->pos[i] < 0) {
            return llm::fail(err, LLM_EINVAL, "%s: position %d at %d", op, b->pos[i], i);
        }
        if (!b->seq[i] || b->n_seq[i] < 1 || b->n_seq[i] > b->n_seq_max) {
            return llm::fail(err, LLM_EINVAL, "%s: token %d belongs to %d sequences; the batch has room for %d", op, i,
                             b->n_seq[i], b->n_seq_max);
        }
        for (int32_t j = 0; j < b->n_seq[i]; j++) {
            if (b->seq[i][j] < 0 || b->seq[i][j] >= c->n_seq_max) {
                return llm::fail(err, LLM_EINVAL, "%s: sequence %d at %d: the context has %d", op, b->seq[i][j], i, c->n_seq_max);
            }
        }
        *n_rows += b->output[i] != 0;
    }
    if (const int32_t n = encode || c->embeddings ? b->n_tokens : *n_rows; n > c->n_outputs) {
        return llm::fail(err, LLM_EINVAL, "%s: %d outputs; the context has room for %d", op, n, c->n_outputs);
    }
    return LLM_OK;
}

threadpool new_threadpool(int32_t n_threads) {
    ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    if (!cpu) {
        throw std::runtime_error("there is no CPU backend");
    }
    // By name, because a backend may be a loadable module.
    ggml_backend_reg_t reg     = ggml_backend_dev_backend_reg(cpu);
    auto *             make    = (decltype(ggml_threadpool_new) *) ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_new");
    auto *             destroy = (decltype(ggml_threadpool_free) *) ggml_backend_reg_get_proc_address(reg, "ggml_threadpool_free");
    ggml_threadpool_params p   = ggml_threadpool_params_default(n_threads);
    ggml_threadpool *  pool    = make && destroy ? make(&p) : nullptr;
    if (!pool) {
        throw std::runtime_error("no pool of " + std::to_string(n_threads) + " compute threads could be made");
    }
    return threadpool(pool, destroy);
}

// One pool for both kinds of work where they want as many threads.
void attach_threadpools(llm_context * c, const llm_context_params * p) {
    c->pool = new_threadpool(p->n_threads);
    if (p->n_threads_batch != p->n_threads) {
        c->pool_batch = new_threadpool(p->n_threads_batch);
    }
    llama_attach_threadpool(c->ctx, c->pool.get(), c->pool_batch ? c->pool_batch.get() : c->pool.get());
}

// A device tells by the status GGML_STATUS_ALLOC_FAILED (-2); the engine's own code -2
// stands for other things as well.
bool no_memory(const std::string & errors) {
    return errors.find("compute status: -2") != std::string::npos || errors.find("failed to allocate") != std::string::npos;
}

// What decode and encode have in common: f computes, and returns the engine's code.
template <class F> int compute(const char * op, llm_context * c, const llm_batch * b, bool encode, char ** err, F && f) {
    return llm::guard(err, [&](llm::scope & s) -> int {
        if (!c || !b) {
            return llm::fail(err, LLM_EINVAL, "%s: there is no context or no batch", op);
        }
        int32_t n_rows = 0;
        if (const int code = check_batch(op, c, b, encode, &n_rows, err)) {
            return code;
        }
        if (c->model->simulated) {
            return llm::fail(err, LLM_EINVAL, "%s: the model was loaded for simulation only", op);
        }
        if (const int code = check_model(op, c, encode, err)) {
            return code;
        }
        if (c->cancel.load(std::memory_order_relaxed)) {
            return llm::fail(err, LLM_ECANCELED, "%s: cancelled", op);
        }
        c->n_rows         = 0;
        const int32_t got = f();
        if (c->collector && !c->collector->problem.empty()) {
            return llm::fail(err, LLM_EFATAL, "%s: %s", op, c->collector->problem.c_str());
        }
        switch (got) {
            case 0:
                c->n_rows = n_rows;
                c->encoded |= encode;
                return LLM_OK;
            case 1:
                return llm::fail(err, LLM_ENOSLOT, "%s: no room for %d tokens in a KV cache of %d", op, b->n_tokens, c->n_ctx);
            case 2:
                return llm::fail(err, LLM_ECANCELED, "%s: cancelled", op);
            case -1:
                return llm::fail(err, LLM_EBATCH, "%s: inconsistent batch: %s", op, s.errors().c_str());
            default:
                return llm::fail(err, LLM_EFATAL, "%s: %s (%d): %s", op,
                                 no_memory(s.errors()) ? "out of memory" : "the computation failed", got, s.errors().c_str());
        }
    }, true);
}

} // namespace

extern "C" {

// (llama_batch_init does not check what it allocates.)
int llm_batch_init(struct llm_batch * b, int32_t cap, int32_t n_seq_max, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!b || cap < 1 || cap > max_batch || n_seq_max < 1 || (size_t) n_seq_max > llama_max_parallel_sequences()) {
            return llm::fail(err, LLM_EINVAL, "batch: room for %d tokens of %d sequences; the limits are %d and %zu", cap, n_seq_max,
                             max_batch, llama_max_parallel_sequences());
        }
        if ((int64_t) cap * n_seq_max > max_batch_ids) {
            return llm::fail(err, LLM_EINVAL, "batch: %d tokens times %d sequences; the limit is %" PRId64, cap, n_seq_max, max_batch_ids);
        }
        auto * arrays = new batch_arrays(cap, n_seq_max);
        *b            = { 0, cap, n_seq_max, arrays->token.data(), arrays->pos.data(), arrays->n_seq.data(), arrays->seq.data(),
                          arrays->output.data(), arrays };
        return LLM_OK;
    });
}

static llama_batch as_llama(const llm_batch * b) {
    return { b->n_tokens, b->token, nullptr, b->pos, b->n_seq, b->seq, b->output };
}

void llm_batch_free(struct llm_batch * b) {
    if (b) {
        delete static_cast<batch_arrays *>(b->arrays);
        *b = {};
    }
}

void llm_context_default_params(struct llm_context_params * out) {
    const llama_context_params p = llama_context_default_params();

    *out                 = {};
    out->n_ctx           = p.n_ctx;
    out->n_batch         = p.n_batch;
    out->n_ubatch        = p.n_ubatch;
    out->n_seq_max       = p.n_seq_max;
    out->n_threads       = p.n_threads;
    out->n_threads_batch = p.n_threads_batch;
    out->type_k          = p.type_k;
    out->type_v          = p.type_v;
    out->flash_attn      = p.flash_attn_type;
    out->embeddings      = p.embeddings;
    out->pooling         = p.pooling_type;
    out->offload_kqv     = p.offload_kqv;
    out->op_offload      = p.op_offload;
    out->swa_full        = p.swa_full;
    out->kv_unified      = p.kv_unified;
}

int llm_kv_type(const char * name) {
    for (const auto & t : kv_types) {
        if (name && strcmp(t.name, name) == 0) {
            return t.type;
        }
    }
    return -1;
}

int llm_context_new(llm_model * model, const struct llm_context_params * params, llm_context ** out, char ** err) {
    return llm::guard(err, [&](llm::scope & s) -> int {
        if (!model || !params || !out) {
            return llm::fail(err, LLM_EINVAL, "a model, parameters and a place for the result are needed");
        }
        if (model->vocab_only) {
            return llm::fail(err, LLM_EINVAL, "the model was loaded for its vocabulary only");
        }
        s.quiet = model->simulated;
        if (const int code = check_context(model->model, params, err)) {
            return code;
        }
        auto c   = std::unique_ptr<llm_context, void (*)(llm_context *)>(new llm_context{}, llm_context_free);
        c->model = model;

        llama_context_params p = llama_context_default_params();
        p.n_ctx                = params->n_ctx;
        p.n_batch              = params->n_batch;
        p.n_ubatch             = params->n_ubatch;
        p.n_seq_max            = params->n_seq_max;
        p.n_outputs_max        = params->n_outputs;
        p.n_threads            = params->n_threads;
        p.n_threads_batch      = params->n_threads_batch;
        p.type_k               = (enum ggml_type) params->type_k;
        p.type_v               = (enum ggml_type) params->type_v;
        p.flash_attn_type      = (enum llama_flash_attn_type) params->flash_attn;
        p.embeddings           = params->embeddings;
        p.pooling_type         = (enum llama_pooling_type) params->pooling;
        p.offload_kqv          = params->offload_kqv;
        p.op_offload           = params->op_offload;
        p.swa_full             = params->swa_full;
        p.kv_unified           = params->kv_unified;
        p.rope_freq_base       = params->rope_freq_base;
        p.rope_freq_scale      = params->rope_freq_scale;
        p.no_perf              = true;
        // Compute threads ask this between nodes: it must stay in C.
        p.abort_callback_data = c.get();
        p.abort_callback      = [](void * data) {
            auto * c = static_cast<llm_context *>(data);
            c->progress.fetch_add(1, std::memory_order_relaxed);
            return c->cancel.load(std::memory_order_relaxed);
        };

        if (params->collect != LLM_COLLECT_NOTHING) {
            c->collector        = std::make_unique<llm::collector>(params->collect == LLM_COLLECT_OUTPUT);
            p.cb_eval           = llm::collector::callback;
            p.cb_eval_user_data = c->collector.get();
        }

        llm::simulation simulated(model->simulated);
        c->ctx = llama_init_from_model(model->model, p);
        if (!c->ctx) {
            return llm::fail(err, LLM_EENGINE, "%s", s.errors().empty() ? "the engine gave no reason" : s.errors().c_str());
        }
        c->n_ctx     = (int32_t) llama_n_ctx(c->ctx);
        c->n_batch   = (int32_t) llama_n_batch(c->ctx);
        c->n_ubatch  = (int32_t) llama_n_ubatch(c->ctx);
        c->n_seq_max = (int32_t) llama_n_seq_max(c->ctx);
        c->kv_unified = params->kv_unified;
        c->embeddings = params->embeddings;
        c->causal     = is_causal(model->model);
        // The engine takes one for each token of a batch where it has an encoder.
        c->n_outputs  = params->n_outputs && !llama_model_has_encoder(model->model) ? (int32_t) std::min(params->n_outputs, (uint32_t) INT32_MAX) : INT32_MAX;
        if (!model->simulated) {
            attach_threadpools(c.get(), params); // threads take milliseconds, and a simulation never computes
        } else if (!llm::reserve_simulated(c.get())) {
            return llm::fail(err, LLM_EENGINE, "the engine could not reserve what it computes in: %s", s.errors().c_str());
        }
        *out         = c.release();
        return LLM_OK;
    });
}

void llm_context_free(llm_context * c) {
    if (!c) {
        return;
    }
    llm::guard(nullptr, [&](llm::scope &) {
        if (c->ctx) {
            llama_free(c->ctx);
        }
        return LLM_OK;
    });
    delete c; // the threads end after the context that used them
}

void llm_context_info(const llm_context * c, struct llm_context_info * out) {
    if (!c || !out) {
        return;
    }
    out->n_ctx     = llama_n_ctx(c->ctx);
    out->n_ctx_seq = llama_n_ctx_seq(c->ctx);
    out->n_batch   = llama_n_batch(c->ctx);
    out->n_ubatch  = llama_n_ubatch(c->ctx);
    out->n_seq_max = llama_n_seq_max(c->ctx);

    out->pooling    = llama_pooling_type(c->ctx);
    out->n_embd_out = out->pooling == LLAMA_POOLING_TYPE_RANK ? (int32_t) llama_model_n_cls_out(c->model->model)
                                                              : llama_model_n_embd_out(c->model->model);
    out->has_memory = c->memory() != nullptr;
}

void llm_cancel(llm_context * c, bool on) {
    if (!c) {
        return;
    }
    c->cancel.store(on, std::memory_order_relaxed);
}

uint64_t llm_progress(const llm_context * c) {
    return c ? c->progress.load(std::memory_order_relaxed) : 0;
}

int llm_decode(llm_context * c, const struct llm_batch * b, char ** err) {
    return compute("decode", c, b, false, err, [&] { return llama_decode(c->ctx, as_llama(b)); });
}

int llm_encode(llm_context * c, const struct llm_batch * b, char ** err) {
    return compute("encode", c, b, true, err, [&] { return llama_encode(c->ctx, as_llama(b)); });
}

void llm_synchronize(llm_context * c) {
    llm::guard(nullptr, [&](llm::scope &) {
        if (!c) {
            return LLM_OK;
        }
        llama_synchronize(c->ctx);
        return LLM_OK;
    }, true);
}

const float * llm_logits(llm_context * c, int32_t i) {
    if (!c || c->embeddings || c->n_rows == 0 || i < -c->n_rows) {
        return nullptr;
    }
    return llm::guard_value<const float *>(nullptr, [&] { return llama_get_logits_ith(c->ctx, i); });
}

const float * llm_embedding_seq(llm_context * c, int32_t seq) {
    if (!c || !c->embeddings || c->n_rows == 0 || seq < 0 || seq >= c->n_seq_max || llama_pooling_type(c->ctx) == LLAMA_POOLING_TYPE_NONE) {
        return nullptr;
    }
    return llm::guard_value<const float *>(nullptr, [&] { return llama_get_embeddings_seq(c->ctx, seq); });
}

const float * llm_embedding(llm_context * c, int32_t i) {
    if (!c || !c->embeddings || c->n_rows == 0 || i < -c->n_rows) {
        return nullptr;
    }
    return llm::guard_value<const float *>(nullptr, [&] { return llama_get_embeddings_ith(c->ctx, i); });
}

int llm_context_memory(const llm_context * c, struct llm_memory_use * out, int cap) {
    return llm::guard_value(0, [&] {
        int n = 0;
        if (!c) {
            return n;
        }
        for (const auto & [type, use] : llama_get_memory_breakdown(c->ctx)) {
            const auto   reserved = c->reserved.find(type);
            const size_t compute  = reserved == c->reserved.end() ? use.compute : reserved->second;
            if (n < cap) {
                out[n] = { ggml_backend_buft_name(type), llm::device_of(type), ggml_backend_buft_is_host(type), llm::real_size(type, use.model),
                           llm::real_size(type, use.context), llm::real_size(type, compute) };
            }
            n++;
        }
        return n;
    });
}

} // extern "C"
