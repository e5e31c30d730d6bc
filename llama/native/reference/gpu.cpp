// A GPU for tests on machines without one: devices with memory of their own, which the
// host's code cannot use directly and of which there is a limit. The CPU computes for them.
#include "reference.h"

#include "../src/ggml-backend-impl.h" // beside ggml/include
#include "../src/ggml-impl.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr size_t alignment = 64;

struct gpu {
    std::string              name, description;
    size_t                   total = 0;
    std::atomic<size_t>      used{ 0 };
    std::atomic<int64_t>     nodes{ 0 };         // computed so far
    std::string              refuses;            // what no weight that it computes with has in its name; empty: nothing
    std::atomic<int>         failure{ 0 };       // of the next computation: enum llm_reference_gpu_failure
    ggml_backend_device      device{};
    ggml_backend_buffer_type memory{}, host{};
};

std::vector<gpu *> gpus; // as long as the process
ggml_backend_reg   registry{};

gpu * of(ggml_backend_dev_t dev) { return static_cast<gpu *>(dev->context); }

ggml_backend_dev_t cpu() { return ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU); }

// ---- memory ---------------------------------------------------------------------

gpu * of(ggml_backend_buffer_t buffer) { return static_cast<gpu *>(buffer->buft->context); }

void free_buffer(ggml_backend_buffer_t buffer) {
    free(buffer->context);
    of(buffer)->used -= buffer->size;
}

const ggml_backend_buffer_i buffer_interface = {
    free_buffer,
    [](ggml_backend_buffer_t buffer) { return buffer->context; },
    nullptr,
    [](ggml_backend_buffer_t, ggml_tensor * t, uint8_t value, size_t offset, size_t size) { memset((char *) t->data + offset, value, size); },
    [](ggml_backend_buffer_t, ggml_tensor * t, const void * data, size_t offset, size_t size) { memcpy((char *) t->data + offset, data, size); },
    [](ggml_backend_buffer_t, const ggml_tensor * t, void * data, size_t offset, size_t size) { memcpy(data, (const char *) t->data + offset, size); },
    nullptr,
    nullptr,
    nullptr,
    [](ggml_backend_buffer_t buffer, uint8_t value) { memset(buffer->context, value, buffer->size); },
    nullptr,
};

ggml_backend_buffer_t alloc_buffer(ggml_backend_buffer_type_t type, size_t size) {
    gpu * g = static_cast<gpu *>(type->context);
    if (g->used + size > g->total) {
        return nullptr;
    }
    void * memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (!memory) {
        return nullptr;
    }
    // Zero, as drivers hand it out first: where tensors are split, the engine clears parts that a device does not compute
    // by multiplying what lies there with 0 (ggml-backend-meta.cpp@v0.5.0), which a NaN survives.
    memset(memory, 0, size);
    g->used += size;
    return ggml_backend_buffer_init(type, buffer_interface, memory, size);
}

const char * memory_name(ggml_backend_buffer_type_t type) { return static_cast<gpu *>(type->context)->name.c_str(); }

// Memory of the host that the device reads fast: the CPU's, under another name.
ggml_backend_buffer_t alloc_host_buffer(ggml_backend_buffer_type_t type, size_t size) {
    ggml_backend_buffer_t buffer = ggml_backend_buft_alloc_buffer(ggml_backend_dev_buffer_type(cpu()), size);
    if (buffer) {
        buffer->buft = type;
    }
    return buffer;
}

// ---- computation ------------------------------------------------------------------

struct stream {
    ggml_backend_t cpu;
};

ggml_status compute(ggml_backend_t backend, ggml_cgraph * graph) {
    gpu * g = of(backend->device);
    switch (g->failure.exchange(0)) {
        case LLM_REFERENCE_GPU_NO_MEMORY: return GGML_STATUS_ALLOC_FAILED;
        case LLM_REFERENCE_GPU_ABORTS:
            GGML_LOG_ERROR("%s error: out of memory\n", g->name.c_str());
            GGML_ABORT("FAKE error");
    }
    g->nodes += ggml_graph_n_nodes(graph);
    return ggml_backend_graph_compute(static_cast<stream *>(backend->context)->cpu, graph);
}

void free_backend(ggml_backend_t backend) {
    auto * s = static_cast<stream *>(backend->context);
    ggml_backend_free(s->cpu);
    delete s;
    delete backend;
}

void set_threads(ggml_backend_t backend, int n) {
    ggml_backend_t inner = static_cast<stream *>(backend->context)->cpu;
    auto * set = (ggml_backend_set_n_threads_t) ggml_backend_reg_get_proc_address(ggml_backend_dev_backend_reg(cpu()), "ggml_backend_set_n_threads");
    if (set) {
        set(inner, n);
    }
}

