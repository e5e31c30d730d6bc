// Probes: how fast a device moves memory and multiplies, and how exactly.
#include "guard.h"

#include "ggml-backend.h"
#include "ggml-cpp.h"
#include "ggml.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

// Implemented in Go (llama/callback.go): false stops the probe.
extern "C" bool llm_go_progress(uint64_t id, float fraction);

namespace {

using clock_type = std::chrono::steady_clock;

double since(clock_type::time_point start) {
    return std::chrono::duration<double>(clock_type::now() - start).count();
}

struct device {
    ggml_backend_dev_t dev = nullptr;
    ggml_backend_ptr   backend;

    ggml_backend_buffer_type_t buffers() const { return ggml_backend_dev_buffer_type(dev); }

    void * function(const char * name) const { return ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(dev), name); }
};

int open(const llm_probe_params * p, device & d, char ** err) {
    if (!p || p->n_threads < 1 || p->n_threads > GGML_MAX_N_THREADS || !(p->seconds >= 0)) {
        return llm::fail(err, LLM_EINVAL, "a probe needs parameters, 1 to %d threads and a time", GGML_MAX_N_THREADS);
    }
    if (p->device < 0 || (size_t) p->device >= ggml_backend_dev_count()) {
        return llm::fail(err, LLM_EINVAL, "device %d: there are %zu", p->device, ggml_backend_dev_count());
    }
    d.dev = ggml_backend_dev_get(p->device);
    d.backend.reset(ggml_backend_dev_init(d.dev, nullptr));
    if (!d.backend) {
        return llm::fail(err, LLM_EENGINE, "device %s does not start", ggml_backend_dev_name(d.dev));
    }
    if (auto set = (ggml_backend_set_n_threads_t) d.function("ggml_backend_set_n_threads")) {
        set(d.backend.get(), p->n_threads);
    }
    return LLM_OK;
}

// Tensors with the memory behind them.
struct tensors {
    ggml_context_ptr        ctx;
    ggml_backend_buffer_ptr buffer;

    // A graph counts what it reads, too, and has no room for less than all of it.
    static size_t graph_size(size_t n) { return 2 * n + 8; }

    explicit tensors(size_t n) : ctx(ggml_init({ ggml_tensor_overhead() * n + ggml_graph_overhead_custom(graph_size(n), false), nullptr, true })) {
        if (!ctx) {
            throw std::bad_alloc();
        }
    }

    ggml_cgraph * graph(size_t n) { return ggml_new_graph_custom(ctx.get(), graph_size(n), false); }

    int allocate(ggml_backend_buffer_type_t type, char ** err) {
        buffer.reset(ggml_backend_alloc_ctx_tensors_from_buft(ctx.get(), type));
        if (buffer) {
            return LLM_OK;
        }
        size_t need = 0;
        for (ggml_tensor * t = ggml_get_first_tensor(ctx.get()); t; t = ggml_get_next_tensor(ctx.get(), t)) {
            need += ggml_nbytes(t);
        }
        return llm::fail(err, LLM_EENGINE, "%s has no room for %zu bytes", ggml_backend_buft_name(type), need);
    }
};

// Computes a graph n times; the time of one. On the CPU, threads wait for this one, which
// must not unwind.
int run(const device & d, ggml_cgraph * graph, int n, double & seconds, char ** err) {
    const llm::scope computes(true);
    const auto       start  = clock_type::now();
    ggml_status      status = GGML_STATUS_SUCCESS;
    for (int i = 0; i < n && status == GGML_STATUS_SUCCESS; i++) {
        status = ggml_backend_graph_compute_async(d.backend.get(), graph);
    }
    ggml_backend_synchronize(d.backend.get());
    seconds = since(start) / n;
    if (status != GGML_STATUS_SUCCESS) {
        return llm::fail(err, LLM_EFATAL, "%s: %s", ggml_backend_dev_name(d.dev), ggml_status_to_string(status));
    }
    return LLM_OK;
}

