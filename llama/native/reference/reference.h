#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// A chain of the engine's samplers; the fields are those of its common_params_sampling.
// What a pointer points to is read by llm_reference_chain_new alone.
typedef struct llm_reference_chain llm_reference_chain;

struct llm_reference_sampling {
    unsigned      seed;
    int           greedy; // the last one is greedy, not dist
    int           n_order;
    const int *   order; // numbers of the steps in Go
    int           n_bias;
    const int *   bias_tokens;
    const float * bias_values;
    int           min_keep, top_k;
    float         top_p, min_p, typ_p, top_n_sigma, xtc_probability, xtc_threshold;
    float         temp, dynatemp_range, dynatemp_exponent;
    int           penalty_last_n;
    float         penalty_repeat, penalty_freq, penalty_present;
    float         dry_multiplier, dry_base;
    int           dry_allowed_length, dry_penalty_last_n, n_dry_breakers;
    const int *   dry_breaker_sizes; // of each, whose tokens stand one after the other
    const int *   dry_breakers;
    int           n_dry_strings; // breakers as text, with a model
    const char ** dry_strings;
    int           mirostat;
    float         mirostat_tau, mirostat_eta, adaptive_target, adaptive_decay;
};

// path: of a model whose vocabulary infill and the breakers of DRY use, or NULL. NULL when there is no such step
// or no such model.
llm_reference_chain * llm_reference_chain_new(const struct llm_reference_sampling * p, int n_vocab, const char * path);
// The token chosen, -1 for none.
int  llm_reference_chain_sample(llm_reference_chain * c, const float * logits);
void llm_reference_chain_accept(llm_reference_chain * c, int token);
void llm_reference_chain_reset(llm_reference_chain * c);
void llm_reference_chain_free(llm_reference_chain * c);

// The greedy continuation of a prompt, malloc'ed; NULL when something failed.
char * llm_reference_greedy(const char * path, const char * prompt, int n_ctx, int n_predict, int n_threads);

// The n_top likeliest tokens at each of n_predict places after the tokens, and their
// log-probabilities: n_predict × n_top. Not 0 when something failed.
int llm_reference_logprobs(const char * path, const int * tokens, int n_tokens, int n_predict, int n_top, int n_threads, int * ids,
                           float * logprobs);

// The embedding of a text, scaled to length 1; returns its length, or -1.
int llm_reference_embedding(const char * path, const char * text, int pooling, int n_threads, float * out, int n_out);

// Runs into an assertion of the engine inside a guarded call, on this thread or on
// another.
int llm_reference_assert(int on_other_thread, char ** err);

// Writes to address 0.
void llm_reference_segfault(void);

// Never returns.
void llm_reference_hang(void);

// Makes call i, of as many as llm_reference_faults says, with arguments that no caller
// may give; the model is at path. Returns its code, -1 when the model could not be opened.
int llm_reference_faults(void);
int llm_reference_fault(const char * path, int i, char ** err);

// What the engine reads from the header of a GGUF file, as lines of text, malloc'ed; NULL
// when it refuses the file. Numbers are decimal, names have no spaces:
//     version V alignment A data OFFSET (0 without tensors)
//     key NAME TYPE ELEMENT-TYPE COUNT CRC-32-OF-THE-BYTES
//     tensor NAME TYPE DIM DIM DIM DIM OFFSET SIZE
char * llm_reference_gguf(const char * path);

// Reads the header and drops it. Not 0 when it refuses the file.
int llm_reference_gguf_open(const char * path);

// The types of tensors, malloc'ed lines: number, name, numbers in a block, bytes of a block.
char * llm_reference_tensor_types(void);

// What the engine reads of a model's hyper-parameters, without its tensors and its
// vocabulary: lines of a name and numbers, malloc'ed. With n_ctx above 0 the last line
// is the size of the memory of one sequence, or - where the engine cannot make it.
// Returns a code of llm.h.
int llm_reference_hparams(const char * path, int n_ctx, int type_k, int type_v, char ** text, char ** err);

// Architecture i that the engine knows; NULL behind the last.
const char * llm_reference_architecture(int i);

// The name of key i as the architecture llama has it, malloc'ed; empty where there is
// none any more, NULL behind the last.
char * llm_reference_key(int i);

// The tensors that the engine makes of a header with keys alone: lines of a name and
// dimensions, malloc'ed, those that a model may lack among them. Returns a code of llm.h.
int llm_reference_tensors(const char * path, char ** text, char ** err);

// What the engine's quantizer would make of a file of which the header and the size are
// enough: lines of a tensor's name and the number of its type, in the order in which it
// looks at them, malloc'ed. ftype: enum llama_ftype. *requires_imatrix: without an
// importance matrix it would refuse. Not while other threads load models: it takes over
// the engine's log. Returns a code of llm.h.
int llm_reference_quantized_types(const char * path, int ftype, int has_imatrix, int pure, char ** text, int * requires_imatrix, char ** err);

// A run of the engine's quantizer. Types are enum ggml_type; below 0: by the mixture.
typedef struct llm_reference_quantize {
    int ftype; // enum llama_ftype
    int pure, copy, requantize, keep_output;
    int output_type, embedding_type;
    // With a matrix in which all weights count alike. The texts are never NULL; an empty file notes nothing of it.
    int          imatrix;
    const char * imatrix_file;
    const char * imatrix_dataset;
    int          imatrix_chunks;
    // Types of tensors by regular expressions.
    int           n_patterns;
    char * const * patterns;
    const int *   pattern_types;
} llm_reference_quantize;

// Quantizes a file to another, by one thread. Returns a code of llm.h.
int llm_reference_quantize_file(const char * in, const char * out, const llm_reference_quantize * options, char ** err);

// Whether the engine's regular expressions find a pattern in a text; -1: it is none.
int llm_reference_regex(const char * pattern, const char * text);

// Makes n GPUs FAKE0, FAKE1, … with so many bytes of memory each, which the CPU computes for. Once in a process, after the
// engine was started.
void llm_reference_gpus(int n, size_t total);

// Changes how much memory GPU i has; what is taken stays.
void llm_reference_gpu_memory(int i, size_t total);

// How many bytes of GPU i are taken, and how many nodes of graphs it has computed.
size_t    llm_reference_gpu_used(int i);
long long llm_reference_gpu_nodes(int i);

// Makes GPU i unable to compute with weights that have this in their name; empty: able again.
void llm_reference_gpu_refuse(int i, const char * name);

// Makes the next computation of GPU i fail: with the engine's status for no memory, or with an abort, as CUDA does.
enum llm_reference_gpu_failure { LLM_REFERENCE_GPU_NO_MEMORY = 1, LLM_REFERENCE_GPU_ABORTS = 2 };
void llm_reference_gpu_fail(int i, enum llm_reference_gpu_failure failure);

// The bytes that malloc has handed out; 0 where it does not say.
size_t llm_reference_heap_bytes(void);

#ifdef __cplusplus
}
#endif