ggml_backend_t new_backend(ggml_backend_dev_t dev, const char *) {
    static ggml_guid guid = { 'f', 'a', 'k', 'e' };
    ggml_backend_i   i{};
    i.get_name      = [](ggml_backend_t backend) { return of(backend->device)->name.c_str(); };
    i.free          = free_backend;
    i.graph_compute = compute;
    return new ggml_backend{ &guid, i, dev, new stream{ ggml_backend_dev_init(cpu(), nullptr) } };
}

// ---- device -----------------------------------------------------------------------

void get_memory(ggml_backend_dev_t dev, size_t * free, size_t * total) {
    *total = of(dev)->total;
    *free  = *total - std::min(*total, of(dev)->used.load());
}

void get_props(ggml_backend_dev_t dev, ggml_backend_dev_props * props) {
    props->name        = of(dev)->name.c_str();
    props->description = of(dev)->description.c_str();
    props->type        = GGML_BACKEND_DEVICE_TYPE_GPU;
    get_memory(dev, &props->memory_free, &props->memory_total);
    props->caps = { false, true, false, false, true };
}

bool supports_type(ggml_backend_dev_t dev, ggml_backend_buffer_type_t type) { return type == &of(dev)->memory; }

// What the CPU can do with plain buffers.
bool supports_op(ggml_backend_dev_t dev, const ggml_tensor * op) {
    if (!of(dev)->refuses.empty() && op->src[0] && strstr(op->src[0]->name, of(dev)->refuses.c_str())) {
        return false;
    }
    for (const ggml_tensor * src : op->src) {
        if (src && src->buffer && src->buffer->buft->device == cpu() && !ggml_backend_buffer_is_host(src->buffer)) {
            return false; // weights that were rearranged for the CPU
        }
    }
    return ggml_backend_dev_supports_op(cpu(), op);
}

gpu * new_gpu(int i, size_t total) {
    gpu * g        = new gpu;
    g->name        = "FAKE" + std::to_string(i);
    g->description = "a GPU for tests";
    g->total       = total;

    ggml_backend_device_i d{};
    d.get_name             = [](ggml_backend_dev_t dev) { return of(dev)->name.c_str(); };
    d.get_description      = [](ggml_backend_dev_t dev) { return of(dev)->description.c_str(); };
    d.get_memory           = get_memory;
    d.get_type             = [](ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_GPU; };
    d.get_props            = get_props;
    d.init_backend         = new_backend;
    d.get_buffer_type      = [](ggml_backend_dev_t dev) { return &of(dev)->memory; };
    d.get_host_buffer_type = [](ggml_backend_dev_t dev) { return &of(dev)->host; };
    d.supports_op          = supports_op;
    d.supports_buft        = supports_type;
    d.offload_op           = [](ggml_backend_dev_t, const ggml_tensor * op) { return op->op == GGML_OP_MUL_MAT && op->ne[1] >= 32; };
    g->device              = { d, &registry, g };

    g->memory.iface.get_name      = memory_name;
    g->memory.iface.alloc_buffer  = alloc_buffer;
    g->memory.iface.get_alignment = [](ggml_backend_buffer_type_t) { return alignment; };
    g->memory.device              = &g->device;
    g->memory.context             = g;
    g->host                       = g->memory;
    g->host.iface.get_name        = [](ggml_backend_buffer_type_t) { return "FAKE_Host"; };
    g->host.iface.alloc_buffer    = alloc_host_buffer;
    g->host.iface.is_host         = [](ggml_backend_buffer_type_t) { return true; };
    return g;
}

} // namespace

extern "C" {

void llm_reference_gpus(int n, size_t total) {
    for (int i = 0; i < n; i++) {
        gpus.push_back(new_gpu(i, total));
    }
    registry.api_version            = GGML_BACKEND_API_VERSION;
    registry.iface.get_name         = [](ggml_backend_reg_t) { return "FAKE"; };
    registry.iface.get_device_count = [](ggml_backend_reg_t) { return gpus.size(); };
    registry.iface.get_device       = [](ggml_backend_reg_t, size_t i) { return &gpus[i]->device; };
    registry.iface.get_proc_address = [](ggml_backend_reg_t, const char * name) -> void * {
        return strcmp(name, "ggml_backend_set_n_threads") == 0 ? (void *) set_threads : nullptr;
    };
    ggml_backend_register(&registry);
}

void llm_reference_gpu_memory(int i, size_t total) {
    gpus[i]->total = total;
}

size_t llm_reference_gpu_used(int i) {
    return gpus[i]->used;
}

long long llm_reference_gpu_nodes(int i) {
    return gpus[i]->nodes;
}

void llm_reference_gpu_refuse(int i, const char * name) {
    gpus[i]->refuses = name;
}

void llm_reference_gpu_fail(int i, enum llm_reference_gpu_failure failure) {
    gpus[i]->failure = failure;
}

} // extern "C"
