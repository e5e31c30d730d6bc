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
    size_t bytes;  // of C++ memory beyond what there was
};

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

    static budget * current();

private:
    void stop(const char * reason);

    const limits limit;
    budget *     outer;
    int64_t      live  = 0;
    uint32_t     count = 0; // allocations
    uint32_t     grace = 0; // allocations that are let through after a stop, for the way out
    timespec     cpu, wall; // at the beginning
    char *       stack_end; // the lowest address that may be used
};

} // namespace llm
