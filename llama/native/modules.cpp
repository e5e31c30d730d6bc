// Backends: what is in the archive, and what is loaded from modules at run time.
#include "modules.h"

#include "guard.h"

#include "ggml-backend.h"

#include <algorithm>
#include <deque>
#include <string>

#ifdef GGML_BACKEND_DL
#    include <cstdlib>
#    include <dlfcn.h>
#    include <filesystem>
#    include <vector>
#endif

namespace {

struct backend {
    std::string name, path, reason;
    int         devices;
};

// Written once, before anything reads it.
std::deque<backend> backends;

#ifdef GGML_BACKEND_DL

namespace fs = std::filesystem;

// Where the engine's libraries lie. Upstream would look beside the program and in the
// current folder, from which nothing should be loaded.
fs::path folder() {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void *>(&ggml_backend_load), &info) || !info.dli_fname) {
        return {};
    }
    std::error_code ignored;
    return fs::canonical(info.dli_fname, ignored).parent_path();
}

// The modules in the folder, in the order of their names.
std::vector<fs::path> modules_in(const fs::path & dir) {
    std::vector<fs::path> found;
    std::error_code       ec;
    for (fs::directory_iterator it(dir, ec), end; !ec && it != end; it.increment(ec)) {
        const std::string name = it->path().filename();
        if (name.rfind("libggml-", 0) == 0 && it->path().extension() == ".so" && name.rfind("libggml-base", 0) != 0) {
            found.push_back(it->path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

bool is_cpu(const fs::path & module) {
    return module.filename().string().rfind("libggml-cpu-", 0) == 0;
}

// How well a module suits this processor; 0: not at all.
int score(const fs::path & module) {
    void * handle = dlopen(module.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!handle) {
        return 0;
    }
    const auto f = reinterpret_cast<int (*)()>(dlsym(handle, "ggml_backend_score"));
    const int  s = f ? f() : 0;
    dlclose(handle);
    return s;
}

void load(const fs::path & module) {
    llm::guard(nullptr, [&](llm::scope & s) {
        const ggml_backend_reg_t reg = ggml_backend_load(module.c_str());
        std::string reason = s.errors();
        if (const size_t at = reason.find(module.string() + ": "); !reg && at != std::string::npos) {
            reason.erase(0, at + module.string().size() + 2); // the loader's own words
        } else if (!reg && reason.empty()) {
            reason = "it is not for this machine";
        }
        backends.push_back({ reg ? ggml_backend_reg_name(reg) : "", module, reason,
                             reg ? (int) ggml_backend_reg_dev_count(reg) : 0 });
        return LLM_OK;
    });
}

// The best module for the processor comes last, as its device does in a static build.
void load_modules() {
    const std::vector<fs::path> modules = modules_in(folder());
    fs::path                    cpu;
    int                         best = 0;
    for (const fs::path & module : modules) {
        if (!is_cpu(module)) {
            load(module);
        } else if (const int s = score(module); s > best) {
            best = s;
            cpu  = module;
        }
    }
    if (const char * path = getenv("GGML_BACKEND_PATH"); path && *path) { // upstream's name for one that lies elsewhere
        load(path);
    }
    if (best > 0) {
        load(cpu);
    } else {
        backends.push_back({ "CPU", folder(), "no libggml-cpu-*.so in this folder is for this processor", 0 });
    }
}

#else

// The archive's own backends start when the engine is first asked for one, and say
// then why they found no device.
void load_modules() {
    std::string reason;
    llm::guard(nullptr, [&](llm::scope & s) {
        ggml_backend_reg_count();
        reason = s.errors();
        return LLM_OK;
    });
    for (size_t i = 0; i < ggml_backend_reg_count(); i++) {
        const ggml_backend_reg_t reg     = ggml_backend_reg_get(i);
        const int                devices = (int) ggml_backend_reg_dev_count(reg);
        backends.push_back({ ggml_backend_reg_name(reg), "", devices ? "" : reason, devices });
    }
}

#endif

} // namespace

void llm::load_backends() {
    load_modules();
}

extern "C" {

int llm_backend_count(void) {
    return (int) backends.size();
}

int llm_backend_get(int i, struct llm_backend * out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!out || i < 0 || (size_t) i >= backends.size()) {
            return llm::fail(err, LLM_EINVAL, "backend %d: there are %zu", i, backends.size());
        }
        const backend & b = backends[i];
        *out              = { b.name.c_str(), b.path.c_str(), b.reason.c_str(), b.devices };
        return LLM_OK;
    });
}

} // extern "C"
