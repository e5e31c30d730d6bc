// Devices that need not be there: the engine loads a model without allocating and makes its
// contexts on them, so that its own account of memory is that of a card that is only
// described. They have no memory and compute nothing.
#pragma once

#include "llm.h"

#include "../src/ggml-backend-impl.h" // beside ggml/include

#include <memory>
#include <string>
#include <vector>

namespace llm {

struct phantom;

// What the engine asks a backend while it plans. All functions are pure.
struct backend_rules {
    const char * name;
    const char * host_buffer; // the name of its own kind of host memory; NULL: it has none
    size_t       host_extra;  // bytes that a buffer of that kind is larger than what it was asked for
    bool         integrated;  // the engine tells devices that share the host's memory from others
    bool         reads_host;  // such a device computes with what lies in its kind of host memory
    bool (*supports_op)(const phantom & p, const ggml_tensor * op);
    // Bytes of a tensor, padding and scratch included.
    size_t (*alloc_size)(const phantom & p, const ggml_tensor * t);
    // Whether an operation on weights in host memory is worth their copy.
    bool (*offloads)(const ggml_tensor * op);
    // Tells which tensors must live longer than the graph itself says; may be NULL.
    void (*optimize)(const phantom & p, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params);
};

extern const backend_rules cuda_rules, metal_rules, vulkan_rules;

// A described device. The engine holds pointers to its parts.
struct phantom {
    llm_described            is; // its texts are those below
    std::string              name, description;
    const backend_rules *    rules;
    ggml_backend_device      device{};
    ggml_backend_buffer_type memory{};
    ggml_backend_buffer_type host{}; // that of the first device of the backend is used by all
    ggml_backend_buffer_type * host_type = nullptr; // NULL: it has no host memory of its own

    bool has(ggml_backend_buffer_type_t type) const { return type == &memory; }
};

// The phantom behind a buffer type of a device's own memory; NULL for any other.
const phantom * phantom_of(ggml_backend_buffer_type_t type);

// Bytes of a backend's buffers with so many bytes of tensors, of which the engine's account of
// a simulation knows nothing.
size_t real_size(ggml_backend_buffer_type_t type, size_t bytes);

// The described devices of one model, which must outlive it and its contexts.
class phantoms {
public:
    // Refuses what the engine would abort on. A limit on their number is the scheduler's.
    int read(const llm_described * devices, int32_t n, char ** err);

    const std::vector<std::unique_ptr<phantom>> & all() const { return devices; }

private:
    void add(const llm_described & d, const backend_rules * rules);

    std::vector<std::unique_ptr<phantom>> devices;
};

// As the engine compares the names of devices (ggml-backend-reg.cpp@v0.5.0).
bool same_but_case(const char * a, const char * b);

// While one that is on lives on a thread, memory of the types that it holds is not allocated
// there: of plain host memory, which simulated contexts of models with states would fill, however
// large a stranger's file says that they are, and of what graphs are reserved in.
class simulation {
public:
    explicit simulation(bool on);
    ~simulation();
    simulation(const simulation &)             = delete;
    simulation & operator=(const simulation &) = delete;

    // Holds a type of memory from now on, in all simulations. From any thread.
    static void hold(ggml_backend_buffer_type_t type);

private:
    const bool outer;
};

} // namespace llm