// Rounds of some 20 ms until the time is over, one at least. What is done first on a
// device, such as compiling, does not count.
int measure(const device & d, ggml_cgraph * graph, const llm_probe_params * p, llm_probe * out, char ** err) {
    constexpr double round_s = 0.02;
    double           once    = 0;
    int              warm    = 0;
    std::vector<double> times;
    do {
        if (const int code = run(d, graph, 1, once, err)) {
            return code;
        }
    } while (++warm < 2 && once < p->seconds);
    const int  n     = (int) std::clamp(round_s / std::max(once, 1e-9), 1.0, 1000.0);
    const auto start = clock_type::now();
    do {
        if (p->progress && !llm_go_progress(p->progress, (float) std::min(1.0, since(start) / std::max(p->seconds, 1e-9)))) {
            return llm::fail(err, LLM_ECANCELED, "probe cancelled");
        }
        times.push_back(0);
        if (const int code = run(d, graph, n, times.back(), err)) {
            return code;
        }
    } while (since(start) < p->seconds);
    std::sort(times.begin(), times.end());
    out->supported = true;
    out->rounds    = (int32_t) times.size();
    out->best_s    = times.front();
    out->median_s  = times[times.size() / 2];
    return LLM_OK;
}

// Numbers between -1 and 1, always the same.
struct noise {
    uint64_t state;
    explicit noise(uint64_t seed) : state(0x9e3779b97f4a7c15 * seed) {}

    float next() {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (float) (int32_t) (state >> 32) / 2147483648.0f;
    }
    std::vector<float> many(size_t n) {
        std::vector<float> v(n);
        std::generate(v.begin(), v.end(), [this] { return next(); });
        return v;
    }
};

int weight_type(const char * name, ggml_type & type, char ** err) {
    for (int i = 0; name && i < GGML_TYPE_COUNT; i++) {
        type             = (ggml_type) i;
        const auto * its = ggml_get_type_traits(type);
        if (its->type_name && strcmp(its->type_name, name) == 0 && its->blck_size > 0 && (its->to_float || type == GGML_TYPE_F32)) {
            return LLM_OK;
        }
    }
    return llm::fail(err, LLM_EINVAL, "no weights have the type %s", name ? name : "(none)");
}

// Weights of random numbers as they are stored.
std::vector<uint8_t> weights(ggml_type type, int64_t rows, int64_t cols) {
    const std::vector<float> numbers = noise(1).many(rows * cols);
    const std::vector<float> importance(cols, 1.0f); // some types cannot do without
    std::vector<uint8_t>     stored(rows * ggml_row_size(type, cols));
    ggml_quantize_chunk(type, numbers.data(), stored.data(), 0, rows, cols, importance.data());
    return stored;
}

// The products of n matrices with one of columns.
struct products {
    tensors                    weights, rest;
    std::vector<ggml_tensor *> w, y;
    ggml_tensor *              x;
    ggml_cgraph *              graph;

    products(ggml_type type, int n, int64_t rows, int64_t cols, int64_t columns) : weights(n), rest(n + 1) {
        x     = ggml_new_tensor_2d(rest.ctx.get(), GGML_TYPE_F32, cols, columns);
        graph = rest.graph(n);
        for (int i = 0; i < n; i++) {
            w.push_back(ggml_new_tensor_2d(weights.ctx.get(), type, cols, rows));
            y.push_back(ggml_mul_mat(rest.ctx.get(), w[i], x));
            ggml_build_forward_expand(graph, y[i]);
        }
    }

    // The weights lie where the engine would put those of a model: on the CPU, that may
    // be a buffer that stores them in another order.
    ggml_backend_buffer_type_t place(const device & d) {
        if (auto extra = (ggml_backend_dev_get_extra_bufts_t) d.function("ggml_backend_dev_get_extra_bufts")) {
            for (auto * type = extra(d.dev); type && *type; type++) {
                const ggml_backend_buffer_ptr none(ggml_backend_buft_alloc_buffer(*type, 0));
                w[0]->buffer    = none.get();
                const bool good = ggml_backend_dev_supports_op(d.dev, y[0]);
                w[0]->buffer    = nullptr;
                if (good) {
                    return *type;
                }
            }
        }
        return d.buffers();
    }

