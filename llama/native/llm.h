// The one C face of the engine: everything Go calls, and nothing else.
//
// Every function validates its arguments, lets no C++ exception out and turns an
// engine assertion on the calling thread into a code where that is possible.
//
// Conventions
//   - Calls that can fail return a code (enum llm_code; 0 is success) and, when
//     err is not NULL, leave a message there that the caller frees with llm_free.
//   - char * results are malloc'ed; the caller frees them with llm_free.
//   - const pointers into the engine are borrowed; each says until when.
//   - A context belongs to one thread at a time. A model may be shared: tokenizing
//     and the getters may run on any thread. llm_cancel may be called from anywhere.
#ifndef LLM_H
#define LLM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum llm_code {
    LLM_OK        = 0,
    LLM_EINVAL    = 1, // an argument is out of its range; nothing was changed
    LLM_EENGINE   = 2, // the engine refused; the message is the engine's own
    LLM_EABORT    = 3, // an engine assertion failed: the handle must not be used again
    LLM_ENOSLOT   = 4, // decode: no room in the KV cache; memory is as before
    LLM_ECANCELED = 5, // load or decode was cancelled; finished ubatches stay in memory
    LLM_EBATCH    = 6, // decode: the engine found the batch inconsistent; memory is as before
    LLM_EFATAL    = 7, // decode: computation failed; finished ubatches stay in memory
    LLM_ELIMIT    = 8, // a template, a grammar or a text went over its limits and was stopped
};

void llm_free(void * p);

// ---- backend -----------------------------------------------------------------

// Loads the backends and installs the log and assertion handlers. Before anything else;
// a second call does nothing.
void llm_backend_init(void);

// Messages at or above level reach llm_go_log (ggml levels: 1 debug, 2 info,
// 3 warn, 4 error); 5 silences them all, which is the state at start.
void llm_log_set_level(int level);

struct llm_build {
    const char * version; // the engine's version; all four are static strings
    const char * tree;    // git tree id of its source
    const char * backend;
    const char * system;  // instruction sets and options, as the engine prints them
};
void llm_build_info(struct llm_build * out);

// How many threads computation takes by default: the physical cores, the fast ones
// where there are two kinds.
int llm_default_threads(void);

enum llm_device_type { LLM_DEVICE_CPU = 0, LLM_DEVICE_GPU = 1, LLM_DEVICE_IGPU = 2, LLM_DEVICE_ACCEL = 3, LLM_DEVICE_META = 4 };

struct llm_device {
    const char * name;        // static
    const char * description; // static
    int          type;        // enum llm_device_type
    uint64_t     memory_free, memory_total; // bytes; 0 and 0 where the device does not tell
};
int llm_device_count(void);
int llm_device_get(int i, struct llm_device * out, char ** err);

// A backend that the archive has or that a module was to bring.
struct llm_backend {
    const char * name;      // "CUDA", …; "" where its module did not load; all three are static
    const char * path;      // of its module; "" for one in the archive
    const char * reason;    // what it said when it found no device, or why it did not load
    int          n_devices;
};
int llm_backend_count(void);
int llm_backend_get(int i, struct llm_backend * out, char ** err);

// ---- model -------------------------------------------------------------------

typedef struct llm_model llm_model;

// Tensors whose name a regular expression (ECMAScript) finds something in go to the
// buffer type of that name. The first of a list that does counts.
struct llm_override {
    const char * pattern;
    const char * buffer;
};

// A device that need not be there, for a simulated load.
struct llm_described {
    const char * name;        // 1 to 63 bytes; that of its buffers too
    const char * description; // may be NULL
    const char * backend;     // whose rules it follows: "cuda", "metal", "vulkan"
    uint64_t     total, free; // bytes of memory
    uint64_t     max_buffer, max_tensor; // bytes at most of a buffer, of a tensor that it computes with; 0: no limit
    uint32_t     alignment, host_alignment; // bytes, powers of two
    uint32_t     row_padding; // rows of quantized weights are padded to a multiple of so many numbers; 0: they are not
    bool         host_buffer; // it has its own kind of host memory
    bool         async, events; // with both, several devices work on several batches at once
    bool         unified;     // its memory is the host's
    uint32_t     compute_capability; // of CUDA, 89 for 8.9; 0: that of a new card
};

