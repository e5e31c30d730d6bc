// Assertions of the engine inside and outside of a guard, for tests.
#include "reference.h"

#include "../guard.h"

#include "ggml.h"

#include <thread>

extern "C" int llm_reference_assert(int on_other_thread, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        const auto assertion = [] { GGML_ASSERT(false && "for a test"); };
        if (on_other_thread) {
            std::thread(assertion).join();
        } else {
            assertion();
        }
        return LLM_OK;
    });
}