    // All matrices are alike: block again and again.
    int fill(const device & d, const std::vector<uint8_t> & block, const std::vector<float> & columns, char ** err) {
        if (int code = weights.allocate(place(d), err)) {
            return code;
        }
        ggml_backend_buffer_set_usage(weights.buffer.get(), GGML_BACKEND_BUFFER_USAGE_WEIGHTS);
        if (int code = rest.allocate(d.buffers(), err)) {
            return code;
        }
        std::vector<uint8_t> matrix(ggml_nbytes(w[0]));
        for (size_t at = 0; at < matrix.size(); at += block.size()) {
            memcpy(&matrix[at], block.data(), std::min(block.size(), matrix.size() - at));
        }
        for (ggml_tensor * t : w) {
            ggml_backend_tensor_set(t, matrix.data(), 0, matrix.size());
        }
        ggml_backend_tensor_set(x, columns.data(), 0, ggml_nbytes(x));
        return LLM_OK;
    }
};

// The matrices of the probe: as those of a model with some billion weights, and smaller
// ones, to find out how many of these there is time for.
constexpr int64_t large = 4096, small = 1024, block_rows = 64;

int measure_products(const device & d, const llm_probe_params * p, ggml_type type, int n, int64_t side, int32_t columns, llm_probe * out, char ** err) {
    const uint64_t need = n * ggml_row_size(type, side) * side + columns * side * 2 * sizeof(float);
    if (need > p->max_bytes) {
        return llm::fail(err, LLM_EENGINE, "a product takes %llu bytes; %llu may be taken", (unsigned long long) need, (unsigned long long) p->max_bytes);
    }
    products work(type, n, side, side, columns);
    if (!ggml_backend_dev_supports_op(d.dev, work.y[0])) {
        return LLM_OK;
    }
    if (int code = work.fill(d, weights(type, block_rows, side), noise(2).many(side * columns), err)) {
        return code;
    }
    out->columns = columns;
    out->bytes   = n * ggml_row_size(type, side) * side;
    out->flop    = 2.0 * n * side * side * columns;
    return measure(d, work.graph, p, out, err);
}

double nmse(const products & work, const std::vector<uint8_t> & stored, const std::vector<float> & columns) {
    const int64_t      cols = work.x->ne[0], rows = work.w[0]->ne[1];
    const auto         to_float = ggml_get_type_traits(work.w[0]->type)->to_float;
    std::vector<float> row(cols), got(ggml_nelements(work.y[0]));
    ggml_backend_tensor_get(work.y[0], got.data(), 0, ggml_nbytes(work.y[0]));
    double wrong = 0, all = 0;
    for (int64_t r = 0; r < rows; r++) {
        const uint8_t * from = &stored[r * ggml_row_size(work.w[0]->type, cols)];
        if (to_float) {
            to_float(from, row.data(), cols);
        } else {
            memcpy(row.data(), from, cols * sizeof(float));
        }
        for (int64_t c = 0; c < work.x->ne[1]; c++) {
            double sum = 0;
            for (int64_t i = 0; i < cols; i++) {
                sum += (double) row[i] * columns[c * cols + i];
            }
            wrong += (got[c * rows + r] - sum) * (got[c * rows + r] - sum);
            all += sum * sum;
        }
    }
    return wrong / all;
}

} // namespace