struct llm_model_params {
    int32_t  n_gpu_layers; // layers on GPU devices, the output being one; negative: all
    int32_t  split_mode;   // enum llama_split_mode: 0 none, 1 layer, 2 row, 3 tensor
    int32_t  main_gpu;     // with split mode none: the one of the devices that is used
    int32_t  load_mode;    // enum llama_load_mode: -1 auto, 0 read, 1 mmap, 2 mlock, 3 mmap + mlock, 4 direct I/O
    bool     vocab_only;
    bool     check_tensors;
    bool     no_alloc;     // simulate: the model and its contexts take no memory and compute nothing
    bool     no_host;      // leave out the devices' own kind of host memory
    bool     use_extra_bufts; // repack weights for the CPU
    // Only with no_alloc. NULL: the devices that are there; else these instead, which may be
    // none: the CPU alone.
    const struct llm_described * described;
    int32_t                      n_described;
    const char * const *        devices; // names; none: the engine's choice; "none" alone: the CPU
    int32_t                     n_devices;
    const float *               tensor_split; // shares of the devices; none: by their free memory
    int32_t                     n_tensor_split;
    const struct llm_override * overrides;
    int32_t                     n_overrides;
    uint64_t progress;     // passed to llm_go_progress; 0: no progress is reported
};
// What a device that is there would be described by: its limits, its padding, its memory now.
// The texts are static. Its compute capability is not told.
int llm_device_describe(int i, struct llm_described * out, char ** err);

void llm_model_default_params(struct llm_model_params * out);
int  llm_model_load(const char * path, const struct llm_model_params * params, llm_model ** out, char ** err);
void llm_model_free(llm_model * model);

// A number by which this process finds the model while somebody owns it; never given out
// again. 0 for simulations, which are not shared.
uint64_t llm_model_id(const llm_model * model);
// Makes the caller another owner of a loaded model: the weights are freed when each has
// called llm_model_free. Any thread.
int llm_model_share(uint64_t id, llm_model ** out, char ** err);

struct llm_model_info {
    int32_t  n_ctx_train, n_embd, n_layer, n_head, n_head_kv, n_swa, n_vocab, vocab_type;
    uint64_t n_params, size; // size: bytes of all tensors
    bool     has_encoder, has_decoder, recurrent, hybrid, diffusion;
    int32_t  bos, eos, eot, nl, pad, sep; // token ids; -1 where the vocabulary has none
    bool     add_bos, add_eos;
};
void   llm_model_info(const llm_model * model, struct llm_model_info * out);
// The tokens that the model's file forbids; borrowed from the model.
int32_t llm_model_suppressed(const llm_model * model, const int32_t ** tokens);
char * llm_model_desc(const llm_model * model);
// A scalar of the file's metadata as text; NULL where there is none.
char * llm_model_meta(const llm_model * model, const char * key);

// ---- placement -----------------------------------------------------------------

// How many devices a list or a split may name.
int32_t      llm_max_devices(void);
// Device i beside the CPU that the model uses; NULL behind the last. Static.
const char * llm_model_device(const llm_model * model, int32_t i);
// The device that computes layer i (n_layer: the output). Static; NULL for a bad i.
const char * llm_model_layer_device(const llm_model * model, int32_t i);

struct llm_placed {
    const char * name;     // borrowed from the model
    const char * buffer;   // the buffer type's name; static
    const char * device;   // static
    uint64_t     size;     // bytes
    int32_t      by;       // which of the load's overrides placed it; -1: none
};
// False behind the last, and where there are no weights.
bool llm_model_tensor(const llm_model * model, int32_t i, struct llm_placed * out);

// ---- vocabulary --------------------------------------------------------------

// Writes at most cap tokens and sets *n to how many there are; when that is more
// than cap the call must be repeated with room for *n.
int llm_tokenize(const llm_model * model, const char * text, size_t len, bool add_special, bool parse_special,
                 int32_t * tokens, int32_t cap, int32_t * n, char ** err);
// Writes at most cap bytes of the token's text and sets *n to its length. special:
// write control tokens too, otherwise they are empty.
int  llm_token_piece(const llm_model * model, int32_t token, bool special, char * buf, int32_t cap, int32_t * n, char ** err);
// Writes at most cap bytes of the text of n_tokens tokens, control tokens included,
// and sets *n to its length.
int  llm_detokenize(const llm_model * model, const int32_t * tokens, int32_t n_tokens, char * buf, int32_t cap, int32_t * n, char ** err);
bool llm_token_is_eog(const llm_model * model, int32_t token);     // false for a bad id
bool llm_token_is_control(const llm_model * model, int32_t token); // false for a bad id

// ---- batch -------------------------------------------------------------------

