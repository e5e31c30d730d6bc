// The wall between the engine and Go: nothing unwinds through a guarded entry.
#pragma once

#include "budget.h"
#include "llm.h"

#include <cstdarg>
#include <exception>
#include <functional>
#include <new>
#include <string>

namespace llm {

// Thrown by the assertion handler when the calling thread can still unwind.
struct assertion : std::exception {
    std::string text;
    explicit assertion(std::string t) : text(std::move(t)) {}
    const char * what() const noexcept override { return text.c_str(); }
};

// While one lives on a thread, assertions there become exceptions and the
// engine's error lines are kept for the message.
class scope {
public:
    // computes: the engine's compute threads wait for this one, which therefore must
    // not unwind.
    explicit scope(bool computes);
    ~scope();
    scope(const scope &)             = delete;
    scope & operator=(const scope &) = delete;

    // The engine's last error lines since the scope began, joined.
    const std::string & errors() const { return lines; }
    void                add(const char * line);

    static scope * current();

    const bool computes;
    bool       quiet = false; // a simulation: what the engine says of it is for nobody's log
    std::function<void(const char *)> heard; // gets every text of the engine's log; what it throws leaves the call that logged

private:
    scope *     outer;
    std::string lines;
};

// Copies text into memory that llm_free releases; NULL when there is none left.
char * copy(const std::string & text);

void set_error(char ** err, const std::string & text);

// Sets *err and returns code.
int fail(char ** err, int code, const char * format, ...) __attribute__((format(printf, 3, 4)));

// Whether messages of this level (a ggml level) go to llm_go_log.
bool logs(int level);

// Runs f, which returns a code, and turns whatever leaves it into one.
template <class F> int guard(char ** err, F && f, bool computes = false) noexcept {
    if (err) {
        *err = nullptr;
    }
    try {
        scope s(computes);
        try {
            return f(s);
        } catch (const assertion & e) {
            set_error(err, "engine assertion failed: " + e.text);
            return LLM_EABORT;
        } catch (const exhausted & e) {
            set_error(err, std::string("it was stopped: ") + e.what());
            return LLM_ELIMIT;
        } catch (const std::bad_alloc &) {
            set_error(err, "out of memory");
            return LLM_EENGINE;
        } catch (const std::exception & e) {
            set_error(err, s.errors().empty() ? e.what() : s.errors() + ": " + e.what());
            return LLM_EENGINE;
        } catch (...) {
            set_error(err, "unknown C++ exception");
            return LLM_EENGINE;
        }
    } catch (...) {
        return LLM_EENGINE;
    }
}

// For entries that cannot fail: the value, or fallback.
template <class T, class F> T guard_value(T fallback, F && f) noexcept {
    T value = fallback;
    guard(nullptr, [&](scope &) {
        value = f();
        return LLM_OK;
    });
    return value;
}

} // namespace llm
