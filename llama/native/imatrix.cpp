// The importance matrix, collected while a context decodes. What is looked at, and in which
// order it is summed in single precision, are rules of IMatrixCollector
// (tools/imatrix/imatrix.cpp@v0.5.0): the sums are the same to the bit.
#include "imatrix.h"

#include "guard.h"
#include "handles.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>
#include <exception>

namespace {

// Batches of fewer columns are left out: they are not prompts.
constexpr int64_t min_columns = 16;

// What a tensor is called in the file: the scheduler writes DEVICE#NAME#COPY on its copies.
std::string file_name(const char * name) {
    const char * begin = strchr(name, '#');
    if (!begin) {
        return name;
    }
    const char * end = strchr(++begin, '#');
    return end ? std::string(begin, end) : std::string(begin);
}

bool finite(const float * v, size_t n) {
    return std::all_of(v, v + n, [](float x) { return std::isfinite(x); });
}

void add_squares(float * sums, const float * x, int64_t n) {
    for (int64_t j = 0; j < n; j++) {
        sums[j] += x[j] * x[j];
    }
}

} // namespace

namespace llm {

bool collector::callback(ggml_tensor * t, bool ask, void * self) {
    auto * c = static_cast<collector *>(self);
    if (!c->problem.empty()) {
        return false;
    }
    // The engine's frames between here and the guard are not made to be unwound.
    try {
        if (ask) {
            return c->wants(t);
        }
        c->take(t);
    } catch (const std::exception & e) {
        c->problem = e.what();
    }
    return c->problem.empty();
}

bool collector::wants(const ggml_tensor * t) const {
    if (t->op != GGML_OP_MUL_MAT && t->op != GGML_OP_MUL_MAT_ID) {
        return false;
    }
    const ggml_tensor * x = t->src[1];
    if (x->type != GGML_TYPE_F32 || x->nb[0] != sizeof(float)) {
        return false;
    }
    if (t->op == GGML_OP_MUL_MAT_ID) {
        return true;
    }
    if (x->ne[1] < min_columns) {
        return false;
    }
    const std::string name = file_name(t->src[0]->name);
    return name.compare(0, 4, "blk.") == 0 || (output && name == "output.weight");
}

void collector::take(const ggml_tensor * t) {
    const char * data = host(t->src[1], activations);
    if (t->op == GGML_OP_MUL_MAT_ID) {
        take_experts(t, data);
    } else {
        take_matrices(t, data);
    }
}

// Memory that the host can read: the tensor's own, or a copy.
const char * collector::host(const ggml_tensor * t, std::vector<char> & copy) {
    ggml_backend_buffer_t buffer = t->view_src ? t->view_src->buffer : t->buffer;
    if (buffer && ggml_backend_buffer_is_host(buffer)) {
        return (const char *) t->data;
    }
    copy.resize(ggml_nbytes(t));
    ggml_backend_tensor_get(t, copy.data(), 0, copy.size());
    return copy.data();
}

importance & collector::entry(const std::string & name) {
    const auto [at, added] = index.try_emplace(name, entries.size());
    if (added) {
        entries.push_back({ name, {}, {} });
    }
    return entries[at->second];
}

// Whether an entry has these sizes; a new one gets them.
bool collector::fits(importance & e, size_t n_sums, size_t n_counts) {
    if (e.sums.empty()) {
        e.sums.resize(n_sums);
        e.counts.resize(n_counts);
    }
    if (e.sums.size() == n_sums && (n_counts == 1 || e.counts.size() == n_counts)) {
        return true;
    }
    problem = "the importance matrix has " + std::to_string(e.sums.size()) + " sums and " + std::to_string(e.counts.size()) +
              " counts for " + e.name + ", and the model needs " + std::to_string(n_sums) + " and " + std::to_string(n_counts) +
              ": it is of another model";
    return false;
}

// Weights with more than two dimensions are several matrices, each with sums of its own;
// matrices of activations beyond those go round again.
void collector::take_matrices(const ggml_tensor * t, const char * data) {
    const ggml_tensor * w = t->src[0], * x = t->src[1];
    const int64_t       n = x->ne[0], n_mat = w->ne[2] * w->ne[3];
    importance &        e = entry(file_name(w->name));
    // Other files have a count for each matrix.
    if (!e.counts.empty() && std::all_of(e.counts.begin(), e.counts.end(), [&](int64_t c) { return c == e.counts[0]; })) {
        e.counts.resize(1);
    }
    if (!fits(e, n * n_mat, 1)) {
        return;
    }
    for (int64_t i3 = 0; i3 < x->ne[3]; i3++) {
        for (int64_t i2 = 0; i2 < x->ne[2]; i2++) {
            float * sums = e.sums.data() + n * (i3 % w->ne[3] * w->ne[2] + i2 % w->ne[2]);
            for (int64_t i1 = 0; i1 < x->ne[1]; i1++) {
                add_squares(sums, (const float *) (data + i1 * x->nb[1] + i2 * x->nb[2] + i3 * x->nb[3]), n);
            }
        }
    }
    if (!finite(e.sums.data(), e.sums.size())) {
        problem = "what " + e.name + " is multiplied with is not finite: the model or its file is damaged";
        return;
    }
    for (int64_t & count : e.counts) {
        count += ggml_nrows(x) / n_mat;
    }
}

// ids has the experts of each token, x a column for each of them, or one for all.
void collector::take_experts(const ggml_tensor * t, const char * data) {
    const ggml_tensor * w = t->src[0], * x = t->src[1], * ids = t->src[2];
    const int64_t       n = x->ne[0], n_experts = w->ne[2];
    importance &        e = entry(file_name(w->name));
    if (x->ne[3] != 1 || ids->ne[1] != x->ne[2]) {
        problem = e.name + " is multiplied with more than three dimensions";
        return;
    }
    if (e.counts.size() == 1 && n_experts > 1) {
        e.counts.resize(n_experts, e.counts[0]); // a file that does not count experts
    }
    if (!fits(e, n * n_experts, n_experts)) {
        return;
    }
    const char *      route = host(ids, routes);
    std::vector<bool> chosen(n_experts);
    for (int64_t i = 0; i < ids->ne[0]; i++) {
        for (int64_t row = 0; row < x->ne[2]; row++) {
            const int32_t expert = *(const int32_t *) (route + row * ids->nb[1] + i * ids->nb[0]);
            if (expert < 0 || expert >= n_experts) {
                problem = e.name + " has no expert " + std::to_string(expert);
                return;
            }
            chosen[expert] = true;
            e.counts[expert]++;
            add_squares(e.sums.data() + expert * n, (const float *) (data + i % x->ne[1] * x->nb[1] + row * x->nb[2]), n);
        }
    }
    for (int64_t expert = 0; expert < n_experts; expert++) {
        if (chosen[expert] && !finite(e.sums.data() + expert * n, n)) {
            problem = "what expert " + std::to_string(expert) + " of " + e.name + " is multiplied with is not finite: the model or its file is damaged";
            return;
        }
    }
}

void collector::set(const char * name, const float * sums, size_t n_sums, const int64_t * counts, size_t n_counts) {
    importance & e = entry(name);
    e.sums.assign(sums, sums + n_sums);
    e.counts.assign(counts, counts + n_counts);
}

void collector::clear() {
    entries.clear();
    index.clear();
    problem.clear();
}

} // namespace llm