extern "C" {

int llm_probe_copy(const struct llm_probe_params * p, struct llm_probe * out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        device d;
        if (int code = out ? open(p, d, err) : llm::fail(err, LLM_EINVAL, "no place for the result")) {
            return code;
        }
        *out = {};
        constexpr uint64_t most = 256u << 20, least = 1u << 16;
        uint64_t           size = std::min({ most, p->max_bytes / 2, (uint64_t) ggml_backend_buft_get_max_size(d.buffers()) });
        if (size < least) {
            return llm::fail(err, LLM_EENGINE, "a copy takes %llu bytes; %llu may be taken", (unsigned long long) (2 * least), (unsigned long long) p->max_bytes);
        }
        std::unique_ptr<tensors> t;
        ggml_tensor *            copy;
        do { // some devices have a limit for a tensor
            t.reset(new tensors(3));
            ggml_tensor * from = ggml_new_tensor_1d(t->ctx.get(), GGML_TYPE_F32, size / sizeof(float));
            copy               = ggml_cpy(t->ctx.get(), from, ggml_new_tensor_1d(t->ctx.get(), GGML_TYPE_F32, size / sizeof(float)));
        } while (!ggml_backend_dev_supports_op(d.dev, copy) && (size /= 2) >= least);
        if (size < least) {
            return LLM_OK;
        }
        ggml_cgraph * graph = t->graph(3);
        ggml_build_forward_expand(graph, copy);
        if (int code = t->allocate(d.buffers(), err)) {
            return code;
        }
        ggml_backend_buffer_clear(t->buffer.get(), 1); // else all of it is one page of zeros
        out->bytes = 2 * ggml_nbytes(copy);
        return measure(d, graph, p, out, err);
    });
}

int llm_probe_product(const struct llm_probe_params * p, const char * name, int32_t columns, struct llm_probe * out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        device    d;
        ggml_type type;
        if (!out || columns < 1 || columns > 8192) {
            return llm::fail(err, LLM_EINVAL, "a product of %d columns: 1 to 8192, and a place for the result", columns);
        }
        *out = {};
        if (int code = open(p, d, err)) {
            return code;
        }
        if (int code = weight_type(name, type, err)) {
            return code;
        }
        const int32_t    few   = std::min(columns, 32);
        llm_probe_params quick = *p;
        quick.seconds          = std::min(p->seconds, 0.05); // the best of some rounds, where they are short
        int code               = measure_products(d, &quick, type, 1, small, few, out, err);
        if (code || !out->supported) {
            return code;
        }
        const double once = out->best_s * (large * large) / (small * small); // of a large one
        if (columns > few) {
            const double all = once * columns / few;
            if (once > p->seconds) {
                return measure_products(d, p, type, 1, small, few, out, err);
            }
            return measure_products(d, p, type, 1, large, all > 2 * p->seconds ? few : columns, out, err);
        }
        constexpr uint64_t beyond_caches = 256u << 20;
        const uint64_t     room          = std::min(beyond_caches, p->max_bytes / 10 * 9) / (ggml_row_size(type, large) * large);
        const uint64_t     time          = (uint64_t) std::clamp(p->seconds / std::max(once, 1e-9), 1.0, 1e6);
        return measure_products(d, p, type, (int) std::max<uint64_t>(1, std::min(room, time)), large, few, out, err);
    });
}

int llm_probe_accuracy(const struct llm_probe_params * p, const char * name, bool * supported, double * out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        device    d;
        ggml_type type;
        if (!supported || !out) {
            return llm::fail(err, LLM_EINVAL, "no place for the result");
        }
        *supported = false;
        *out       = 0;
        if (int code = open(p, d, err)) {
            return code;
        }
        if (int code = weight_type(name, type, err)) {
            return code;
        }
        constexpr int64_t rows = 64, cols = 1024;
        const auto        stored = weights(type, rows, cols);
        for (const int64_t n : { 1, 33 }) {
            products work(type, 1, rows, cols, n);
            if (!ggml_backend_dev_supports_op(d.dev, work.y[0])) {
                return LLM_OK;
            }
            const auto columns = noise(2).many(cols * n);
            double     seconds = 0;
            if (int code = work.fill(d, stored, columns, err)) {
                return code;
            }
            if (int code = run(d, work.graph, 1, seconds, err)) {
                return code;
            }
            const double error = nmse(work, stored, columns);
            *out               = std::isnan(error) ? error : std::max(*out, error);
        }
        *supported = true;
        return LLM_OK;
    });
}

} // extern "C"
