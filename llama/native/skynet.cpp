// The C functions of github.com/go-skynet/go-llama.cpp v0.0.0-20240314183750-6a8041ef6b46 (its
// binding.h) on our engine. A program that imports that module links them; no other does: they
// need its tokenCallback.
//
// They own what that version's Go code allocates with C.CString and never frees, and free what
// it forgets; they know of its buffers what it tells, which is po.Tokens. Another version would
// be another contract: a test holds go.sum to this one. docs/migrate-from-go-skynet.md says what
// became of each option.
#include "skynet.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <set>
#include <unordered_map>

namespace llm::skynet {

// The states that are in use. Go keeps a state and its callback by an address, which is
// therefore that of a byte and never given out again: a state that was freed is recognized.
static struct {
    std::mutex                                         mutex;
    std::unordered_map<void *, std::shared_ptr<state>> states;
    std::deque<char>                                   bytes;
    std::set<std::string>                              named; // what was said already that is said once
} table;

static void * publish(std::unique_ptr<state> s) {
    std::lock_guard<std::mutex> lock(table.mutex);
    table.bytes.push_back(0);
    s->handle = &table.bytes.back();
    void * handle = s->handle;
    table.states[handle] = std::move(s);
    return handle;
}

static std::shared_ptr<state> find(void * handle) {
    std::lock_guard<std::mutex> lock(table.mutex);
    const auto                  found = table.states.find(handle);
    if (found == table.states.end()) {
        throw std::runtime_error("the model was freed, or never loaded");
    }
    return found->second;
}

void say(const char * op, const std::string & what) {
    std::string line = std::string(op) + ": " + what;
    if (logs(GGML_LOG_LEVEL_WARN)) {
        llm_go_log(GGML_LOG_LEVEL_WARN, &line[0]);
    } else {
        fprintf(stderr, "llm: %s\n", line.c_str());
    }
}

static bool first_time(const std::string & what) {
    std::lock_guard<std::mutex> lock(table.mutex);
    return table.named.insert(what).second;
}

static void name_obsolete(const char * op, const std::vector<std::string> & options) {
    std::string text;
    for (const std::string & option : options) {
        if (first_time(option)) {
            text += (text.empty() ? "" : ", ") + option;
        }
    }
    if (!text.empty()) {
        say(op, "without effect, as the engine does not have it any more: " + text);
    }
}

// Runs f, which returns what the call does; whatever leaves it is said, and becomes failed.
template <class T, class F> static T enter(const char * op, T failed, F && f) noexcept {
    try {
        try {
            return f();
        } catch (const std::exception & e) {
            say(op, e.what());
        }
    } catch (...) { // even to say it there is no memory
    }
    return failed;
}

// A C string that Go allocated, and nobody but us frees.
static std::string adopt(const char * text) {
    const std::unique_ptr<char, freed_by<free>> owned(const_cast<char *>(text));
    return text ? text : "";
}

static params & given(void * p) {
    if (!p) {
        throw std::runtime_error("out of memory");
    }
    return *static_cast<params *>(p);
}

// A call with parameters that Go frees when it succeeds.
template <class F> static int with_params(const char * op, void * p, F && f) {
    const int code = enter(op, 1, [&] {
        name_obsolete(op, given(p).obsolete);
        return f(given(p));
    });
    if (code != 0) {
        delete static_cast<params *>(p);
    }
    return code;
}

// A call with parameters that Go never frees.
template <class F> static int with_own_params(const char * op, void * p, F && f) {
    const std::unique_ptr<params> owned(static_cast<params *>(p));
    return enter(op, -1, [&] {
        name_obsolete(op, given(p).obsolete);
        return f(given(p));
    });
}

// Copies text and a 0 into a buffer of po.Tokens bytes, cut at a border between characters.
static void put(const char * op, const std::string & text, const params & p, char * result) {
    if (p.n_predict < 1) {
        throw std::runtime_error("there is no room for a result");
    }
    size_t n = std::min(text.size(), (size_t) p.n_predict - 1);
    if (n < text.size()) {
        for (const size_t end = n; n > 0 && end - n < 4 && ((unsigned char) text[n] & 0xc0) == 0x80;) {
            n--;
        }
        if (first_time("a text that is cut off")) {
            say(op, "the text has " + std::to_string(text.size()) + " bytes, and its place, of SetTokens(" + std::to_string(p.n_predict) +
                    "), is one of bytes: the rest is cut off, here and in later calls; the token callback gets all of it");
        }
    }
    memcpy(result, text.data(), n);
    result[n] = '\0';
}

// "17+2.5": what is added to the logit of a token.
static void read_bias(const std::string & text, sampling & p) {
    int32_t token = 0;
    float   value = 0;
    char    sign  = 0;
    if (sscanf(text.c_str(), "%d %c%f", &token, &sign, &value) == 3 && (sign == '+' || sign == '-')) {
        p.bias.push_back({ token, sign == '-' ? -value : value });
    }
}

} // namespace llm::skynet

