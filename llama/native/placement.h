// Where the weights of a model go.
#pragma once

#include "guard.h"
#include "handles.h"

#include <regex>
#include <string>
#include <vector>

namespace llm {

// The name of the device whose memory a buffer type takes.
const char * device_of(ggml_backend_buffer_type_t type);

// What a load asks for, in the engine's terms. It must outlive the load.
class placement {
public:
    // Refuses what the engine would abort on, or would take for something else.
    int  read(const llm_model_params * params, char ** err);
    void apply(const llm_model_params * params, llama_model_params * out);
    // Looks at what became of the overrides, and gives the model the described devices.
    int  check(llm_model * model, char ** err);

private:
    // The devices that there are for this load, the CPU among them.
    std::vector<ggml_backend_dev_t> candidates() const;

    int  read_described(const llm_model_params * params, char ** err);
    int  read_devices(const llm_model_params * params, char ** err);
    int  read_split(const llm_model_params * params, char ** err);
    int  read_overrides(const llm_model_params * params, char ** err);
    void split_full_devices();

    bool                                          describes = false;
    phantoms                                      described;
    std::vector<ggml_backend_dev_t>               devices; // ends in NULL
    std::vector<float>                            split;
    std::vector<std::string>                      patterns;
    std::vector<std::regex>                       matchers;
    std::vector<llama_model_tensor_buft_override> overrides; // ends in NULL
};

} // namespace llm