// The caller fills the arrays: token, pos, n_seq (1 to n_seq_max), seq[i][0..n_seq), output.
struct llm_batch {
    int32_t  n_tokens;
    int32_t  cap, n_seq_max;
    int32_t * token;
    int32_t * pos;
    int32_t * n_seq;
    int32_t ** seq;
    int8_t  * output; // 1: this token's logits are wanted
    void    * arrays; // the memory behind them
};
int  llm_batch_init(struct llm_batch * batch, int32_t cap, int32_t n_seq_max, char ** err);
void llm_batch_free(struct llm_batch * batch);

// ---- context -----------------------------------------------------------------

typedef struct llm_context llm_context;

// What of the importance matrix a context collects while it decodes: nothing; sums for the
// layers, as upstream's llama-imatrix; for the output matrix too.
enum llm_collect { LLM_COLLECT_NOTHING = 0, LLM_COLLECT_LAYERS = 1, LLM_COLLECT_OUTPUT = 2 };

struct llm_context_params {
    uint32_t n_ctx, n_batch, n_ubatch, n_seq_max;
    uint32_t n_outputs; // rows of logits or embeddings of a decode at most, n_seq_max or more; 0: one for each token
    int32_t  n_threads, n_threads_batch;
    int32_t  type_k, type_v;  // enum ggml_type, one of those llm_kv_type gives
    int32_t  flash_attn;      // -1 auto, 0 off, 1 on
    bool     embeddings;      // compute embeddings instead of logits
    int32_t  pooling;         // enum llama_pooling_type: -1 the model's, 0 none, 1 mean, 2 cls, 3 last, 4 rank
    bool     offload_kqv, op_offload, swa_full, kv_unified;
    int32_t  collect;         // enum llm_collect
    float    rope_freq_base, rope_freq_scale; // 0: the model's
};
void llm_context_default_params(struct llm_context_params * out);
// The ggml type of a KV cache type's name (f16, q8_0, …), or -1.
int  llm_kv_type(const char * name);

int  llm_context_new(llm_model * model, const struct llm_context_params * params, llm_context ** out, char ** err);
void llm_context_free(llm_context * ctx);

struct llm_context_info {
    uint32_t n_ctx, n_ctx_seq, n_batch, n_ubatch, n_seq_max; // as the engine chose them
    int32_t  pooling, n_embd_out; // n_embd_out: floats of an embedding; with pooling rank, scores
    bool     has_memory;          // models of embeddings may have none
};
void llm_context_info(const llm_context * ctx, struct llm_context_info * out);

// While on, a running decode stops within a ubatch and a new one does not start.
void llm_cancel(llm_context * ctx, bool on);
// How far computation has come: steps since the context was made. From any thread.
uint64_t llm_progress(const llm_context * ctx);
int  llm_decode(llm_context * ctx, const struct llm_batch * batch, char ** err);
// As llm_decode, for models and contexts without memory.
int  llm_encode(llm_context * ctx, const struct llm_batch * batch, char ** err);
void llm_synchronize(llm_context * ctx);
// Row i (index in the batch; negative counts from the last row) of the last
// decode: n_vocab floats, borrowed until the next decode. NULL when that row was
// not asked for.
const float * llm_logits(llm_context * ctx, int32_t i);

// The embedding of sequence seq (with pooling), or of row i of the last batch
// (without): n_embd_out floats, borrowed until the next decode or encode; NULL where
// there is none.
const float * llm_embedding_seq(llm_context * ctx, int32_t seq);
const float * llm_embedding(llm_context * ctx, int32_t i);

struct llm_memory_use {
    const char * name;   // static: the buffer type's name
    const char * device; // static
    bool         host;  // in the host's memory
    uint64_t     model, context, compute; // bytes
};
// Writes at most cap rows, returns how many there are.
int llm_context_memory(const llm_context * ctx, struct llm_memory_use * out, int cap);

// ---- importance matrix -----------------------------------------------------------

// What was collected of one tensor. Sums are n_sums / n_counts squares for each count,
// or, where a tensor of several matrices has one count, as many for each matrix.
struct llm_collected {
    const char *    name;   // borrowed, as the arrays are, until the next decode or change
    const float *   sums;
    const int64_t * counts; // columns of activations in the sums; one an expert
    size_t          n_sums, n_counts;
};
int32_t llm_collected_count(const llm_context * ctx);
bool    llm_collected_get(const llm_context * ctx, int32_t i, struct llm_collected * out); // false for a bad i
// Puts an entry in place of one of that name, or beside the others: decoding adds to it.
int     llm_collected_set(llm_context * ctx, const char * name, const float * sums, size_t n_sums, const int64_t * counts,
                          size_t n_counts, char ** err);
