// Models as the C functions of github.com/go-skynet/go-llama.cpp have them; see skynet.cpp.
#pragma once

#include "guard.h"
#include "handles.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Implemented in Go (llama/callback.go), else in unheard.cpp.
extern "C" void llm_go_log(int level, char * line);

namespace llm::skynet {

template <auto F> struct freed_by {
    template <class T> void operator()(T * p) const { F(p); }
};

using owned_model   = std::unique_ptr<llm_model, freed_by<llm_model_free>>;
using owned_adapter = std::unique_ptr<llm_adapter, freed_by<llm_adapter_free>>;
using owned_context = std::unique_ptr<llm_context, freed_by<llm_context_free>>;
using owned_grammar = std::unique_ptr<llm_grammar, freed_by<llm_grammar_free>>;
using owned_chain   = std::unique_ptr<llama_sampler, freed_by<llama_sampler_free>>;

struct batch : llm_batch {
    batch() : llm_batch{} {}
    ~batch() { llm_batch_free(this); }
    batch(const batch &)             = delete;
    batch & operator=(const batch &) = delete;
};

// How tokens are chosen, with the module's names and meanings.
struct sampling {
    uint32_t seed = 0;
    float    temp = 0; // <= 0: greedy
    int32_t  top_k = 0;
    float    top_p = 0, typical_p = 0;
    int32_t  last_n = 0; // tokens that penalties look back; below 0: the context
    float    repeat = 0, frequency = 0, presence = 0;
    int32_t  mirostat = 0; // 1 or 2: instead of top-k, typical and top-p
    float    mirostat_tau = 0, mirostat_eta = 0;
    std::vector<std::pair<int32_t, float>> bias; // is added to the logits of a token
    bool     ignore_eos = false;
    std::string grammar; // GBNF; empty: none
};

// What a call is told beside its state: the predict options, and the text.
struct params {
    std::string              prompt, session; // session: the file of a prompt cache
    std::vector<std::string> stops;
    int32_t                  threads = 0, n_predict = 0, n_batch = 0, n_keep = 0, n_draft = 0;
    bool                     session_all = false, session_ro = false;
    skynet::sampling         sampling;
    std::vector<std::string> obsolete;
};

struct model_params {
    std::string  path, lora, main_gpu, tensor_split;
    int32_t      n_ctx = 0, n_batch = 0, n_gpu_layers = 0;
    bool         mlock = false, mmap = false;
    float        rope_freq_base = 0, rope_freq_scale = 0;
};

// A model with the context that its calls share. One call at a time: see turn.
struct state {
    void *         handle = nullptr; // what Go has of it
    std::string    path, lora_path;
    owned_model    model;
    struct llm_model_info info{};
    owned_adapter  lora;
    owned_context  context, embedding; // embedding: made when it is first asked for
    batch          feed;
    int32_t        n_ctx = 0, n_batch = 0;

    std::vector<int32_t> tokens; // what the context's memory holds

    std::mutex                   mutex;
    std::atomic<std::thread::id> thread{}; // of the call that runs
};

// Holds a state for a call. Throws where the call comes from within another one on the same
// state, that is, from its token callback.
class turn {
public:
    explicit turn(state & s);
    ~turn();
    turn(const turn &)             = delete;
    turn & operator=(const turn &) = delete;

private:
    state & held;
};

// Rows of logits of a decode at most: those of a draft and of the token before it.
constexpr int32_t max_rows = 17;

// Says something once to whom it concerns: in the log, where the program has set one, else on
// standard error.
void say(const char * op, const std::string & what);

// Throws what a call of llm.h says that failed, and frees it.
void check(int code, char *& err);

std::unique_ptr<state> load(const model_params & p);

std::vector<int32_t> tokenize(const state & s, const std::string & text);
std::string          piece(const state & s, int32_t token);

// Computes with so many threads; 0 or less: as before.
void use_threads(llm_context * c, int32_t n);

// Makes memory hold the first n of its tokens, or none where it cannot go back.
void rewind(state & s, size_t n);
// Makes memory hold what it has in common with tokens, but not all of them: the logits after
// the last are wanted.
void rewind_to(state & s, const std::vector<int32_t> & tokens);
// Appends tokens to memory, of which the last so many get logits (max_rows at most), in
// batches of n_batch at most.
void evaluate(state & s, const int32_t * tokens, size_t n, int32_t rows, int32_t n_batch);
// Drops half of what follows the first n_keep tokens.
void shift(state & s, int32_t n_keep, int32_t n_batch);

// Writes the embedding of tokens, of which there is room for cap numbers.
void embed(state & s, const std::vector<int32_t> & tokens, const params & p, float * out, size_t cap);

// What memory holds, in a file that only the same engine reads, with the same model. Both
// throw; save leaves what was there before then, load an empty memory.
void save(state & s, const std::string & path);
void load(state & s, const std::string & path);

// The engine's sampler chain, with a grammar.
class sampler {
public:
    // The state must outlive it.
    sampler(const state & s, const sampling & p);

    // Chooses a token from the logits of a vocabulary, which are not modified.
    int32_t choose(const float * logits);
    // generated: false for tokens of the prompt, which a grammar does not see.
    void accept(int32_t token, bool generated);

private:
    void    collect_bias();
    int32_t apply();

    const state &    s;
    const sampling & p;
    owned_chain      chain;
    owned_grammar    grammar;
    std::vector<std::pair<int32_t, float>> bias; // that of the options, and against ends
    std::vector<float>                     row;  // of logits, with it
    std::vector<llama_token_data>          candidates;
};

// The reply to a prompt, as it comes.
class reply {
public:
    reply(state & s, const params & p);

    // Computes the prompt, and begins.
    void begin();
    // Chooses the token after a row of the last evaluation, which counts from its first token
    // with logits; -1: the last.
    int32_t next(int32_t row);
    // Hands a token on. False: the reply ends with it, or before.
    bool add(int32_t token);
    // So many tokens may still come.
    int32_t left() const { return n_left; }
    int32_t n_keep() const { return keep; }
    const std::string & text() const { return said; }
    // For the debug option.
    std::string account() const;

private:
    bool stopped(size_t added) const;

    state &              s;
    const params &       p;
    std::unique_ptr<sampler> chain;
    std::vector<int32_t> prompt;
    std::string          said;
    int32_t              n_left, keep = 0;
    size_t               reused = 0, generated = 0;
    double               began;
};

// Both return the text.
std::string predict(state & s, const params & p, bool debug);
std::string speculate(state & target, state & draft, const params & p, bool debug);

} // namespace llm::skynet
