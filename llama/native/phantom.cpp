// The engine's side of a described device: see ggml-backend-impl.h@v0.5.0 for what each of
// these functions is for. What differs between backends is in their rules.
#include "phantom.h"

#include "guard.h"

#include "llama.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <mutex>

namespace llm {

namespace {

phantom * of(ggml_backend_dev_t dev) { return static_cast<phantom *>(dev->context); }
phantom * of(ggml_backend_buffer_type_t type) { return static_cast<phantom *>(type->context); }

// ---- memory ---------------------------------------------------------------------

// No tensor is ever read or written there. It is not NULL, which the engine takes for no
// buffer, and far from the end of the address space.
void * const base = reinterpret_cast<void *>(uintptr_t{ 1 } << 16);

constexpr size_t largest = size_t{ 1 } << 60;

const ggml_backend_buffer_i nothing = {
    nullptr,
    [](ggml_backend_buffer_t) { return base; },
    nullptr,
    [](ggml_backend_buffer_t, ggml_tensor *, uint8_t, size_t, size_t) {},
    [](ggml_backend_buffer_t, ggml_tensor *, const void *, size_t, size_t) {},
    [](ggml_backend_buffer_t, const ggml_tensor *, void * data, size_t, size_t size) { memset(data, 0, size); },
    nullptr,
    nullptr,
    nullptr,
    [](ggml_backend_buffer_t, uint8_t) {},
    nullptr,
};

ggml_backend_buffer_t empty_buffer(ggml_backend_buffer_type_t type, size_t size) {
    return size <= largest ? ggml_backend_buffer_init(type, nothing, nullptr, size) : nullptr;
}

thread_local bool simulating = false;

// The engine's own allocation of each type of memory that simulations hold.
std::mutex                                                                               holding;
std::map<ggml_backend_buffer_type_t, decltype(ggml_backend_buffer_type_i::alloc_buffer)> held;

ggml_backend_buffer_t alloc_held(ggml_backend_buffer_type_t type, size_t size) {
    if (simulating) {
        return empty_buffer(type, size);
    }
    decltype(ggml_backend_buffer_type_i::alloc_buffer) alloc;
    {
        const std::lock_guard<std::mutex> lock(holding);
        alloc = held[type];
    }
    return alloc(type, size);
}

const char * memory_name(ggml_backend_buffer_type_t type) { return of(type)->name.c_str(); }
const char * host_name(ggml_backend_buffer_type_t type) { return of(type)->rules->host_buffer; }

size_t limit(uint64_t bytes) { return bytes ? bytes : SIZE_MAX; }

const ggml_backend_buffer_type_i memory_type = {
    memory_name,
    empty_buffer,
    [](ggml_backend_buffer_type_t type) { return (size_t) of(type)->is.alignment; },
    [](ggml_backend_buffer_type_t type) { return limit(of(type)->is.max_buffer); },
    [](ggml_backend_buffer_type_t type, const ggml_tensor * t) { return of(type)->rules->alloc_size(*of(type), t); },
    nullptr,
};

const ggml_backend_buffer_type_i host_type = {
    host_name,
    empty_buffer,
    [](ggml_backend_buffer_type_t type) { return (size_t) of(type)->is.host_alignment; },
    [](ggml_backend_buffer_type_t type) { return limit(of(type)->is.max_buffer); },
    nullptr,
    [](ggml_backend_buffer_type_t) { return true; },
};

// ---- computation, of which there is none ------------------------------------------

ggml_backend_t new_backend(ggml_backend_dev_t dev, const char *) {
    static ggml_guid guid = { 'p', 'h', 'a', 'n', 't', 'o', 'm' };

    ggml_backend_i i{};
    i.get_name       = [](ggml_backend_t backend) { return of(backend->device)->name.c_str(); };
    i.free           = [](ggml_backend_t backend) { delete backend; };
    i.synchronize    = [](ggml_backend_t) {};
    i.graph_compute  = [](ggml_backend_t, ggml_cgraph *) { return GGML_STATUS_FAILED; };
    i.event_record   = [](ggml_backend_t, ggml_backend_event_t) {};
    i.event_wait     = [](ggml_backend_t, ggml_backend_event_t) {};
    i.graph_optimize = [](ggml_backend_t backend, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params) {
        const phantom & p = *of(backend->device);
        if (p.rules->optimize) {
            p.rules->optimize(p, graph, params);
        }
    };
    return new ggml_backend{ &guid, i, dev, nullptr };
}

// ---- device -----------------------------------------------------------------------

void get_memory(ggml_backend_dev_t dev, size_t * free, size_t * total) {
    *free  = of(dev)->is.free;
    *total = of(dev)->is.total;
}

enum ggml_backend_dev_type get_type(ggml_backend_dev_t dev) {
    return of(dev)->is.unified && of(dev)->rules->integrated ? GGML_BACKEND_DEVICE_TYPE_IGPU : GGML_BACKEND_DEVICE_TYPE_GPU;
}

void get_props(ggml_backend_dev_t dev, ggml_backend_dev_props * props) {
    const llm_described & d = of(dev)->is;

    props->name        = d.name;
    props->description = d.description;
    props->type        = get_type(dev);
    get_memory(dev, &props->memory_free, &props->memory_total);
    props->caps = { d.async, d.host_buffer, false, d.events, props->type != GGML_BACKEND_DEVICE_TYPE_IGPU };
}

bool supports_type(ggml_backend_dev_t dev, ggml_backend_buffer_type_t type) {
    return of(dev)->has(type) || (of(dev)->is.unified && of(dev)->rules->reads_host && type == of(dev)->host_type);
}

bool supports_op(ggml_backend_dev_t dev, const ggml_tensor * op) {
    const phantom & p    = *of(dev);
    const size_t    most = limit(p.is.max_tensor);
    for (const ggml_tensor * src : op->src) {
        if (src && ggml_nbytes(src) > most) {
            return false;
        }
    }
    return ggml_nbytes(op) <= most && p.rules->supports_op(p, op);
}

const ggml_backend_device_i device_interface = {
    [](ggml_backend_dev_t dev) { return of(dev)->name.c_str(); },
    [](ggml_backend_dev_t dev) { return of(dev)->description.c_str(); },
    get_memory,
    get_type,
    get_props,
    new_backend,
    [](ggml_backend_dev_t dev) { return &of(dev)->memory; },
    [](ggml_backend_dev_t dev) { return of(dev)->host_type; },
    nullptr,
    supports_op,
    supports_type,
    [](ggml_backend_dev_t dev, const ggml_tensor * op) { return of(dev)->rules->offloads(op); },
    [](ggml_backend_dev_t dev) { return of(dev)->is.events ? new ggml_backend_event{ dev, nullptr } : nullptr; },
    [](ggml_backend_dev_t, ggml_backend_event_t event) { delete event; },
    [](ggml_backend_dev_t, ggml_backend_event_t) {},
};

// Phantoms are in no list of the engine's: the registry only answers that there is nothing
// beside them.
ggml_backend_reg registry = {
    GGML_BACKEND_API_VERSION,
    {
        [](ggml_backend_reg_t) { return "described"; },
        [](ggml_backend_reg_t) { return size_t{ 0 }; },
        [](ggml_backend_reg_t, size_t) { return ggml_backend_dev_t{}; },
        [](ggml_backend_reg_t, const char *) -> void * { return nullptr; },
    },
    nullptr,
};

} // namespace

// llama_memory_recurrent and the caches of DeepSeek-V4 allocate in simulations as well
// (llama-memory-recurrent.cpp, llama-kv-cache-dsv4.cpp@v0.5.0), and so does the buffer of the
// outputs: their layers on the CPU would have memory. What graphs are reserved in is not to take
// any either, on whatever device.
void simulation::hold(ggml_backend_buffer_type_t type) {
    const std::lock_guard<std::mutex> lock(holding);
    if (type->iface.alloc_buffer != alloc_held && type->iface.alloc_buffer != empty_buffer) {
        held[type]               = type->iface.alloc_buffer;
        type->iface.alloc_buffer = alloc_held;
    }
}

simulation::simulation(bool on) : outer(simulating) { simulating = on; }
simulation::~simulation() { simulating = outer; }

const phantom * phantom_of(ggml_backend_buffer_type_t type) {
    return type->iface.get_name == memory_name ? of(type) : nullptr;
}

size_t real_size(ggml_backend_buffer_type_t type, size_t bytes) {
    if (type->iface.get_name != host_name || bytes == 0) {
        return bytes;
    }
    return bytes + of(type)->rules->host_extra * (1 + (bytes - 1) / ggml_backend_buft_get_max_size(type));
}

void phantoms::add(const llm_described & d, const backend_rules * rules) {
    auto p            = std::make_unique<phantom>();
    p->is             = d;
    p->name           = d.name;
    p->description    = d.description ? d.description : "";
    p->is.name        = p->name.c_str();
    p->is.description = p->description.c_str();
    p->is.backend     = rules->name;
    p->rules          = rules;
    p->device         = { device_interface, &registry, p.get() };
    p->memory         = { memory_type, &p->device, p.get() };
    p->host           = { host_type, &p->device, p.get() };
    if (d.host_buffer && rules->host_buffer) {
        p->host_type = &p->host;
        for (const auto & other : devices) {
            if (other->rules == rules && other->host_type) {
                p->host_type = other->host_type;
                break;
            }
        }
    }
    devices.push_back(std::move(p));
}

// ---- what a description may say -----------------------------------------------------

// More would not find their place in the engine's scheduler, which the CPU shares.
static int32_t max_phantoms() { return (int32_t) llama_max_devices() - 1; }

static constexpr size_t max_name = 63;

static const backend_rules * find_rules(const char * name) {
    for (const backend_rules * r : { &cuda_rules, &metal_rules, &vulkan_rules }) {
        if (name && strcmp(r->name, name) == 0) {
            return r;
        }
    }
    return nullptr;
}

static bool is_alignment(uint32_t n) { return n > 0 && (n & (n - 1)) == 0 && n <= 1u << 20; }

bool same_but_case(const char * a, const char * b) {
    while (*a && tolower((unsigned char) *a) == tolower((unsigned char) *b)) {
        a++, b++;
    }
    return !*a && !*b;
}

// The engine finds devices by their names, whatever the case, and puts buffers of the same
// name together.
static bool is_host_name(const char * name, const backend_rules * r) { return r->host_buffer && same_but_case(name, r->host_buffer); }

static bool is_taken(const char * name, const std::vector<std::unique_ptr<phantom>> & devices) {
    if (same_but_case(name, "none") || same_but_case(name, "CPU") || same_but_case(name, "CPU_REPACK")) {
        return true;
    }
    for (const auto & p : devices) {
        if (same_but_case(name, p->name.c_str()) || is_host_name(name, p->rules)) {
            return true;
        }
    }
    return false;
}

// What the engine calls the backends whose rules are known.
static const struct { const char *registry, *rules; } backend_names[] = { { "CUDA", "cuda" }, { "MTL", "metal" }, { "Vulkan", "vulkan" } };

// The largest tensor that a device takes, however little is done with it; 0 where it takes any.
static uint64_t largest_tensor(ggml_backend_dev_t dev) {
    const auto takes = [&](size_t bytes) {
        ggml_tensor t{};
        t.type  = GGML_TYPE_I8;
        t.ne[0] = (int64_t) bytes;
        t.ne[1] = t.ne[2] = t.ne[3] = 1;
        t.nb[0] = 1;
        t.nb[1] = t.nb[2] = t.nb[3] = bytes;
        return ggml_backend_dev_supports_op(dev, &t);
    };
    size_t low = 0, high = largest;
    while (low < high) {
        const size_t middle = high - (high - low) / 2;
        if (takes(middle)) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low == largest ? 0 : low;
}

// How many numbers the rows of quantized weights are padded to, told by one block of them.
static uint32_t padding_of_rows(ggml_backend_buffer_type_t type) {
    ggml_tensor t{};
    t.type  = GGML_TYPE_Q8_0;
    t.ne[0] = ggml_blck_size(t.type);
    t.ne[1] = t.ne[2] = t.ne[3] = 1;
    t.nb[0] = t.nb[1] = t.nb[2] = t.nb[3] = ggml_type_size(t.type);
    const size_t blocks = ggml_backend_buft_get_alloc_size(type, &t) / t.nb[0];
    return blocks > 1 ? (uint32_t) (blocks * t.ne[0]) : 0;
}

static int describe(ggml_backend_dev_t dev, llm_described * out, char ** err) {
    const char * registry = ggml_backend_reg_name(ggml_backend_dev_backend_reg(dev));
    *out = {};
    for (const auto & n : backend_names) {
        if (strcmp(n.registry, registry) == 0) {
            out->backend = n.rules;
        }
    }
    if (!out->backend) {
        return fail(err, LLM_EINVAL, "device \"%s\": what its backend (%s) asks of memory is not known", ggml_backend_dev_name(dev), registry);
    }
    ggml_backend_dev_props props;
    ggml_backend_dev_get_props(dev, &props);
    ggml_backend_buffer_type_t memory = ggml_backend_dev_buffer_type(dev), host = ggml_backend_dev_host_buffer_type(dev);

    const size_t max_buffer = ggml_backend_buft_get_max_size(memory);

    out->name           = props.name;
    out->description    = props.description;
    out->total          = props.memory_total;
    out->free           = std::min(props.memory_free, props.memory_total);
    out->max_buffer     = max_buffer <= largest ? max_buffer : 0;
    out->max_tensor     = largest_tensor(dev);
    out->alignment      = (uint32_t) ggml_backend_buft_get_alignment(memory);
    out->host_alignment = host ? (uint32_t) ggml_backend_buft_get_alignment(host) : 0;
    out->row_padding    = padding_of_rows(memory);
    out->host_buffer    = host != nullptr;
    out->async          = props.caps.async;
    out->events         = props.caps.events;
    out->unified        = props.type == GGML_BACKEND_DEVICE_TYPE_IGPU || find_rules(out->backend) == &metal_rules;
    return LLM_OK;
}

int phantoms::read(const llm_described * list, int32_t n, char ** err) {
    if (n < 0 || n > max_phantoms() || (n && !list)) {
        return fail(err, LLM_EINVAL, "%d described devices: the limit is %d", n, max_phantoms());
    }
    for (int32_t i = 0; i < n; i++) {
        const llm_described & d     = list[i];
        const backend_rules * rules = find_rules(d.backend);
        if (!d.name || !*d.name || strlen(d.name) > max_name) {
            return fail(err, LLM_EINVAL, "described device %d: its name must have 1 to %zu bytes", i, max_name);
        }
        if (!rules) {
            return fail(err, LLM_EINVAL, "described device \"%s\": backend \"%.99s\" is not known; there are cuda, metal, vulkan", d.name,
                        d.backend ? d.backend : "");
        }
        if (is_taken(d.name, devices) || is_host_name(d.name, rules)) {
            return fail(err, LLM_EINVAL, "described device \"%s\": the name is taken", d.name);
        }
        if (d.total == 0 || d.free > d.total || d.total > largest) {
            return fail(err, LLM_EINVAL, "described device \"%s\": %llu bytes are free of %llu", d.name, (unsigned long long) d.free,
                        (unsigned long long) d.total);
        }
        if (!is_alignment(d.alignment) || (d.host_buffer && !is_alignment(d.host_alignment))) {
            return fail(err, LLM_EINVAL, "described device \"%s\": alignments %u and %u; each must be a power of two up to 1048576", d.name,
                        d.alignment, d.host_alignment);
        }
        if (d.row_padding > 1u << 20 || d.compute_capability > 10000) {
            return fail(err, LLM_EINVAL, "described device \"%s\": rows padded to %u numbers, compute capability %u: out of range", d.name,
                        d.row_padding, d.compute_capability);
        }
        // The engine would divide the memory of a graph into as many buffers as it takes.
        if (d.max_buffer && d.max_buffer < 1u << 20) {
            return fail(err, LLM_EINVAL, "described device \"%s\": buffers of at most %llu bytes; it must be at least 1 MiB, or 0 for no limit", d.name,
                        (unsigned long long) d.max_buffer);
        }
        add(d, rules);
    }
    return LLM_OK;
}

} // namespace llm

extern "C" int llm_device_describe(int i, struct llm_described * out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!out || i < 0 || (size_t) i >= ggml_backend_dev_count()) {
            return llm::fail(err, LLM_EINVAL, "device %d: there are %zu", i, ggml_backend_dev_count());
        }
        return llm::describe(ggml_backend_dev_get(i), out, err);
    });
}
