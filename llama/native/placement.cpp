// Where the weights of a model go, and where they went. This file and reserve.cpp alone use
// private headers of the engine: the public ones do not say which device has a layer.
#include "placement.h"

#include "llama-ext.h"
#include "llama-model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

namespace llm {

// A longer pattern is no pattern of names, which have at most 63 bytes; the compiler of
// regular expressions goes one call deeper for each parenthesis.
static constexpr size_t max_pattern = 4096;

static ggml_backend_dev_t cpu_device() { return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU); }

const char * device_of(ggml_backend_buffer_type_t type) {
    ggml_backend_dev_t dev = ggml_backend_buft_get_device(type);
    // The CPU's own buffer types name none. A device's own kind of host memory is the CPU's.
    if (!dev || (ggml_backend_buft_is_host(type) && type != ggml_backend_dev_buffer_type(dev))) {
        dev = cpu_device();
    }
    return dev ? ggml_backend_dev_name(dev) : "CPU";
}

// Devices that layers can be given to.
static bool takes_layers(ggml_backend_dev_t dev) { return ggml_backend_dev_type(dev) != GGML_BACKEND_DEVICE_TYPE_CPU; }

static std::string joined(const std::set<std::string> & names) {
    std::string text;
    for (const auto & name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

static std::string names_of(const std::vector<ggml_backend_dev_t> & devices) {
    std::set<std::string> names;
    for (ggml_backend_dev_t dev : devices) {
        if (takes_layers(dev)) {
            names.insert(ggml_backend_dev_name(dev));
        }
    }
    return names.empty() ? "there is none beside the CPU" : "there are " + joined(names);
}

std::vector<ggml_backend_dev_t> placement::candidates() const {
    std::vector<ggml_backend_dev_t> list;
    for (size_t i = 0; i < ggml_backend_dev_count(); i++) {
        ggml_backend_dev_t dev = ggml_backend_dev_get(i);
        if (!describes || !takes_layers(dev)) {
            list.push_back(dev);
        }
    }
    for (const auto & p : described.all()) {
        list.push_back(&p->device);
    }
    return list;
}

int placement::read_described(const llm_model_params * params, char ** err) {
    describes = params->described != nullptr;
    if (!describes && params->n_described == 0) {
        return LLM_OK;
    }
    if (!params->no_alloc) {
        return fail(err, LLM_EINVAL, "described devices: only a simulated load can have them");
    }
    if (params->split_mode == LLAMA_SPLIT_MODE_TENSOR && params->n_described > 0) {
        // The engine would keep what it makes of them as long as the process.
        return fail(err, LLM_EINVAL, "described devices: a split of tensors cannot be simulated on them");
    }
    return described.read(params->described, params->n_described, err);
}

// As the engine compares names (ggml-backend-reg.cpp@v0.5.0).
static bool is_called(ggml_backend_dev_t dev, const char * name) { return same_but_case(ggml_backend_dev_name(dev), name); }

int placement::read_devices(const llm_model_params * params, char ** err) {
    if (params->n_devices < 0 || params->n_devices > (int32_t) llama_max_devices() || (params->n_devices && !params->devices)) {
        return fail(err, LLM_EINVAL, "%d devices: the limit is %zu", params->n_devices, llama_max_devices());
    }
    for (int32_t i = 0; i < params->n_devices; i++) {
        const char * name = params->devices[i] ? params->devices[i] : "";
        if (strcmp(name, "none") == 0 && params->n_devices == 1) {
            break;
        }
        const auto         list  = candidates();
        const auto         found = std::find_if(list.begin(), list.end(), [&](ggml_backend_dev_t d) { return is_called(d, name); });
        ggml_backend_dev_t dev   = found == list.end() ? nullptr : *found;
        if (!dev) {
            return fail(err, LLM_EINVAL, "device \"%.99s\" is not known; %s", name, names_of(list).c_str());
        }
        if (!takes_layers(dev)) {
            return fail(err, LLM_EINVAL, "device \"%.99s\" is the CPU, which has what no other device has; name none for the CPU alone", name);
        }
        if (std::count(devices.begin(), devices.end(), dev)) {
            return fail(err, LLM_EINVAL, "device \"%.99s\" is named twice", name);
        }
        devices.push_back(dev);
    }
    if (describes && !params->n_devices) {
        for (const auto & p : described.all()) {
            devices.push_back(&p->device);
        }
    }
    if (params->n_devices || describes) {
        devices.push_back(nullptr);
    }
    return LLM_OK;
}

int placement::read_split(const llm_model_params * params, char ** err) {
    if (params->n_tensor_split < 0 || params->n_tensor_split > (int32_t) llama_max_devices() || (params->n_tensor_split && !params->tensor_split)) {
        return fail(err, LLM_EINVAL, "a tensor split among %d devices: the limit is %zu", params->n_tensor_split, llama_max_devices());
    }
    float sum = 0;
    for (int32_t i = 0; i < params->n_tensor_split; i++) {
        const float share = params->tensor_split[i];
        sum += share;
        if (!(share >= 0) || !std::isfinite(sum)) {
            return fail(err, LLM_EINVAL, "tensor split: share %g of device %d is not a proportion", (double) share, i);
        }
        split.push_back(share);
    }
    if (params->n_tensor_split) {
        split.resize(llama_max_devices());
    }
    return LLM_OK;
}

// The engine divides by the free memory of all devices together. Where that is 0 the same
// share for each lets it find out that there is none.
void placement::split_full_devices() {
    std::vector<ggml_backend_dev_t> used(devices.begin(), devices.end());
    for (auto type : { GGML_BACKEND_DEVICE_TYPE_GPU, GGML_BACKEND_DEVICE_TYPE_IGPU }) {
        const bool missing = used.empty();
        for (size_t i = 0; missing && i < ggml_backend_dev_count(); i++) {
            if (ggml_backend_dev_type(ggml_backend_dev_get(i)) == type) {
                used.push_back(ggml_backend_dev_get(i));
            }
        }
    }
    size_t all = 0, free = 0, total = 0;
    for (ggml_backend_dev_t dev : used) {
        if (dev) {
            ggml_backend_dev_memory(dev, &free, &total);
            all += total ? free : 1; // one that does not tell counts as the host
        }
    }
    if (split.empty() && !all) {
        split.assign(llama_max_devices(), 1);
    }
}

int placement::read_overrides(const llm_model_params * params, char ** err) {
    if (params->n_overrides < 0 || params->n_overrides >= (int32_t) llama_max_tensor_buft_overrides() || (params->n_overrides && !params->overrides)) {
        return fail(err, LLM_EINVAL, "%d overrides of tensors: there must be fewer than %zu", params->n_overrides, llama_max_tensor_buft_overrides());
    }
    std::map<std::string, ggml_backend_buffer_type_t> types;
    std::set<std::string>                             names;
    for (ggml_backend_dev_t dev : candidates()) {
        if (auto * type = ggml_backend_dev_buffer_type(dev)) {
            types[ggml_backend_buft_name(type)] = type;
            names.insert(ggml_backend_buft_name(type));
        }
    }
    patterns.reserve(params->n_overrides); // the engine keeps pointers to them
    for (int32_t i = 0; i < params->n_overrides; i++) {
        const char * pattern = params->overrides[i].pattern ? params->overrides[i].pattern : "";
        const char * buffer  = params->overrides[i].buffer ? params->overrides[i].buffer : "";
        if (!*pattern || strlen(pattern) > max_pattern) {
            return fail(err, LLM_EINVAL, "override of tensors %d: a pattern of %zu bytes; it must have 1 to %zu", i, strlen(pattern), max_pattern);
        }
        try {
            matchers.emplace_back(pattern);
        } catch (const std::regex_error & e) {
            return fail(err, LLM_EINVAL, "override of tensors \"%.200s\": it is not a regular expression: %s", pattern, e.what());
        }
        const auto type = types.find(buffer);
        if (type == types.end()) {
            return fail(err, LLM_EINVAL, "override of tensors \"%.200s\": buffer type \"%.99s\" is not known; there are %s", pattern, buffer,
                        joined(names).c_str());
        }
        patterns.emplace_back(pattern);
        overrides.push_back({ patterns.back().c_str(), type->second });
    }
    if (params->n_overrides) {
        overrides.push_back({ nullptr, nullptr });
    }
    return LLM_OK;
}

int placement::read(const llm_model_params * params, char ** err) {
    if (params->split_mode < LLAMA_SPLIT_MODE_NONE || params->split_mode > LLAMA_SPLIT_MODE_TENSOR) {
        return fail(err, LLM_EINVAL, "split mode %d is not known", params->split_mode);
    }
    if (params->main_gpu < 0) {
        return fail(err, LLM_EINVAL, "main GPU %d", params->main_gpu);
    }
    int code = read_described(params, err);
    if (!code) {
        code = read_devices(params, err);
    }
    if (!code) {
        code = read_split(params, err);
    }
    if (!code) {
        split_full_devices();
        code = read_overrides(params, err);
    }
    return code;
}

void placement::apply(const llm_model_params * params, llama_model_params * out) {
    out->split_mode            = (enum llama_split_mode) params->split_mode;
    out->main_gpu              = params->main_gpu;
    out->no_host               = params->no_host;
    out->use_extra_bufts       = params->use_extra_bufts;
    out->devices               = devices.empty() ? nullptr : devices.data();
    out->tensor_split          = split.empty() ? nullptr : split.data();
    out->tensor_buft_overrides = overrides.empty() ? nullptr : overrides.data();
}

static bool uses(const llama_model * model, ggml_backend_dev_t dev) {
    for (int i = 0; i < llama_model_n_devices(model); i++) {
        if (llama_model_get_device(model, i) == dev) {
            return true;
        }
    }
    return !dev || ggml_backend_dev_type(dev) == GGML_BACKEND_DEVICE_TYPE_CPU || ggml_backend_dev_type(dev) == GGML_BACKEND_DEVICE_TYPE_ACCEL;
}

int placement::check(llm_model * m, char ** err) {
    m->described         = std::move(described);
    const auto & tensors = m->model->tensors_by_name;
    for (size_t t = 0; !matchers.empty() && t < tensors.size(); t++) {
        const char * name  = tensors[t].first.c_str();
        const auto   found = std::find_if(matchers.begin(), matchers.end(), [&](const auto & r) { return std::regex_search(name, r); });
        const size_t i     = found - matchers.begin();
        m->overridden.push_back(found == matchers.end() ? -1 : (int32_t) i);
        if (found == matchers.end()) {
            continue;
        }
        // Nothing would compute with it: the engine aborts when it makes a context.
        ggml_backend_dev_t dev = ggml_backend_buft_get_device(overrides[i].buft);
        if (!uses(m->model, dev)) {
            return fail(err, LLM_EINVAL, "override of tensors \"%.200s\" puts %s on device %s, which the model does not use; name it among the devices",
                        patterns[i].c_str(), name, ggml_backend_dev_name(dev));
        }
    }
    return LLM_OK;
}

} // namespace llm

extern "C" {

int32_t llm_max_devices(void) { return (int32_t) llama_max_devices(); }

const char * llm_model_device(const llm_model * m, int32_t i) {
    return llm::guard_value<const char *>(nullptr, [&]() -> const char * {
        return m && i >= 0 && i < llama_model_n_devices(m->model) ? ggml_backend_dev_name(llama_model_get_device(m->model, i)) : nullptr;
    });
}

const char * llm_model_layer_device(const llm_model * m, int32_t i) {
    return llm::guard_value<const char *>(nullptr, [&]() -> const char * {
        const int32_t n = m && !m->vocab_only ? (int32_t) m->model->hparams.n_layer_all : -1;
        if (i < 0 || i > n) {
            return nullptr;
        }
        return ggml_backend_dev_name(i < n ? m->model->dev_layer(i) : m->model->dev_output());
    });
}

bool llm_model_tensor(const llm_model * m, int32_t i, struct llm_placed * out) {
    return llm::guard_value(false, [&] {
        if (!m || !out || i < 0 || (size_t) i >= m->model->tensors_by_name.size()) {
            return false;
        }
        const auto & [name, tensor] = m->model->tensors_by_name[i];
        if (!tensor->buffer) {
            return false;
        }
        ggml_backend_buffer_type_t type = ggml_backend_buffer_get_type(tensor->buffer);
        *out = { name.c_str(), ggml_backend_buft_name(type), llm::device_of(type), ggml_nbytes(tensor),
                 m->overridden.empty() ? -1 : m->overridden[i] };
        return true;
    });
}

} // extern "C"
