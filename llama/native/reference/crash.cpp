// What nothing inside of a process can hold up, for tests of the child process.
#include "reference.h"

#include <chrono>
#include <thread>

extern "C" void llm_reference_segfault(void) {
    volatile int * volatile nowhere = nullptr;
    *nowhere                        = 1;
}

extern "C" void llm_reference_hang(void) {
    for (;;) {
        std::this_thread::sleep_for(std::chrono::hours(1));
    }
}
