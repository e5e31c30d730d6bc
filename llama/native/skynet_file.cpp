// What memory holds, in a file.
#include "skynet.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace llm::skynet {

namespace {

// What a file begins with; then come the tokens and what llm_state_get gave, which ends in a
// sum of its own.
struct header {
    char     magic[8];
    uint64_t sum;   // of what follows, tokens included, bytes of the state not
    uint64_t model; // what identifies model, adapter and engine
    uint64_t n_tokens, n_state;
};

constexpr char magic[8] = { 'l', 'l', 'm', 's', 'k', 'y', '0', '1' };

struct fnv { // FNV-1a (Fowler, Noll, Vo), 64 bits
    uint64_t value = 0xcbf29ce484222325;

    void add(const void * bytes, size_t n) {
        for (size_t i = 0; i < n; i++) {
            value = (value ^ static_cast<const uint8_t *>(bytes)[i]) * 0x100000001b3;
        }
    }
    void add(const std::string & text) { add(text.c_str(), text.size() + 1); }
};

uint64_t sum_of(const header & h, const std::vector<int32_t> & tokens) {
    fnv f;
    f.add(&h.model, sizeof h - offsetof(header, model));
    f.add(tokens.data(), tokens.size() * sizeof tokens[0]);
    return f.value;
}

uint64_t identity(const state & s) {
    const llama_model * model = s.model->model;
    fnv                 f;
    llm_build           build{};
    llm_build_info(&build);
    f.add(build.tree);
    f.add(s.lora_path);
    for (int32_t i = 0; i < llama_model_meta_count(model); i++) {
        char key[256] = "", value[1024] = "";
        llama_model_meta_key_by_index(model, i, key, sizeof key);
        llama_model_meta_val_str_by_index(model, i, value, sizeof value);
        f.add(key);
        f.add(value);
    }
    f.add(&s.info.n_params, sizeof s.info.n_params);
    f.add(&s.info.size, sizeof s.info.size);
    return f.value;
}

struct file {
    FILE * f;
    explicit file(FILE * opened) : f(opened) {}
    ~file() {
        if (f) {
            fclose(f);
        }
    }
    file(const file &)             = delete;
    file & operator=(const file &) = delete;
};

[[noreturn]] void fail_with_errno(const std::string & path) {
    throw std::runtime_error(path + ": " + strerror(errno));
}

void write(const file & out, const void * bytes, size_t n, const std::string & path) {
    if (n > 0 && fwrite(bytes, 1, n, out.f) != n) {
        fail_with_errno(path);
    }
}

// Writes all of it beside path, then renames.
void replace(const std::string & path, const header & h, const std::vector<int32_t> & tokens, const std::vector<uint8_t> & bytes) {
    std::string name = path + ".XXXXXX";
    const int   fd   = mkstemp(&name[0]);
    if (fd < 0) {
        fail_with_errno(path);
    }
    try {
        file out(fdopen(fd, "wb"));
        if (!out.f) {
            close(fd);
            fail_with_errno(path);
        }
        write(out, &h, sizeof h, path);
        write(out, tokens.data(), tokens.size() * sizeof tokens[0], path);
        write(out, bytes.data(), bytes.size(), path);
        if (fflush(out.f) != 0 || fsync(fd) != 0 || rename(name.c_str(), path.c_str()) != 0) {
            fail_with_errno(path);
        }
    } catch (...) {
        unlink(name.c_str());
        throw;
    }
}

} // namespace

void save(state & s, const std::string & path) {
    size_t size = 0;
    char * err  = nullptr;
    check(llm_state_size(s.context.get(), 0, &size, &err), err);
    std::vector<uint8_t> bytes(size);
    check(llm_state_get(s.context.get(), 0, bytes.data(), bytes.size(), &size, &err), err);
    bytes.resize(size);

    header h{};
    memcpy(h.magic, magic, sizeof magic);
    h.model    = identity(s);
    h.n_tokens = s.tokens.size();
    h.n_state  = bytes.size();
    h.sum      = sum_of(h, s.tokens);
    replace(path, h, s.tokens, bytes);
}

void load(state & s, const std::string & path) {
    rewind(s, 0);
    file in(fopen(path.c_str(), "rb"));
    struct stat st;
    if (!in.f || fstat(fileno(in.f), &st) != 0) {
        fail_with_errno(path);
    }
    header h{};
    if (!S_ISREG(st.st_mode) || fread(&h, sizeof h, 1, in.f) != 1 || memcmp(h.magic, magic, sizeof magic) != 0) {
        throw std::runtime_error(path + ": is not a state that SaveState of this version wrote");
    }
    const uint64_t rest = (uint64_t) st.st_size - sizeof h;
    if (h.n_tokens > (uint64_t) s.n_ctx || h.n_state > rest || h.n_state + h.n_tokens * sizeof(int32_t) != rest) {
        throw std::runtime_error(path + ": is damaged, or has more than the " + std::to_string(s.n_ctx) + " tokens of this context");
    }
    std::vector<int32_t> tokens(h.n_tokens);
    std::vector<uint8_t> bytes(h.n_state);
    if (fread(tokens.data(), sizeof(int32_t), tokens.size(), in.f) != tokens.size() || fread(bytes.data(), 1, bytes.size(), in.f) != bytes.size() ||
        sum_of(h, tokens) != h.sum) {
        throw std::runtime_error(path + ": is damaged");
    }
    if (h.model != identity(s)) {
        throw std::runtime_error(path + ": was written with another model, adapter or engine");
    }
    char * err = nullptr;
    check(llm_state_set(s.context.get(), 0, bytes.data(), bytes.size(), &err), err);
    s.tokens = std::move(tokens);
}

} // namespace llm::skynet
