// How deep JSON nests: the engine's work on it recurses.
#pragma once

#include "guard.h"

namespace llm {

constexpr int max_json_depth = 256;

// Fails with LLM_ELIMIT where JSON nests deeper than that.
inline int check_nesting(const char * json, char ** err) {
    int  depth  = 0;
    bool quoted = false;
    for (const char * p = json; *p; p++) {
        if (quoted) {
            quoted = *p != '"';
            p += *p == '\\' && p[1];
        } else if (*p == '"') {
            quoted = true;
        } else if ((*p == '[' || *p == '{') && ++depth > max_json_depth) {
            return fail(err, LLM_ELIMIT, "JSON nests deeper than %d levels", max_json_depth);
        } else if (*p == ']' || *p == '}') {
            depth--;
        }
    }
    return LLM_OK;
}

} // namespace llm