void    llm_collected_clear(llm_context * ctx);

// ---- memory (KV cache or recurrent state) ---------------------------------------

// Positions are [p0, p1); negative p0 means from the start, negative p1 to the end.
int     llm_memory_clear(llm_context * ctx, char ** err);
// *removed is false when the memory cannot drop part of a sequence.
int     llm_memory_seq_rm(llm_context * ctx, int32_t seq, int32_t p0, int32_t p1, bool * removed, char ** err);
int     llm_memory_seq_cp(llm_context * ctx, int32_t from, int32_t to, int32_t p0, int32_t p1, char ** err);
int     llm_memory_seq_keep(llm_context * ctx, int32_t seq, char ** err);
int     llm_memory_seq_add(llm_context * ctx, int32_t seq, int32_t p0, int32_t p1, int32_t delta, char ** err);
int     llm_memory_seq_div(llm_context * ctx, int32_t seq, int32_t p0, int32_t p1, int32_t d, char ** err);
int     llm_memory_seq_range(llm_context * ctx, int32_t seq, int32_t * pos_min, int32_t * pos_max, char ** err);
bool    llm_memory_can_shift(const llm_context * ctx);

// ---- state ---------------------------------------------------------------------

// What memory holds of a sequence, as bytes that only the same engine reads, with the
// same model and cache types. It ends in a sum of the rest: damage is refused.
int llm_state_size(llm_context * ctx, int32_t seq, size_t * size, char ** err);
int llm_state_get(llm_context * ctx, int32_t seq, uint8_t * buf, size_t cap, size_t * n, char ** err);
// On failure the sequence is empty.
int llm_state_set(llm_context * ctx, int32_t seq, const uint8_t * buf, size_t len, char ** err);

// ---- adapters ------------------------------------------------------------------

typedef struct llm_adapter llm_adapter;

// A LoRA adapter, or a control vector, from a GGUF file, for this model, which must
// outlive it.
int  llm_lora_load(llm_model * model, const char * path, llm_adapter ** out, char ** err);
int  llm_control_vector_load(llm_model * model, const char * path, llm_adapter ** out, char ** err);
void llm_adapter_free(llm_adapter * adapter);
// Makes exactly these adapters act on the context, each times its scale. What memory
// holds was computed with others: the caller clears it.
int  llm_context_adapt(llm_context * ctx, llm_adapter ** adapters, const float * scales, int32_t n, char ** err);

// ---- grammar -------------------------------------------------------------------

typedef struct llm_grammar llm_grammar;

// A grammar (GBNF, with a rule "root") at work, as if the text begun, whole characters,
// had been generated already. The model must outlive it.
int  llm_grammar_new(const llm_model * model, const char * grammar, const char * begun, llm_grammar ** out, char ** err);
void llm_grammar_free(llm_grammar * grammar);
// Whether a token can come next.
int  llm_grammar_allows(llm_grammar * grammar, int32_t token, bool * allowed, char ** err);
// Sets the logits, one for each token, of all that cannot come next to minus infinity.
int  llm_grammar_mask(llm_grammar * grammar, float * logits, int32_t n_vocab, char ** err);
// Moves on by a token; fails where it cannot come.
int  llm_grammar_accept(llm_grammar * grammar, int32_t token, char ** err);
// Whether nothing but the end of the text can come.
bool llm_grammar_done(const llm_grammar * grammar);

// Fails, with the place in the message, where llm_grammar_new would.
int llm_grammar_check(const llm_model * model, const char * grammar, char ** err);
// The grammar of a JSON schema, in GBNF. What of a schema the engine does not know it
// ignores: check that before.
int llm_schema_to_grammar(const char * schema, char ** grammar, char ** err);

// ---- chat templates ------------------------------------------------------------

typedef struct llm_chat llm_chat;

// The model's own jinja templates, or the one given (NULL: the model's). Fails
// when there is neither. Does not refer to the model afterwards.
int    llm_chat_new(const llm_model * model, const char * override_template, llm_chat ** out, char ** err);
void   llm_chat_free(llm_chat * chat);
char * llm_chat_source(const llm_chat * chat);
// Request and result are JSON: see chat.cpp for the fields.
int    llm_chat_apply(const llm_chat * chat, const char * request, char ** result, char ** err);

