// Budgets, and the operators new and delete that keep them.
#include "budget.h"

#include <cstdlib>
#include <exception>

#include <pthread.h>
#ifdef __APPLE__
#include <malloc/malloc.h>
#else
#include <malloc.h>
#endif

namespace llm {

static thread_local budget * current_budget = nullptr;

// Room on the stack for what runs without allocating.
constexpr size_t stack_reserve = 96 << 10;

// What an error message may take.
constexpr size_t small = 64 << 10;

// The lowest address of this thread's stack.
static char * stack_low() {
    static thread_local char * low = nullptr;
    if (low) {
        return low;
    }
#ifdef __APPLE__
    low = (char *) pthread_get_stackaddr_np(pthread_self()) - pthread_get_stacksize_np(pthread_self());
#else
    pthread_attr_t attr;
    if (pthread_getattr_np(pthread_self(), &attr) == 0) {
        void * addr = nullptr;
        size_t size = 0;
        pthread_attr_getstack(&attr, &addr, &size);
        pthread_attr_destroy(&attr);
        low = (char *) addr;
    }
#endif
    return low;
}

static double since(clockid_t clock, const timespec & begin) {
    timespec now;
    clock_gettime(clock, &now);
    return (double) (now.tv_sec - begin.tv_sec) + 1e-9 * (double) (now.tv_nsec - begin.tv_nsec);
}

budget::budget(const limits & l) : limit(l), outer(current_budget), stack_end(stack_low()) {
    if (stack_end) {
        stack_end += stack_reserve;
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    clock_gettime(CLOCK_MONOTONIC, &wall);
    current_budget = this;
}

budget::~budget() { current_budget = outer; }

double budget::cpu_s() const { return since(CLOCK_THREAD_CPUTIME_ID, cpu); }

budget * budget::current() { return current_budget; }

void budget::took(size_t n) {
    live += (int64_t) n;
    if (reason) {
        if (grace == 0 || n > small) {
            stop(reason);
        }
        grace--;
        return;
    }
    char here;
    if (&here < stack_end) {
        stop("it nests too deep");
    } else if (n > limit.largest || (live > 0 && (size_t) live > limit.bytes)) {
        stop("it takes too much memory");
    } else if (++count % 256 == 0) {
        if (since(CLOCK_THREAD_CPUTIME_ID, cpu) > limit.cpu_s) {
            stop("it takes too much processor time");
        } else if (since(CLOCK_MONOTONIC, wall) > limit.wall_s) {
            stop("it takes too long");
        }
    }
}

// Once stopped, always stopped: what catches the exception and goes on does not get
// far. (An exception while another one unwinds would end the process.)
void budget::stop(const char * why) {
    reason = why;
    grace  = 512;
    if (std::uncaught_exceptions() == 0) {
        throw exhausted(why);
    }
}

static size_t size_of(void * p) {
#ifdef __APPLE__
    return malloc_size(p);
#else
    return malloc_usable_size(p);
#endif
}

static void * allocate(size_t n, size_t align) {
    for (;;) {
        void * p = nullptr;
        if (align <= alignof(max_align_t)) {
            p = malloc(n ? n : 1);
        } else if (posix_memalign(&p, align, n ? n : 1) != 0) {
            p = nullptr;
        }
        if (p) {
            if (budget * b = current_budget) {
                try {
                    b->took(size_of(p));
                } catch (...) {
                    b->gave(size_of(p));
                    free(p);
                    throw;
                }
            }
            return p;
        }
        const std::new_handler handler = std::get_new_handler();
        if (!handler) {
            throw std::bad_alloc();
        }
        handler();
    }
}

static void release(void * p) {
    if (!p) {
        return;
    }
    if (budget * b = current_budget) {
        b->gave(size_of(p));
    }
    free(p);
}

} // namespace llm

// All forms: what one allocates another frees, and a sanitizer brings its own of those
// that are missing.
static void * allocate_or_null(size_t n, size_t align) noexcept {
    try {
        return llm::allocate(n, align);
    } catch (...) {
        return nullptr;
    }
}

void * operator new(size_t n) { return llm::allocate(n, 0); }
void * operator new[](size_t n) { return llm::allocate(n, 0); }
void * operator new(size_t n, const std::nothrow_t &) noexcept { return allocate_or_null(n, 0); }
void * operator new[](size_t n, const std::nothrow_t &) noexcept { return allocate_or_null(n, 0); }
void * operator new(size_t n, std::align_val_t align) { return llm::allocate(n, (size_t) align); }
void * operator new[](size_t n, std::align_val_t align) { return llm::allocate(n, (size_t) align); }
void * operator new(size_t n, std::align_val_t align, const std::nothrow_t &) noexcept { return allocate_or_null(n, (size_t) align); }
void * operator new[](size_t n, std::align_val_t align, const std::nothrow_t &) noexcept { return allocate_or_null(n, (size_t) align); }

void operator delete(void * p) noexcept { llm::release(p); }
void operator delete[](void * p) noexcept { llm::release(p); }
void operator delete(void * p, const std::nothrow_t &) noexcept { llm::release(p); }
void operator delete[](void * p, const std::nothrow_t &) noexcept { llm::release(p); }
void operator delete(void * p, size_t) noexcept { llm::release(p); }
void operator delete[](void * p, size_t) noexcept { llm::release(p); }
void operator delete(void * p, std::align_val_t) noexcept { llm::release(p); }
void operator delete[](void * p, std::align_val_t) noexcept { llm::release(p); }
void operator delete(void * p, size_t, std::align_val_t) noexcept { llm::release(p); }
void operator delete[](void * p, size_t, std::align_val_t) noexcept { llm::release(p); }
