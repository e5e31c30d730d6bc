// Backends, devices, log and assertions.
#include "guard.h"
#include "modules.h"
#include "phantom.h"

#include "common.h"
#include "ggml-backend.h"
#include "llama.h"
#include "log.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

// Implemented in Go (llama/callback.go).
extern "C" void llm_go_log(int level, char * line);

namespace llm {

static thread_local scope * current_scope = nullptr;

scope::scope(bool c) : computes(c), outer(current_scope) { current_scope = this; }
scope::~scope() { current_scope = outer; }
scope * scope::current() { return current_scope; }

void scope::add(const char * line) {
    // A failing load logs a handful of lines; a runaway one must not fill memory.
    if (lines.size() > 4096) {
        return;
    }
    if (!lines.empty()) {
        lines += "; ";
    }
    lines += line;
}

char * copy(const std::string & text) {
    char * p = static_cast<char *>(malloc(text.size() + 1));
    if (p) {
        memcpy(p, text.c_str(), text.size() + 1);
    }
    return p;
}

void set_error(char ** err, const std::string & text) {
    if (err) {
        free(*err);
        *err = copy(text);
    }
}

int fail(char ** err, int code, const char * format, ...) {
    char    text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    set_error(err, text);
    return code;
}

// An assertion on a thread that is inside a guarded call, and on which no compute
// thread waits, unwinds to the guard. Elsewhere unwinding is not sound: the message
// goes out and the process ends, without the engine's backtrace (which starts a
// debugger).
static void on_abort(const char * message) {
    const scope * s = scope::current();
    if (s && !s->computes) {
        throw assertion(message);
    }
    // Backends log the cause ("out of memory") before they give up.
    const bool cause = s && !s->errors().empty();
    fprintf(stderr, "llm: engine assertion failed: %s%s%s\n", message, cause ? ": " : "", cause ? s->errors().c_str() : "");
}

static std::atomic<int> log_level{ GGML_LOG_LEVEL_CONT };

static void on_log(enum ggml_log_level level, const char * text, void *) {
    static thread_local std::string         line;
    static thread_local enum ggml_log_level line_level = GGML_LOG_LEVEL_INFO;

    if (scope * s = scope::current(); s && s->heard) {
        s->heard(text);
    }
    // Errors of a quiet scope are kept for the message as well.
    const int least = scope::current() && scope::current()->quiet ? GGML_LOG_LEVEL_CONT : log_level.load(std::memory_order_relaxed);

    const auto deliver = [least] {
        if (scope * s = line_level == GGML_LOG_LEVEL_ERROR ? scope::current() : nullptr) {
            s->add(line.c_str());
        }
        if (line_level >= least) {
            llm_go_log(line_level, &line[0]);
        }
        line.clear();
    };
    if (level != GGML_LOG_LEVEL_CONT) {
        if (!line.empty()) {
            deliver(); // some lines of the engine lack their end
        }
        line_level = level;
    }
    if (line_level < least && (line_level != GGML_LOG_LEVEL_ERROR || !scope::current())) {
        return;
    }
    line += text;
    if (!line.empty() && line.back() == '\n') {
        line.pop_back();
        deliver();
    }
}

bool logs(int level) { return level >= log_level.load(std::memory_order_relaxed); }

static void start() {
    ggml_set_abort_callback(on_abort);
    llama_log_set(on_log, nullptr);
    // common logs to the standard streams from a thread of its own: never start it.
    common_log_set_verbosity_thold(-1);
    guard(nullptr, [](scope &) {
        simulation::hold(ggml_backend_cpu_buffer_type()); // before the engine allocates anything
        load_backends(); // first: what they say is kept with them
        llama_backend_init();
        return LLM_OK;
    });
}

} // namespace llm

extern "C" {

void llm_free(void * p) {
    free(p);
}

void llm_backend_init(void) {
    static std::once_flag once;
    std::call_once(once, llm::start);
}

void llm_log_set_level(int level) {
    llm::log_level.store(level, std::memory_order_relaxed);
}

void llm_build_info(struct llm_build * out) {
    if (!out) {
        return;
    }
    out->version = llama_version();
    out->tree    = LLM_TREE;
    out->backend = LLM_BACKEND;
    out->system  = llama_print_system_info();
}

int llm_default_threads(void) {
    return llm::guard_value(1, [] { return (int) common_cpu_get_num_math(); });
}

int llm_device_count(void) {
    return llm::guard_value(0, [] { return (int) ggml_backend_dev_count(); });
}

int llm_device_get(int i, struct llm_device * out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!out || i < 0 || (size_t) i >= ggml_backend_dev_count()) {
            return llm::fail(err, LLM_EINVAL, "device %d: there are %zu", i, ggml_backend_dev_count());
        }
        ggml_backend_dev_t dev   = ggml_backend_dev_get(i);
        size_t             free  = 0;
        size_t             total = 0;
        ggml_backend_dev_memory(dev, &free, &total);
        out->name         = ggml_backend_dev_name(dev);
        out->description  = ggml_backend_dev_description(dev);
        out->type         = ggml_backend_dev_type(dev);
        out->memory_free  = free;
        out->memory_total = total;
        return LLM_OK;
    });
}

} // extern "C"
