// A model and its context: loading, evaluating, embeddings.
#include "skynet.h"

#include <algorithm>
#include <cstdlib>

namespace llm::skynet {

void check(int code, char *& err) {
    const std::string text = err ? err : "there is no memory left for the reason";
    llm_free(err);
    err = nullptr;
    if (code != LLM_OK) {
        throw std::runtime_error(text);
    }
}

turn::turn(state & s) : held(s) {
    if (s.thread.load() == std::this_thread::get_id()) {
        throw std::runtime_error("a token callback called the model whose callback it is; do that after the reply, or from another goroutine");
    }
    s.mutex.lock();
    s.thread.store(std::this_thread::get_id());
}

turn::~turn() {
    held.thread.store({});
    held.mutex.unlock();
}

// A number that is all of a text.
static double number(const char * option, const std::string & text) {
    char *       end   = nullptr;
    const double value = strtod(text.c_str(), &end);
    if (text.empty() || *end) {
        throw std::runtime_error(std::string(option) + " \"" + text + "\" is not a number");
    }
    return value;
}

// "llm-model:7:/path/of/model.gguf" names weights that are loaded already; it becomes the path.
static owned_model shared_weights(std::string & name) {
    static const std::string prefix = "llm-model:";

    if (name.rfind(prefix, 0) != 0) {
        return nullptr;
    }
    char *         rest  = nullptr;
    const uint64_t id    = strtoull(name.c_str() + prefix.size(), &rest, 10);
    llm_model *    model = nullptr;
    char *         err   = nullptr;
    check(llm_model_share(id, &model, &err), err);
    name = *rest == ':' ? rest + 1 : "";
    return owned_model(model);
}

static owned_model load_weights(const model_params & p) {
    llm_model *      model = nullptr;
    char *           err   = nullptr;
    llm_model_params m;
    llm_model_default_params(&m);
    m.n_gpu_layers = p.n_gpu_layers;
    m.load_mode    = p.mmap ? (p.mlock ? LLAMA_LOAD_MODE_MMAP_MLOCK : m.load_mode) : p.mlock ? LLAMA_LOAD_MODE_MLOCK : LLAMA_LOAD_MODE_NONE;
    if (!p.main_gpu.empty()) {
        m.main_gpu = (int32_t) number("MainGPU", p.main_gpu);
    }
    std::vector<float> split;
    for (size_t i = 0; i < p.tensor_split.size();) {
        const size_t end = std::min(p.tensor_split.find_first_of(",/", i), p.tensor_split.size());
        split.push_back((float) number("TensorSplit", p.tensor_split.substr(i, end - i)));
        i = end + 1;
    }
    m.tensor_split   = split.data();
    m.n_tensor_split = (int32_t) split.size();
    check(llm_model_load(p.path.c_str(), &m, &model, &err), err);
    return owned_model(model);
}

static llm_context_params context_params(const model_params & p) {
    if (p.n_ctx < 0 || p.n_batch < 1) {
        throw std::runtime_error("a context of " + std::to_string(p.n_ctx) + " tokens, a batch of " + std::to_string(p.n_batch));
    }
    llm_context_params c{};
    llm_context_default_params(&c);
    c.n_ctx     = p.n_ctx;
    c.n_batch   = p.n_ctx > 0 ? std::min(p.n_batch, p.n_ctx) : p.n_batch;
    c.n_ubatch  = std::min(c.n_batch, 512u);
    c.n_seq_max = 1;
    c.n_outputs = max_rows;
    c.swa_full  = false; // as elsewhere here: several times less memory
    c.n_threads = c.n_threads_batch = llm_default_threads();
    // What the module sends when nobody chose: not for models that were trained with others.
    c.rope_freq_base  = p.rope_freq_base == 10000 ? 0 : p.rope_freq_base;
    c.rope_freq_scale = p.rope_freq_scale == 1 ? 0 : p.rope_freq_scale;
    return c;
}

static owned_context make(state & s, const llm_context_params & p) {
    llm_context * context = nullptr;
    char *        err     = nullptr;
    check(llm_context_new(s.model.get(), &p, &context, &err), err);
    owned_context owned(context);
    if (s.lora) {
        llm_adapter * lora  = s.lora.get();
        const float   scale = 1;
        check(llm_context_adapt(context, &lora, &scale, 1, &err), err);
    }
    return owned;
}

std::unique_ptr<state> load(const model_params & p) {
    auto s   = std::make_unique<state>();
    s->path  = p.path;
    s->model = shared_weights(s->path);
    if (!s->model) {
        s->model = load_weights(p);
    }
    llm_model_info(s->model.get(), &s->info);
    char * err = nullptr;
    if (!p.lora.empty()) {
        llm_adapter * lora = nullptr;
        check(llm_lora_load(s->model.get(), p.lora.c_str(), &lora, &err), err);
        s->lora.reset(lora);
        s->lora_path = p.lora;
    }
    s->context = make(*s, context_params(p));
    struct llm_context_info info;
    llm_context_info(s->context.get(), &info);
    s->n_ctx   = (int32_t) info.n_ctx_seq;
    s->n_batch = (int32_t) info.n_batch;
    check(llm_batch_init(&s->feed, s->n_batch, 1, &err), err);
    return s;
}

void use_threads(llm_context * c, int32_t n) {
    if (n > 0) {
        const auto most = (int32_t) std::max(1u, std::thread::hardware_concurrency());
        llama_set_n_threads(c->ctx, std::min(n, most), std::min(n, most));
    }
}

std::vector<int32_t> tokenize(const state & s, const std::string & text) {
    std::vector<int32_t> tokens(text.size() + 8);
    for (;;) {
        char *    err = nullptr;
        int32_t   n   = 0;
        const int code =
            llm_tokenize(s.model.get(), text.data(), text.size(), true, true, tokens.data(), (int32_t) tokens.size(), &n, &err);
        check(code, err);
        const bool fits = (size_t) n <= tokens.size();
        tokens.resize(n);
        if (fits) {
            return tokens;
        }
    }
}

std::string piece(const state & s, int32_t token) {
    std::string text(64, '\0');
    for (;;) {
        char *    err  = nullptr;
        int32_t   n    = 0;
        const int code = llm_token_piece(s.model.get(), token, false, &text[0], (int32_t) text.size(), &n, &err);
        check(code, err);
        const bool fits = (size_t) n <= text.size();
        text.resize(n);
        if (fits) {
            return text;
        }
    }
}

static void forget(state & s) {
    s.tokens.clear();
    char * err = nullptr;
    check(llm_memory_clear(s.context.get(), &err), err);
}

// Whether the window of a sliding-window model is still there for position n.
static bool has_window(const state & s, size_t n) {
    int32_t first = 0, last = 0;
    char *  err   = nullptr;
    if (s.info.n_swa > 0) {
        check(llm_memory_seq_range(s.context.get(), 0, &first, &last, &err), err);
    }
    return first <= std::max<int64_t>(0, (int64_t) n - s.info.n_swa);
}

void rewind(state & s, size_t n) {
    if (n >= s.tokens.size()) {
        return;
    }
    bool   removed = false;
    char * err     = nullptr;
    if (n > 0 && has_window(s, n)) {
        check(llm_memory_seq_rm(s.context.get(), 0, (int32_t) n, -1, &removed, &err), err);
    }
    if (!removed) {
        return forget(s);
    }
    s.tokens.resize(n);
}

void rewind_to(state & s, const std::vector<int32_t> & tokens) {
    const auto differ = std::mismatch(s.tokens.begin(), s.tokens.end(), tokens.begin(), tokens.end()).second;
    rewind(s, std::min<size_t>(differ - tokens.begin(), tokens.size() - 1));
}

void evaluate(state & s, const int32_t * tokens, size_t n, int32_t rows, int32_t n_batch) {
    const size_t most = n_batch > 0 ? std::min(n_batch, s.n_batch) : s.n_batch;
    for (size_t i = 0; i < n;) {
        size_t now = std::min(most, n - i);
        if (i + now < n && i + now > n - rows) {
            now = n - rows - i; // rows stay in one batch
        }
        for (size_t k = 0; k < now; k++) {
            s.feed.token[k]  = tokens[i + k];
            s.feed.pos[k]    = (int32_t) (s.tokens.size() + k);
            s.feed.n_seq[k]  = 1;
            s.feed.seq[k][0] = 0;
            s.feed.output[k] = i + k + rows >= n;
        }
        s.feed.n_tokens = (int32_t) now;
        char * err      = nullptr;
        if (const int code = llm_decode(s.context.get(), &s.feed, &err)) {
            char * ignored = nullptr;
            llm_memory_clear(s.context.get(), &ignored); // part of the batch may be in it
            llm_free(ignored);
            s.tokens.clear();
            check(code, err);
        }
        s.tokens.insert(s.tokens.end(), tokens + i, tokens + i + now);
        i += now;
    }
}

void shift(state & s, int32_t n_keep, int32_t n_batch) {
    const size_t keep = std::max(1, n_keep), left = s.tokens.size() - keep, drop = left - left / 2;
    auto         rest = s.tokens;
    rest.erase(rest.begin() + keep, rest.begin() + keep + drop);

    bool   removed = false;
    char * err     = nullptr;
    if (llm_memory_can_shift(s.context.get())) {
        check(llm_memory_seq_rm(s.context.get(), 0, keep, keep + drop, &removed, &err), err);
    }
    if (removed) {
        check(llm_memory_seq_add(s.context.get(), 0, keep + drop, -1, -(int32_t) drop, &err), err);
        s.tokens = rest;
        return;
    }
    forget(s);
    evaluate(s, rest.data(), rest.size(), 1, n_batch);
}

// The context for embeddings takes a text in one piece. A model that names no pooling gets
// the last token's, as the module had it.
static void open_embedding(state & s) {
    llm_context_params p{};
    llm_context_default_params(&p);
    p.n_ctx = p.n_batch = p.n_ubatch = s.n_ctx;
    p.n_seq_max  = 1;
    p.embeddings = true;
    p.swa_full   = false;
    p.n_threads = p.n_threads_batch = llm_default_threads();

    s.embedding = make(s, p);
    struct llm_context_info info;
    llm_context_info(s.embedding.get(), &info);
    if (info.pooling == LLAMA_POOLING_TYPE_NONE) {
        p.pooling = LLAMA_POOLING_TYPE_LAST;
        s.embedding.reset();
        s.embedding = make(s, p);
    }
}

void embed(state & s, const std::vector<int32_t> & tokens, const params & p, float * out, size_t cap) {
    if (!s.embedding) {
        open_embedding(s);
    }
    llm_context * c = s.embedding.get();
    struct llm_context_info info;
    llm_context_info(c, &info);
    if ((size_t) info.n_embd_out > cap) {
        throw std::runtime_error("an embedding of this model has " + std::to_string(info.n_embd_out) + " numbers, and there is room for " + std::to_string(cap) +
                                 "; give SetTokens(" + std::to_string(info.n_embd_out) + ")");
    }
    if (tokens.empty() || tokens.size() > info.n_batch) {
        throw std::runtime_error(std::to_string(tokens.size()) + " tokens: a text has from 1 to " + std::to_string(info.n_batch) + "; a longer one needs a larger SetContext");
    }
    use_threads(c, p.threads);
    char * err = nullptr;
    batch  b;
    check(llm_batch_init(&b, (int32_t) tokens.size(), 1, &err), err);
    b.n_tokens = b.cap;
    for (int32_t i = 0; i < b.n_tokens; i++) {
        b.token[i]  = tokens[i];
        b.pos[i]    = i;
        b.n_seq[i]  = 1;
        b.seq[i][0] = 0;
        b.output[i] = 1;
    }
    if (info.has_memory) {
        check(llm_memory_clear(c, &err), err);
        check(llm_decode(c, &b, &err), err);
    } else {
        check(llm_encode(c, &b, &err), err);
    }
    const float * vector = llm_embedding_seq(c, 0);
    if (!vector) {
        throw std::runtime_error("the model made no embedding");
    }
    std::copy(vector, vector + info.n_embd_out, out);
}

} // namespace llm::skynet
