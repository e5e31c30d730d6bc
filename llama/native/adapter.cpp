// LoRA adapters and control vectors.
#include "guard.h"
#include "handles.h"

#include "common.h"

#include <cmath>
#include <mutex>
#include <vector>

struct llm_adapter {
    const llm_model *    model;
    llama_adapter_lora * lora = nullptr; // else a control vector:
    std::vector<float>   directions;     // n_embd floats for each layer from 1
};

// The engine keeps adapters in a set of their model, without a lock, and a model may have
// several owners.
static std::mutex engine_set;

// What loading a control vector may take beyond what the model needs.
constexpr size_t max_vector_bytes = 64 << 20;

static int check_load(const llm_model * model, const char * path, llm_adapter ** out, char ** err) {
    if (!model || !path || !out) {
        return llm::fail(err, LLM_EINVAL, "a model, a path and a place for the result are needed");
    }
    if (model->vocab_only || model->simulated) {
        return llm::fail(err, LLM_EINVAL, "the model was loaded without its weights");
    }
    return LLM_OK;
}

extern "C" {

int llm_lora_load(llm_model * model, const char * path, llm_adapter ** out, char ** err) {
    return llm::guard(err, [&](llm::scope & s) -> int {
        if (const int code = check_load(model, path, out, err)) {
            return code;
        }
        llm::simulation             simulated(model->simulated);
        std::lock_guard<std::mutex> lock(engine_set);
        llama_adapter_lora * lora = llama_adapter_lora_init(model->model, path);
        if (!lora) {
            return llm::fail(err, LLM_EENGINE, "%s", s.errors().empty() ? "the engine gave no reason" : s.errors().c_str());
        }
        *out = new llm_adapter{ model, lora, {} };
        return LLM_OK;
    });
}

int llm_control_vector_load(llm_model * model, const char * path, llm_adapter ** out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (const int code = check_load(model, path, out, err)) {
            return code;
        }
        const int32_t n_embd  = llama_model_n_embd(model->model);
        const size_t  n_bytes = sizeof(float) * n_embd * llama_model_n_layer(model->model);
        // The engine makes room for as many layers as the file names.
        common_control_vector_data data =
            llm::within({ 60, 600, max_vector_bytes + 16 * n_bytes, max_vector_bytes + 16 * n_bytes }, [&] { return common_control_vector_load({ { 1.0f, path } }); });
        if (data.n_embd < 0) {
            return llm::fail(err, LLM_EENGINE, "it is not a control vector (tensors direction.1, direction.2, … of one length)");
        }
        if (data.n_embd != n_embd) {
            return llm::fail(err, LLM_EENGINE, "a control vector of %d numbers a layer for a model of %d", data.n_embd, n_embd);
        }
        // The engine reads as many layers as the model has.
        data.data.resize((size_t) n_embd * llama_model_n_layer(model->model));
        *out = new llm_adapter{ model, nullptr, std::move(data.data) };
        return LLM_OK;
    });
}

void llm_adapter_free(llm_adapter * a) {
    if (!a) {
        return;
    }
    llm::guard(nullptr, [&](llm::scope &) {
        if (a->lora) {
            std::lock_guard<std::mutex> lock(engine_set);
            llama_adapter_lora_free(a->lora);
        }
        return LLM_OK;
    });
    delete a;
}

int llm_context_adapt(llm_context * c, llm_adapter ** adapters, const float * scales, int32_t n, char ** err) {
    return llm::guard(err, [&](llm::scope & s) -> int {
        if (!c || n < 0 || (n > 0 && (!adapters || !scales))) {
            return llm::fail(err, LLM_EINVAL, "a context, adapters and scales are needed");
        }
        std::vector<llama_adapter_lora *> loras;
        std::vector<float>                lora_scales, directions;
        for (int32_t i = 0; i < n; i++) {
            if (!adapters[i] || adapters[i]->model != c->model || !std::isfinite(scales[i])) {
                return llm::fail(err, LLM_EINVAL, "adapter %d belongs to another model, or its scale is not a finite number", i);
            }
            if (adapters[i]->lora) {
                loras.push_back(adapters[i]->lora);
                lora_scales.push_back(scales[i]);
                continue;
            }
            directions.resize(adapters[i]->directions.size());
            for (size_t k = 0; k < directions.size(); k++) {
                directions[k] += scales[i] * adapters[i]->directions[k];
            }
        }
        const int32_t n_layer = llama_model_n_layer(c->model->model);
        int32_t       got     = llama_set_adapters_lora(c->ctx, loras.data(), loras.size(), lora_scales.data());
        if (got == 0) {
            got = llama_set_adapter_cvec(c->ctx, directions.empty() ? nullptr : directions.data(), directions.size(),
                                         llama_model_n_embd(c->model->model), 1, n_layer);
        }
        return got == 0 ? LLM_OK : llm::fail(err, LLM_EENGINE, "the engine refused the adapters (%d): %s", got, s.errors().c_str());
    });
}

} // extern "C"