using namespace llm::skynet;

extern "C" {

void * load_model(const char * fname, int n_ctx, int n_seed, bool /* memory_f16 */, bool mlock, bool /* embeddings: Go asks for them or not */, bool mmap, bool low_vram, int n_gpu, int n_batch,
                  const char * maingpu, const char * tensorsplit, bool numa, float rope_freq_base, float rope_freq_scale, bool mul_mat_q, const char * lora,
                  const char * lora_base, bool perplexity) {
    return enter("New", (void *) nullptr, [&]() -> void * {
        model_params p;
        p.main_gpu        = adopt(maingpu);
        p.tensor_split    = adopt(tensorsplit);
        p.path            = fname ? fname : "";
        p.lora            = lora ? lora : "";
        p.n_ctx           = n_ctx;
        p.n_batch         = n_batch;
        p.n_gpu_layers    = n_gpu;
        p.mlock           = mlock;
        p.mmap            = mmap;
        p.rope_freq_base  = rope_freq_base;
        p.rope_freq_scale = rope_freq_scale;

        std::vector<std::string> obsolete;
        const std::pair<bool, const char *> options[] = {
            { low_vram, "EnabelLowVRAM" }, { !mul_mat_q, "SetMulMatQ" }, { lora_base && *lora_base, "SetLoraBase" },
            { perplexity, "SetPerplexity" }, { n_seed != 0, "SetModelSeed" },
        };
        for (const auto & [used, option] : options) {
            if (used) {
                obsolete.push_back(option);
            }
        }
        llm_backend_init();
        name_obsolete("New", obsolete);
        if (numa) {
            llama_numa_init(GGML_NUMA_STRATEGY_DISTRIBUTE);
        }
        return publish(load(p));
    });
}

void llama_binding_free_model(void * handle) {
    enter("Free", 0, [&] {
        std::shared_ptr<state> s = find(handle);
        std::lock_guard<std::mutex> lock(table.mutex);
        table.states.erase(handle);
        return 0; // the last call that still uses it frees it
    });
}

void * llama_allocate_params(const char * prompt, int seed, int threads, int tokens, int top_k, float top_p, float temp, float repeat_penalty, int repeat_last_n,
                             bool ignore_eos, bool /* memory_f16 */, int n_batch, int n_keep, const char ** antiprompt, int antiprompt_count, float tfs_z,
                             float typical_p, float frequency_penalty, float presence_penalty, int mirostat, float mirostat_eta, float mirostat_tau,
                             bool penalize_nl, const char * logit_bias, const char * session_file, bool prompt_cache_all, bool mlock, bool mmap,
                             const char * maingpu, const char * tensorsplit, bool prompt_cache_ro, const char * grammar, float rope_freq_base,
                             float rope_freq_scale, float negative_prompt_scale, const char * negative_prompt, int n_draft) {
    return enter("options", (void *) nullptr, [&]() -> void * {
        auto p     = std::make_unique<params>();
        p->prompt  = adopt(prompt);
        p->session = adopt(session_file);
        for (int i = 0; antiprompt && i < antiprompt_count; i++) {
            p->stops.push_back(adopt(antiprompt[i]));
        }
        const bool main_gpu = !adopt(maingpu).empty(), split = !adopt(tensorsplit).empty(), negative = !adopt(negative_prompt).empty();

        p->threads     = threads;
        p->n_predict   = tokens;
        p->n_batch     = n_batch;
        p->n_keep      = n_keep;
        p->n_draft     = n_draft;
        p->session_all = prompt_cache_all;
        p->session_ro  = prompt_cache_ro;
        p->sampling    = { (uint32_t) seed, temp, top_k, top_p, typical_p, repeat_last_n, repeat_penalty, frequency_penalty, presence_penalty,
                           mirostat, mirostat_tau, mirostat_eta, {}, ignore_eos, adopt(grammar) };
        read_bias(adopt(logit_bias), p->sampling);

        const std::pair<bool, const char *> options[] = {
            { tfs_z != 1, "SetTailFreeSamplingZ" }, { penalize_nl, "SetPenalizeNL" }, { mlock, "SetMlock" }, { !mmap, "SetMemoryMap" },
            { main_gpu, "SetPredictionMainGPU" }, { split, "SetPredictionTensorSplit" }, { rope_freq_base != 10000, "SetRopeFreqBase" },
            { rope_freq_scale != 1, "SetRopeFreqScale" }, { negative_prompt_scale != 0, "SetNegativePromptScale" }, { negative, "SetNegativePrompt" },
        };
        for (const auto & [used, option] : options) {
            if (used) {
                p->obsolete.push_back(option);
            }
        }
        return p.release();
    });
}

void llama_free_params(void * p) {
    delete static_cast<params *>(p);
}

int llama_predict(void * p, void * handle, char * result, bool debug) {
    return with_params("Predict", p, [&](params & p) {
        const auto s = find(handle);
        turn       held(*s);
        put("Predict", predict(*s, p, debug), p, result);
        return 0;
    });
}

int speculative_sampling(void * p, void * target, void * draft, char * result, bool debug) {
    return with_params("SpeculativeSampling", p, [&](params & p) {
        const auto t = find(target), d = find(draft);
        if (t == d) {
            throw std::runtime_error("target and draft are the same model; load it a second time for the draft");
        }
        // In one order, whoever drafts for whom.
        turn first(t->handle < d->handle ? *t : *d), second(t->handle < d->handle ? *d : *t);
        put("SpeculativeSampling", speculate(*t, *d, p, debug), p, result);
        return 0;
    });
}

// Needs no turn: a vocabulary is for everyone at once.
int llama_tokenize_string(void * p, void * handle, int * result) {
    return with_own_params("TokenizeString", p, [&](params & p) {
        const auto   s      = find(handle);
        const auto   tokens = tokenize(*s, p.prompt);
        const size_t cap    = p.n_predict > 0 ? p.n_predict : 4096; // what the module takes 0 for
        if (tokens.size() > cap) {
            throw std::runtime_error(std::to_string(tokens.size()) + " tokens, and there is room for " + std::to_string(cap) + "; give SetTokens(" +
                                     std::to_string(tokens.size()) + ") or more");
        }
        std::copy(tokens.begin(), tokens.end(), result);
        return (int) tokens.size();
    });
}

int get_embeddings(void * p, void * handle, float * result) {
    return with_own_params("Embeddings", p, [&](params & p) {
        const auto s = find(handle);
        turn       held(*s);
        embed(*s, tokenize(*s, p.prompt), p, result, std::max(0, p.n_predict));
        return 0;
    });
}

int get_token_embeddings(void * p, void * handle, int * tokens, int n, float * result) {
    const std::unique_ptr<int, freed_by<free>> owned(tokens);
    return with_own_params("TokenEmbeddings", p, [&](params & p) {
        const auto s = find(handle);
        turn       held(*s);
        const int  cap = p.n_predict == 0 ? 9999999 : p.n_predict; // what the module takes 0 for
        embed(*s, { tokens, tokens + std::max(0, n) }, p, result, std::max(0, cap));
        return 0;
    });
}

int eval(void * p, void * handle, char * /* the prompt, which the parameters have */) {
    return with_params("Eval", p, [&](params & p) {
        const auto s = find(handle);
        turn       held(*s);
        const auto tokens = tokenize(*s, p.prompt);
        if (tokens.empty() || tokens.size() > (size_t) s->n_ctx) {
            throw std::runtime_error("the text has " + std::to_string(tokens.size()) + " tokens: it must have from 1 to " + std::to_string(s->n_ctx));
        }
        use_threads(s->context.get(), p.threads);
        rewind_to(*s, tokens);
        const size_t reused = s->tokens.size();
        evaluate(*s, tokens.data() + reused, tokens.size() - reused, 1, p.n_batch);
        return 0;
    });
}

int load_state(void * handle, char * file, char * /* mode */) {
    return enter("LoadState", 1, [&] {
        const auto s = find(handle);
        turn       held(*s);
        load(*s, file ? file : "");
        return 0;
    });
}

void save_state(void * handle, char * file, char * /* mode */) {
    enter("SaveState", 0, [&] {
        const auto s = find(handle);
        turn       held(*s);
        save(*s, file ? file : "");
        return 0;
    });
}

int llm_skynet_model(void * handle, uint64_t * id, char ** path, char ** err) {
    return llm::guard(err, [&](llm::scope &) -> int {
        if (!id || !path) {
            return llm::fail(err, LLM_EINVAL, "a place for the result is needed");
        }
        const auto s = find(handle);
        *id          = llm_model_id(s->model.get());
        *path        = llm::copy(s->path);
        return *path ? LLM_OK : llm::fail(err, LLM_EENGINE, "out of memory");
    });
}

} // extern "C"
