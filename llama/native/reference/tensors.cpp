// The tensors that the engine makes of a model's hyper-parameters, and the types that its
// quantizer chooses for those of a file: for tests that have headers of models without the
// models. It uses the engine's private headers.
#include "reference.h"

#include "../guard.h"

#include "gguf.h"
#include "llama-model.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace {

struct free_gguf {
    void operator()(gguf_context * file) const { gguf_free(file); }
};

int tensors(llm::scope & s, const char * path, char ** text, char ** err) {
    std::unique_ptr<gguf_context, free_gguf> keys(gguf_init_from_file(path, { /*no_alloc =*/true, /*ctx =*/nullptr }));
    if (!keys) {
        return llm::fail(err, LLM_EINVAL, "the engine refuses the header %s", path);
    }
    ggml_backend_dev_t none   = nullptr;
    llama_model_params params = llama_model_default_params();
    params.devices            = &none;
    params.no_alloc           = true;
    auto fill                 = [](ggml_tensor *, void *) {};
    std::unique_ptr<llama_model, decltype(&llama_model_free)> model(llama_model_init_from_user(keys.get(), fill, nullptr, params),
                                                                    llama_model_free);
    if (!model) {
        return llm::fail(err, LLM_EENGINE, "the engine makes no model of %s: %s", path, s.errors().c_str());
    }
    std::set<std::string> seen; // layers may share one
    std::string           lines;
    for (const auto & [name, t] : model->tensors_by_name) {
        if (!seen.insert(name).second) {
            continue;
        }
        lines += name;
        for (int d = 0; d < ggml_n_dims(t); d++) {
            lines += " " + std::to_string(t->ne[d]);
        }
        lines += "\n";
    }
    *text = strdup(lines.c_str());
    return LLM_OK;
}

// What the quantizer says while it plans, of which there are two lines for each tensor: its
// number, name and type, and its sizes with the new type.
class dry_run_log {
public:
    dry_run_log() {
        llama_log_get(&callback, &data);
        llama_log_set([](ggml_log_level, const char * text, void * self) { ((dry_run_log *) self)->text += text; }, this);
    }
    ~dry_run_log() { llama_log_set(callback, data); }
    dry_run_log(const dry_run_log &)             = delete;
    dry_run_log & operator=(const dry_run_log &) = delete;

    std::string text;

private:
    ggml_log_callback callback;
    void *            data;
};

int number_of(const std::string & type) {
    int i = 0;
    while (i < GGML_TYPE_COUNT && type != ggml_type_name((ggml_type) i)) {
        i++;
    }
    return i;
}

// Lines of a name and the number of a type, of what the log says.
std::string types(const std::string & log) {
    std::string lines;
    for (size_t at = 0, end; at < log.size(); at = end + 1) {
        end = log.find('\n', at);
        if (end == std::string::npos) {
            end = log.size();
        }
        const std::string line = log.substr(at, end - at);
        const size_t      type = line.find("], type = ");
        const size_t      name = line.find("] ");
        const size_t      size = line.find(", size = ");
        if (line.empty() || line[0] != '[' || type == std::string::npos || name >= type || size == std::string::npos) {
            continue;
        }
        const auto word = [&](size_t from) {
            from = line.find_first_not_of(' ', from);
            return line.substr(from, line.find_first_of(" ,)", from) - from);
        };
        const size_t changed = line.find(" (", size);
        const std::string made    = changed == std::string::npos ? word(type + strlen("], type = ")) : word(changed + 2);
        lines += word(name + 1) + " " + std::to_string(number_of(made)) + "\n";
    }
    return lines;
}

int quantized(const char * path, int ftype, bool has_imatrix, bool pure, char ** text, bool * requires_imatrix, char ** err) {
    static std::mutex           one; // the log is one for the process
    std::lock_guard<std::mutex> lock(one);
    llama_model_quantize_params params = llama_model_quantize_default_params();
    const float                 value  = 1;
    llama_model_imatrix_data    matrix[2] = { { "none", &value, 1 }, { nullptr, nullptr, 0 } };
    params.ftype                          = (llama_ftype) ftype;
    params.pure                           = pure;
    params.dry_run                        = true;
    params.imatrix                        = has_imatrix ? matrix : nullptr;
    dry_run_log log;
    if (llama_model_quantize(path, "", &params) != 0) {
        const size_t why = log.text.find("failed to quantize: ");
        return llm::fail(err, LLM_EENGINE, "%s", why == std::string::npos ? "no reason" : log.text.c_str() + why);
    }
    *text             = strdup(types(log.text).c_str());
    *requires_imatrix = log.text.find("will require an imatrix") != std::string::npos;
    return LLM_OK;
}

} // namespace

extern "C" int llm_reference_tensors(const char * path, char ** text, char ** err) {
    *text = nullptr;
    return llm::guard(err, [&](llm::scope & s) { return tensors(s, path, text, err); });
}

extern "C" int llm_reference_quantized_types(const char * path, int ftype, int has_imatrix, int pure, char ** text, int * requires_imatrix,
                                             char ** err) {
    *text = nullptr;
    return llm::guard(err, [&](llm::scope &) {
        bool      needed = false;
        const int code   = quantized(path, ftype, has_imatrix, pure, text, &needed, err);
        *requires_imatrix = needed;
        return code;
    });
}