// ---- replies ------------------------------------------------------------------

typedef struct llm_reply llm_reply;

// Splits a reply into text, reasoning and tool calls while it streams. syntax is
// the "syntax" member of llm_chat_apply's result.
int  llm_reply_new(const char * syntax, llm_reply ** out, char ** err);
void llm_reply_free(llm_reply * reply);
// Adds text and returns what became known, as a JSON array of pieces; final:
// nothing follows.
int  llm_reply_add(llm_reply * reply, const char * text, size_t len, bool final, char ** pieces, char ** err);

// ---- go-skynet ------------------------------------------------------------------

// The model of a state that the C functions of github.com/go-skynet/go-llama.cpp made
// (skynet.cpp): its number, and the path it was loaded from, which the caller frees.
int llm_skynet_model(void * state, uint64_t * id, char ** path, char ** err);

// ---- probes --------------------------------------------------------------------

// Measurements of one device. They compute on a device of their own, beside all else.
struct llm_probe_params {
    int32_t  device;    // as for llm_device_get
    int32_t  n_threads; // of the CPU
    double   seconds;   // about how long to measure
    uint64_t max_bytes; // of the device's memory that may be taken
    uint64_t progress;  // passed to llm_go_progress between rounds; 0: nothing is called
};
// What a round did, and how long it took. supported is false, and all else 0, where the
// device does not have the operation.
struct llm_probe {
    bool     supported;
    int32_t  rounds, columns;
    uint64_t bytes; // read and written by a copy; of the weights of a product
    double   flop;  // of a product: additions and multiplications
    double   best_s, median_s;
};
// Copies a buffer that is larger than caches within the device.
int llm_probe_copy(const struct llm_probe_params * params, struct llm_probe * out, char ** err);
// Multiplies weights of a type (f16, q4_K, …) with columns of 32-bit floats. With one
// column, all weights are larger than caches; with more, it is one matrix. On a slow device
// there are fewer matrices or columns, or the matrix is smaller.
int llm_probe_product(const struct llm_probe_params * params, const char * type, int32_t columns, struct llm_probe * out, char ** err);
// How far products of a type are from the same in double precision: the sum of squared
// differences by the sum of squares.
int llm_probe_accuracy(const struct llm_probe_params * params, const char * type, bool * supported, double * nmse, char ** err);

struct llm_logits_params {
    int32_t  device;    // all layers there, as far as it has the operations; -1: the CPU alone
    int32_t  n_threads;
    int32_t  n_prompt;  // so many tokens are decoded in batches of n_batch, the rest one by one
    int32_t  n_batch;
    uint64_t progress;  // passed to llm_go_progress while it loads and between batches
};
// Loads a model, decodes tokens and returns the logits after each: n_tokens rows of
// *n_vocab floats, which the caller frees with llm_free.
int llm_probe_logits(const char * path, const int32_t * tokens, int32_t n_tokens, const struct llm_logits_params * params,
                     float ** logits, int32_t * n_vocab, char ** err);

// ---- quantizing ----------------------------------------------------------------

struct llm_tensor_type {
    const char * name; // of a tensor, whole
    int32_t      type; // enum ggml_type
};
// How much each input of a tensor matters: of each expert its row of numbers.
struct llm_matrix_entry {
    const char *  name; // of the tensor
    const float * data; // finite, not negative
    size_t        size;
};
struct llm_quantize_params {
    int32_t ftype; // enum llama_ftype
    int32_t n_threads;
    bool    copy, pure, keep_output, requantize;
    int32_t output_type, embedding_type; // enum ggml_type; negative: by the mixture
    const struct llm_tensor_type *  types; // of single tensors, before the mixture
    int32_t                         n_types;
    const struct llm_matrix_entry * matrix; // NULL: there is none
    int32_t                         n_matrix;
    const char * matrix_file;    // noted in the result with what follows; NULL or empty: nothing is
    const char * matrix_dataset; // NULL or empty: it does not say
    int32_t      matrix_chunks;  // 0: it does not say
    size_t       buffer;   // bytes of a tensor's rows that are in memory at once; 0: the engine's own limit
    uint64_t     progress; // passed to llm_go_progress before each tensor; 0: nothing is called
};
// Quantizes a file, of a split model the first, to another, which is overwritten; where that
// fails, a part of it may be there. With several threads an assertion while rows are
// quantized ends the process.
int llm_quantize(const char * in, const char * out, const struct llm_quantize_params * params, char ** err);

#ifdef __cplusplus
}
#endif
#endif
