// Models under numbers, so that several owners hold their weights once.
#include "guard.h"
#include "handles.h"

#include <cinttypes>
#include <mutex>
#include <unordered_map>

namespace llm {

// All models with weights that somebody owns.
static struct {
    std::mutex                                mutex;
    uint64_t                                  last = 0; // number that was given out
    std::unordered_map<uint64_t, llm_model *> by_id;
} table;

void publish(llm_model * m) {
    std::lock_guard<std::mutex> lock(table.mutex);
    table.by_id[table.last + 1] = m;
    m->id                       = ++table.last;
}

bool withdraw(llm_model * m) {
    std::lock_guard<std::mutex> lock(table.mutex);
    if (--m->owners > 0) {
        return false;
    }
    table.by_id.erase(m->id);
    return true;
}

} // namespace llm

extern "C" {

uint64_t llm_model_id(const llm_model * m) {
    return m ? m->id : 0;
}

int llm_model_share(uint64_t id, llm_model ** out, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!out) {
            return llm::fail(err, LLM_EINVAL, "a place for the result is needed");
        }
        std::lock_guard<std::mutex> lock(llm::table.mutex);
        const auto                  found = llm::table.by_id.find(id);
        if (found == llm::table.by_id.end()) {
            return llm::fail(err, LLM_EINVAL, "model %" PRIu64 " is not loaded in this process", id);
        }
        found->second->owners++;
        *out = found->second;
        return LLM_OK;
    });
}

} // extern "C"
