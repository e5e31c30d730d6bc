// What a stranger's text may take of this process: a chat template or a grammar is a
// program, and the engine's interpreters of both have no limit of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <new>

namespace llm {

struct limits {
    double cpu_s;  // processor time of the thread
    double wall_s;
    size_t bytes;   // of C++ memory beyond what there was
    size_t largest; // allocation: work on one text takes no other
};

// For rendering a chat template or parsing a reply: text is the bytes of all that it works
// on. Both take about a millisecond; compiling a template also tries it out, some dozen
// times.
inline limits limits_of_work_on(size_t text) {
    return { 2 + 1e-6 * (double) text, 10 + 1e-6 * (double) text, (256u << 20) + 64 * text, (1u << 20) + 16 * text };
}

// Thrown out of operator new, which is where these interpreters spend their time: it
// unwinds as running out of memory does.
struct exhausted : std::bad_alloc {
    const char * reason;
    explicit exhausted(const char * r) : reason(r) {}
    const char * what() const noexcept override { return reason; }
};

// While one lives on a thread, its C++ allocations are counted and its clocks and its
// stack are watched.
class budget {
public:
    explicit budget(const limits & l);
    ~budget();
    budget(const budget &)             = delete;
    budget & operator=(const budget &) = delete;

    void took(size_t n);
    void gave(size_t n) { live -= (int64_t) n; }

    double cpu_s() const; // processor time since the beginning

    // Why it was stopped, or NULL.
    const char * stopped() const { return reason; }

    static budget * current();

private:
    void stop(const char * why);

    const limits limit;
    budget *     outer;
    int64_t      live  = 0;
    uint32_t     count = 0; // allocations
    uint32_t     grace = 0; // small allocations that are let through, for the way out
    const char * reason = nullptr;
    timespec     cpu, wall; // at the beginning
    char *       stack_end; // the lowest address that may be used
};

// Runs f under a budget. Throws exhausted when it was stopped, whatever became of that
// on the way out: the engine tries a template dozens of times, and swallows errors.
template <class F> auto within(const limits & l, F && f) {
    budget b(l);
    try {
        auto value = f();
        if (!b.stopped()) {
            return value;
        }
    } catch (...) {
        if (!b.stopped()) {
            throw;
        }
    }
    throw exhausted(b.stopped());
}

} // namespace llm
