// The engine's quantizer, from a file to a file.
#include "guard.h"

#include "gguf.h"
#include "llama.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

// Implemented in Go (llama/callback.go): false stops the work.
extern "C" bool llm_go_progress(uint64_t id, float fraction);

namespace {

// Thrown out of the engine's log: no std::exception, which the quantizer would swallow.
struct cancelled {};

constexpr int32_t most_threads = 512;

bool writable(int32_t type) {
    if (type < 0 || type >= GGML_TYPE_COUNT || type == GGML_TYPE_Q8_1 || type == GGML_TYPE_Q8_K) {
        return false;
    }
    return type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_BF16 ||
           (ggml_is_quantized((ggml_type) type) && ggml_get_type_traits((ggml_type) type)->from_float_ref);
}

// Regular expressions that find these names and nothing else. The engine wants such; what
// a stranger wrote never becomes one.
std::string pattern_of(const char * name) {
    std::string text = "^";
    for (; *name; name++) {
        if (strchr("^$\\.*+?()[]{}|/-", *name)) {
            text += '\\';
        }
        text += *name;
    }
    return text + "$";
}

// What is asked for, as the engine takes it.
class job {
public:
    int read(const llm_quantize_params * p, char ** err);
    int check(const char * path, char ** err) const;

    llama_model_quantize_params params = llama_model_quantize_default_params();

private:
    int  read_types(const llm_quantize_params * p, char ** err);
    int  read_matrix(const llm_quantize_params * p, char ** err);
    void note_matrix(const llm_quantize_params * p);
    int  check_part(const char * path, int * parts, char ** err) const;
    int  check_tensor(const ggml_tensor * t, char ** err) const;