extern "C" {

int32_t llm_collected_count(const llm_context * c) {
    return c && c->collector ? (int32_t) c->collector->entries.size() : 0;
}

bool llm_collected_get(const llm_context * c, int32_t i, struct llm_collected * out) {
    if (!out || i < 0 || i >= llm_collected_count(c)) {
        return false;
    }
    const llm::importance & e = c->collector->entries[i];
    *out                      = { e.name.c_str(), e.sums.data(), e.counts.data(), e.sums.size(), e.counts.size() };
    return true;
}

int llm_collected_set(llm_context * c, const char * name, const float * sums, size_t n_sums, const int64_t * counts, size_t n_counts,
                      char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!c || !c->collector) {
            return llm::fail(err, LLM_EINVAL, "the context collects no importance matrix");
        }
        if (!name || !*name || !sums || !counts || n_sums == 0 || n_counts == 0 || n_sums % n_counts != 0) {
            return llm::fail(err, LLM_EINVAL, "an entry has a name, counts, and as many sums for each of them");
        }
        if (c->collector->entries.size() >= INT32_MAX) {
            return llm::fail(err, LLM_EINVAL, "there are too many entries");
        }
        c->collector->set(name, sums, n_sums, counts, n_counts);
        return LLM_OK;
    });
}

void llm_collected_clear(llm_context * c) {
    if (c && c->collector) {
        c->collector->clear();
    }
}

} // extern "C"
