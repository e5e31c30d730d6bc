// What stands in for the functions that the program's side defines (llama/callback.go), in
// a program that has none: the linker takes this object only then.
#include "llm.h"

#include <cstdio>

extern "C" {

void llm_go_log(int, char * line) {
    fprintf(stderr, "llm: %s\n", line);
}

bool llm_go_progress(uint64_t, float) {
    return true;
}

} // extern "C"
