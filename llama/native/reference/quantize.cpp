// Runs of the engine's quantizer from a file to a file, for tests that predict what it makes.
#include "reference.h"

#include "../guard.h"

#include "gguf.h"
#include "llama.h"

#include <cstring>
#include <memory>
#include <regex>
#include <string>
#include <vector>

namespace {

// An importance matrix with an entry for each tensor of a file, in which every weight counts alike.
struct flat_matrix {
    std::vector<std::string>              names;
    std::vector<std::vector<float>>       values;
    std::vector<llama_model_imatrix_data> rows;

    bool fill(const char * path) {
        ggml_context *                                        ctx = nullptr;
        std::unique_ptr<gguf_context, decltype(&gguf_free)>   file(gguf_init_from_file(path, { /*no_alloc =*/true, /*ctx =*/&ctx }), gguf_free);
        std::unique_ptr<ggml_context, decltype(&ggml_free)> tensors(ctx, ggml_free);
        if (!file) {
            return false;
        }
        for (ggml_tensor * t = ggml_get_first_tensor(ctx); t; t = ggml_get_next_tensor(ctx, t)) {
            names.push_back(t->name);
            values.emplace_back(t->ne[0] * t->ne[2], 1.0f);
        }
        for (size_t i = 0; i < names.size(); i++) {
            rows.push_back({ names[i].c_str(), values[i].data(), values[i].size() });
        }
        rows.push_back({ nullptr, nullptr, 0 });
        return true;
    }
};

// What the tool llama-quantize notes of the matrix.
std::vector<llama_model_kv_override> notes(const llm_reference_quantize & o, size_t entries) {
    std::vector<llama_model_kv_override> list;
    const auto key = [&](const char * name, llama_model_kv_override_type tag) {
        list.emplace_back();
        strncpy(list.back().key, name, sizeof list.back().key - 1);
        list.back().tag = tag;
        return &list.back();
    };
    const auto text = [&](const char * name, const char * value) {
        strncpy(key(name, LLAMA_KV_OVERRIDE_TYPE_STR)->val_str, value, sizeof list.back().val_str - 1);
    };
    text("quantize.imatrix.file", o.imatrix_file);
    if (*o.imatrix_dataset) {
        text("quantize.imatrix.dataset", o.imatrix_dataset);
    }
    key("quantize.imatrix.entries_count", LLAMA_KV_OVERRIDE_TYPE_INT)->val_i64 = entries;
    if (o.imatrix_chunks > 0) {
        key("quantize.imatrix.chunks_count", LLAMA_KV_OVERRIDE_TYPE_INT)->val_i64 = o.imatrix_chunks;
    }
    list.emplace_back(); // the end
    return list;
}

int run(llm::scope & s, const char * in, const char * out, const llm_reference_quantize & o, char ** err) {
    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.nthread                     = 1; // so that an assertion is an error
    params.ftype                       = (llama_ftype) o.ftype;
    params.pure                        = o.pure;
    params.only_copy                   = o.copy;
    params.allow_requantize            = o.requantize;
    params.quantize_output_tensor      = !o.keep_output;
    params.output_tensor_type          = o.output_type < 0 ? GGML_TYPE_COUNT : (ggml_type) o.output_type;
    params.token_embedding_type        = o.embedding_type < 0 ? GGML_TYPE_COUNT : (ggml_type) o.embedding_type;

    flat_matrix                          matrix;
    std::vector<llama_model_kv_override> keys;
    if (o.imatrix) {
        if (!matrix.fill(in)) {
            return llm::fail(err, LLM_EINVAL, "the engine refuses the header of %s", in);
        }
        params.imatrix = matrix.rows.data();
        if (*o.imatrix_file) {
            keys                = notes(o, matrix.rows.size() - 1);
            params.kv_overrides = keys.data();
        }
    }
    std::vector<llama_model_tensor_override> overrides;
    for (int i = 0; i < o.n_patterns; i++) {
        overrides.push_back({ o.patterns[i], (ggml_type) o.pattern_types[i] });
    }
    overrides.push_back({ nullptr, GGML_TYPE_COUNT });
    params.tt_overrides = o.n_patterns ? overrides.data() : nullptr;
    if (llama_model_quantize(in, out, &params) != 0) {
        return llm::fail(err, LLM_EENGINE, "%s", s.errors().c_str());
    }
    return LLM_OK;
}

} // namespace

extern "C" int llm_reference_quantize_file(const char * in, const char * out, const llm_reference_quantize * options, char ** err) {
    return llm::guard(err, [&](llm::scope & s) { return run(s, in, out, *options, err); });
}

extern "C" int llm_reference_regex(const char * pattern, const char * text) {
    try {
        return std::regex_search(text, std::regex(pattern)) ? 1 : 0;
    } catch (const std::regex_error &) {
        return -1;
    }
}
