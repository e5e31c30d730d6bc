// Calls of our C face that Go cannot make, for tests: each must be refused.
#include "reference.h"

#include "../llm.h"

#include <cstddef>
#include <iterator>

namespace {

struct fixture {
    llm_model *   model = nullptr;
    llm_context * ctx   = nullptr;
    llm_batch     batch = {};

    ~fixture() {
        llm_batch_free(&batch);
        llm_context_free(ctx);
        llm_model_free(model);
    }

    int open(const char * path, char ** err) {
        llm_model_params m;
        llm_model_default_params(&m);
        if (const int code = llm_model_load(path, &m, &model, err)) {
            return code;
        }
        llm_context_params c;
        llm_context_default_params(&c);
        c.n_ctx = 256, c.n_batch = c.n_ubatch = 64, c.n_threads = c.n_threads_batch = 1;
        if (const int code = llm_context_new(model, &c, &ctx, err)) {
            return code;
        }
        if (const int code = llm_batch_init(&batch, 4, 1, err)) {
            return code;
        }
        batch.n_tokens = 1;
        batch.token[0] = 3, batch.n_seq[0] = 1, batch.output[0] = 1;
        return LLM_OK;
    }
};

using fault = int (*)(fixture & f, char ** err);

int decode(fixture & f, const llm_batch & b, char ** err) { return llm_decode(f.ctx, &b, err); }

int load(void (*change)(llm_model_params & p), char ** err) {
    llm_model_params p;
    llm_model_default_params(&p);
    change(p);
    llm_model * model = nullptr;
    return llm_model_load("/no/such/file", &p, &model, err);
}

int quantize(void (*change)(llm_quantize_params & p), char ** err) {
    llm_quantize_params p = {};
    p.ftype = 2, p.n_threads = 1, p.output_type = p.embedding_type = -1;
    change(p);
    return llm_quantize("/no/such/file", "/no/such/folder/file", &p, err);
}

int simulate(const llm_described * devices, int32_t n, char ** err) {
    llm_model_params p;
    llm_model_default_params(&p);
    p.no_alloc = true, p.described = devices, p.n_described = n;
    llm_model * model = nullptr;
    return llm_model_load("/no/such/file", &p, &model, err);
}

// A device with what each must have but for one thing.
int simulate(void (*change)(llm_described & d), char ** err) {
    llm_described d{};
    d.name = "A", d.backend = "cuda", d.total = 1, d.alignment = 1;
    change(d);
    return simulate(&d, 1, err);
}

const fault faults[] = {
    [](fixture &, char ** err) { return simulate(nullptr, 1, err); },
    [](fixture &, char ** err) { return simulate(nullptr, -1, err); },
    [](fixture &, char ** err) { static const llm_described d{}; return simulate(&d, -1, err); },
    [](fixture &, char ** err) { static const llm_described d{}; return simulate(&d, 1 << 30, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.name = nullptr; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.backend = nullptr; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.total = 0; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.free = UINT64_MAX; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.alignment = 0; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.host_buffer = true; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.row_padding = UINT32_MAX; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.max_buffer = 1; }, err); },
    [](fixture &, char ** err) { return simulate([](llm_described & d) { d.compute_capability = UINT32_MAX; }, err); },
    [](fixture &, char ** err) { return llm_device_describe(0, nullptr, err); },
    [](fixture &, char ** err) { llm_described d; return llm_device_describe(-1, &d, err); },
    [](fixture &, char ** err) { llm_described d; return llm_device_describe(0, &d, err); }, // the CPU
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.n_devices = 1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.n_devices = -1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { static const char * const none = nullptr; p.devices = &none, p.n_devices = 1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.n_tensor_split = 1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.n_tensor_split = -1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.n_overrides = 1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.n_overrides = 1 << 30; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { static const llm_override o{}; p.overrides = &o, p.n_overrides = 1; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.split_mode = 4; }, err); },
    [](fixture &, char ** err) { return load([](llm_model_params & p) { p.split_mode = -1; }, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.token  = nullptr; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.pos    = nullptr; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.n_seq  = nullptr; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.seq    = nullptr; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.output = nullptr; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = {}; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.n_tokens = 5; return decode(f, b, err); },
    [](fixture & f, char ** err) { llm_batch b = f.batch; b.n_tokens = -1; return decode(f, b, err); },
    [](fixture & f, char ** err) { f.batch.n_seq[0] = 0; return decode(f, f.batch, err); },
    [](fixture & f, char ** err) { f.batch.n_seq[0] = -1; return decode(f, f.batch, err); },
    [](fixture & f, char ** err) { f.batch.n_seq[0] = 1 << 30; return decode(f, f.batch, err); },
    [](fixture & f, char ** err) { f.batch.seq[0] = nullptr; return decode(f, f.batch, err); },
    [](fixture & f, char ** err) { return llm_decode(f.ctx, nullptr, err); },
    [](fixture & f, char ** err) { return llm_decode(nullptr, &f.batch, err); },
    [](fixture & f, char ** err) { return llm_encode(f.ctx, nullptr, err); },
    [](fixture &, char ** err) { return llm_batch_init(nullptr, 1, 1, err); },
    [](fixture & f, char ** err) { return llm_context_new(f.model, nullptr, &f.ctx, err); },
    [](fixture & f, char ** err) { return llm_grammar_new(f.model, nullptr, nullptr, nullptr, err); },
    [](fixture & f, char ** err) { return llm_memory_seq_rm(f.ctx, 0, 0, -1, nullptr, err); },
    [](fixture & f, char ** err) { return llm_memory_seq_range(f.ctx, 0, nullptr, nullptr, err); },
    [](fixture & f, char ** err) { return llm_state_size(f.ctx, 0, nullptr, err); },
    [](fixture & f, char ** err) { return llm_state_get(f.ctx, 0, nullptr, 4096, nullptr, err); },
    [](fixture & f, char ** err) { int32_t n; return llm_tokenize(f.model, nullptr, 5, true, true, nullptr, 0, &n, err); },
    [](fixture & f, char ** err) { return llm_tokenize(f.model, "x", 1, true, true, nullptr, 0, nullptr, err); },
    [](fixture & f, char ** err) { int32_t n; return llm_token_piece(f.model, 3, true, nullptr, 8, &n, err); },
    [](fixture & f, char ** err) { int32_t n; return llm_detokenize(f.model, nullptr, 3, nullptr, 0, &n, err); },
    [](fixture & f, char ** err) { return llm_context_adapt(f.ctx, nullptr, nullptr, 1, err); },
    [](fixture & f, char ** err) { return llm_context_adapt(f.ctx, nullptr, nullptr, -1, err); },
    [](fixture &, char ** err) { return llm_schema_to_grammar(nullptr, nullptr, err); },
    [](fixture &, char ** err) { return llm_reply_new(nullptr, nullptr, err); },
    [](fixture &, char ** err) { return llm_device_get(1 << 30, nullptr, err); },
    [](fixture &, char ** err) { return llm_quantize(nullptr, nullptr, nullptr, err); },
    [](fixture &, char ** err) { return llm_quantize("", "x", nullptr, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { p.n_threads = 0; }, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { p.n_threads = 1 << 20; }, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { p.n_types = 1; }, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { p.n_types = -1; }, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { static const llm_tensor_type t{}; p.types = &t, p.n_types = 1; }, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { static const llm_matrix_entry e{}; p.matrix = &e, p.n_matrix = 1; }, err); },
    [](fixture &, char ** err) { return quantize([](llm_quantize_params & p) { static const llm_matrix_entry e{}; p.matrix = &e, p.n_matrix = -1; }, err); },
};

} // namespace

extern "C" int llm_reference_faults(void) { return (int) std::size(faults); }

extern "C" int llm_reference_fault(const char * path, int i, char ** err) {
    fixture f;
    if (f.open(path, err) != LLM_OK) {
        return -1;
    }
    if (const int code = faults[i](f, err)) {
        return code;
    }
    return LLM_OK;
}