    std::map<std::string, ggml_type>         types;
    std::vector<std::string>                 patterns;
    std::vector<llama_model_tensor_override> overrides;
    std::vector<llama_model_imatrix_data>    matrix;
    std::unordered_map<std::string, size_t>  matrix_sizes;
    std::vector<llama_model_kv_override>     keys;
};

int job::read(const llm_quantize_params * p, char ** err) {
    if (p->n_threads < 1 || p->n_threads > most_threads) {
        return llm::fail(err, LLM_EINVAL, "%d threads: there must be 1 to %d", p->n_threads, most_threads);
    }
    for (const int32_t type : { p->output_type, p->embedding_type }) {
        if (type >= 0 && !writable(type)) {
            return llm::fail(err, LLM_EINVAL, "type %d: nothing can be quantized to it", type);
        }
    }
    params.nthread                = p->n_threads;
    params.ftype                  = (llama_ftype) p->ftype;
    params.pure                   = p->pure;
    params.only_copy              = p->copy;
    params.allow_requantize       = p->requantize;
    params.quantize_output_tensor = !p->keep_output;
    params.output_tensor_type     = p->output_type < 0 ? GGML_TYPE_COUNT : (ggml_type) p->output_type;
    params.token_embedding_type   = p->embedding_type < 0 ? GGML_TYPE_COUNT : (ggml_type) p->embedding_type;
    params.max_buf_size           = p->buffer;
    if (const int code = read_types(p, err)) {
        return code;
    }
    return p->matrix ? read_matrix(p, err) : LLM_OK;
}

int job::read_types(const llm_quantize_params * p, char ** err) {
    if (p->n_types < 0 || (p->n_types && !p->types)) {
        return llm::fail(err, LLM_EINVAL, "types of %d tensors", p->n_types);
    }
    patterns.reserve(p->n_types); // the engine keeps pointers to them
    for (int32_t i = 0; i < p->n_types; i++) {
        const char * name = p->types[i].name ? p->types[i].name : "";
        if (!*name || strlen(name) >= GGML_MAX_NAME) {
            return llm::fail(err, LLM_EINVAL, "type %d of a tensor: a name of %zu bytes; it must have 1 to %d", i, strlen(name), GGML_MAX_NAME - 1);
        }
        if (!writable(p->types[i].type)) {
            return llm::fail(err, LLM_EINVAL, "tensor \"%.99s\": type %d: nothing can be quantized to it", name, p->types[i].type);
        }
        if (!types.emplace(name, (ggml_type) p->types[i].type).second) {
            return llm::fail(err, LLM_EINVAL, "tensor \"%.99s\": it has two types", name);
        }
        patterns.push_back(pattern_of(name));
        overrides.push_back({ patterns.back().c_str(), (ggml_type) p->types[i].type });
    }
    if (p->n_types) {
        overrides.push_back({ nullptr, GGML_TYPE_COUNT });
        params.tt_overrides = overrides.data();
    }
    return LLM_OK;
}

int job::read_matrix(const llm_quantize_params * p, char ** err) {
    if (p->n_matrix < 1) {
        return llm::fail(err, LLM_EINVAL, "importance matrix: it has no entries");
    }
    for (int32_t i = 0; i < p->n_matrix; i++) {
        const auto & e = p->matrix[i];
        if (!e.name || !e.data || !e.size) {
            return llm::fail(err, LLM_EINVAL, "importance matrix: entry %d has no name or no numbers", i);
        }
        if (!std::all_of(e.data, e.data + e.size, [](float x) { return std::isfinite(x) && x >= 0; })) {
            return llm::fail(err, LLM_EINVAL, "importance matrix: \"%.99s\" has a number that is negative or none", e.name);
        }
        if (!matrix_sizes.emplace(e.name, e.size).second) {
            return llm::fail(err, LLM_EINVAL, "importance matrix: \"%.99s\" is there twice", e.name);
        }
        matrix.push_back({ e.name, e.data, e.size });
    }
    matrix.push_back({ nullptr, nullptr, 0 });
    params.imatrix = matrix.data();
    if (p->matrix_file && *p->matrix_file) {
        note_matrix(p);
    }
    return LLM_OK;
}

// As the tool does (tools/quantize/quantize.cpp@v0.5.0).
void job::note_matrix(const llm_quantize_params * p) {
    const auto key = [&](const char * name, llama_model_kv_override_type tag) {
        keys.emplace_back();
        snprintf(keys.back().key, sizeof keys.back().key, "%s", name);
        keys.back().tag = tag;
        return &keys.back();
    };
    const auto text = [&](const char * name, const char * value) {
        auto * k = key(name, LLAMA_KV_OVERRIDE_TYPE_STR);
        snprintf(k->val_str, sizeof k->val_str, "%s", value);
    };
    text("quantize.imatrix.file", p->matrix_file);
    if (p->matrix_dataset && *p->matrix_dataset) {
        text("quantize.imatrix.dataset", p->matrix_dataset);
    }
    key("quantize.imatrix.entries_count", LLAMA_KV_OVERRIDE_TYPE_INT)->val_i64 = p->n_matrix;
    if (p->matrix_chunks > 0) {
        key("quantize.imatrix.chunks_count", LLAMA_KV_OVERRIDE_TYPE_INT)->val_i64 = p->matrix_chunks;
    }
    keys.emplace_back(); // the end
    params.kv_overrides = keys.data();
}

// Refuses tensors on which the quantizer divides by zero, or asserts on a thread of its own,
// which ends the process. path is of the first part.
int job::check(const char * path, char ** err) const {
    int parts = 1;
    if (const int code = check_part(path, &parts, err)) {
        return code;
    }
    char prefix[4096], part[4096];
    if (parts > 1 && !llama_split_prefix(prefix, sizeof prefix, path, 0, parts)) {
        return llm::fail(err, LLM_EINVAL, "it is one of %d parts, but not named as the first: give the first", parts);
    }
    for (int i = 1; i < parts; i++) {
        if (llama_split_path(part, sizeof part, prefix, i, parts) <= 0) {
            return llm::fail(err, LLM_EINVAL, "the path is too long");
        }
        if (const int code = check_part(part, nullptr, err)) {
            return code;
        }
    }
    return LLM_OK;
}

int job::check_part(const char * path, int * parts, char ** err) const {
    ggml_context *                                      ctx = nullptr;
    std::unique_ptr<gguf_context, decltype(&gguf_free)> file(gguf_init_from_file(path, { /*no_alloc =*/true, /*ctx =*/&ctx }), gguf_free);
    std::unique_ptr<ggml_context, decltype(&ggml_free)> tensors(ctx, ggml_free);
    if (!file) {
        const llm::scope * s = llm::scope::current();
        return llm::fail(err, LLM_EENGINE, "the engine cannot read %.500s: %.400s", path, s ? s->errors().c_str() : "");
    }
    const int64_t id = gguf_find_key(file.get(), "split.count");
    if (parts && id >= 0 && gguf_get_kv_type(file.get(), id) == GGUF_TYPE_UINT16) {
        *parts = std::max<int>(1, gguf_get_val_u16(file.get(), id));
    }
    for (ggml_tensor * t = ggml_get_first_tensor(ctx); t; t = ggml_get_next_tensor(ctx, t)) {
        if (const int code = check_tensor(t, err)) {
            return code;
        }
    }
    return LLM_OK;
}

// A type that a tensor is to have by its name.
struct asked {
    ggml_type type; // GGML_TYPE_COUNT: the mixture decides
    bool      as_is; // the engine does not look at the rows
};

asked asked_for(const llama_model_quantize_params & p, const std::map<std::string, ggml_type> & types, const std::string & name) {
    const auto own   = types.find(name);
    const bool named = own != types.end();
    if (name == "output.weight" && p.output_tensor_type != GGML_TYPE_COUNT) {
        return { p.output_tensor_type, true };
    }
    if (p.token_embedding_type != GGML_TYPE_COUNT && (name == "token_embd.weight" || (name == "per_layer_token_embd.weight" && !named))) {
        return { p.token_embedding_type, true };
    }
    if (named) {
        return { own->second, false };
    }
    // Without a mixture all have the type of the file; these are made with a matrix alone.
    if (p.pure && p.ftype == LLAMA_FTYPE_MOSTLY_IQ2_XXS) {
        return { GGML_TYPE_IQ2_XXS, false };
    }
    if (p.pure && p.ftype == LLAMA_FTYPE_MOSTLY_IQ2_XS) {
        return { GGML_TYPE_IQ2_XS, false };
    }
    if (p.pure && p.ftype == LLAMA_FTYPE_MOSTLY_IQ1_S) {
        return { GGML_TYPE_IQ1_S, false };
    }
    return { GGML_TYPE_COUNT, false };
}

int job::check_tensor(const ggml_tensor * t, char ** err) const {
    const std::string name = t->name;
    if (ggml_nelements(t) == 0 || t->ne[3] > 1) {
        return llm::fail(err, LLM_EINVAL, "tensor \"%s\": the quantizer takes neither tensors without numbers nor with four dimensions", t->name);
    }
    const bool kept = params.only_copy || (name == "output.weight" && !params.quantize_output_tensor);
    const auto want = kept ? asked{ GGML_TYPE_COUNT, false } : asked_for(params, types, name);
    if (want.type == GGML_TYPE_COUNT || want.type == t->type) {
        return LLM_OK;
    }
    if (t->ne[0] % ggml_blck_size(want.type)) {
        return !want.as_is ? LLM_OK : // another type takes its place
               llm::fail(err, LLM_EINVAL, "tensor \"%s\": rows of %lld are no multiple of %lld, the block of %s", t->name, (long long) t->ne[0],
                         (long long) ggml_blck_size(want.type), ggml_type_name(want.type));
    }
    // Of the others the engine says so itself.
    const bool special = name == "output.weight" || name == "token_embd.weight" || name == "per_layer_token_embd.weight";
    const auto found   = matrix_sizes.find(name);
    const auto numbers = (size_t) (t->ne[0] * t->ne[2]);
    if (special && ggml_quantize_requires_imatrix(want.type) && (found == matrix_sizes.end() || found->second != numbers)) {
        return llm::fail(err, LLM_EINVAL, "tensor \"%s\": %s is not made without an entry of %zu numbers in an importance matrix", t->name,
                         ggml_type_name(want.type), numbers);
    }
    return LLM_OK;
}

int run(llm::scope & s, const char * in, const char * out, const llama_model_quantize_params & params, uint64_t progress, char ** err) {
    if (progress) {
        // The quantizer says which tensor is next, on this thread and while no other works:
        // "[   1/ 272] output.weight …".
        s.heard = [progress](const char * text) {
            int i = 0, n = 0;
            if (*text == '[' && sscanf(text, "[%d/%d]", &i, &n) == 2 && i > 0 && n >= i && !llm_go_progress(progress, (float) (i - 1) / (float) n)) {
                throw cancelled();
            }
        };
    }
    try {
        if (llama_model_quantize(in, out, &params) != 0) {
            return llm::fail(err, LLM_EENGINE, "%s", s.errors().empty() ? "the engine gave no reason" : s.errors().c_str());
        }
    } catch (const cancelled &) {
        return llm::fail(err, LLM_ECANCELED, "cancelled");
    }
    return LLM_OK;
}

} // namespace

extern "C" int llm_quantize(const char * in, const char * out, const struct llm_quantize_params * p, char ** err) {
    job       work;
    const int code = llm::guard(err, [&](llm::scope & s) -> int {
        if (!in || !*in || !out || !*out || !p) {
            return llm::fail(err, LLM_EINVAL, "a file to read, one to write and parameters are needed");
        }
        if (const int code = work.read(p, err)) {
            return code;
        }
        if (const int code = work.check(in, err)) {
            return code;
        }
        // The same without the work: what the engine refuses by an assertion it refuses here,
        // where that is an error.
        llama_model_quantize_params dry = work.params;
        dry.dry_run                     = true;
        return run(s, in, out, dry, 0, err);
    });
    if (code != LLM_OK) {
        return code;
    }
    return llm::guard(err, [&](llm::scope & s) { return run(s, in, out, work.params, p->progress, err); }, p->n_threads > 1);
}
