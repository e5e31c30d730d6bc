// What the engine itself reads from a GGUF file, and how it stores tensors, as text: for
// tests that compare it with the reader in Go.
#include "reference.h"

#include "ggml.h"
#include "gguf.h"

#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// The CRC-32 of zlib.
struct checksum {
    uint32_t value = ~0u;

    void add(const void * data, size_t size) {
        for (const uint8_t * p = (const uint8_t *) data; size > 0; size--) {
            value ^= *p++;
            for (int i = 0; i < 8; i++) {
                value = value >> 1 ^ (0xEDB88320u & -(value & 1));
            }
        }
    }

    // As it stands in a file.
    void add(const char * text) {
        const uint64_t size = strlen(text);
        add(&size, sizeof size);
        add(text, size);
    }
};

// A name without spaces and line ends.
std::string word(const char * name) {
    std::string s;
    for (; *name; name++) {
        char escaped[4] = { *name };
        if (!isalnum((unsigned char) *name) && !strchr("._-", *name)) {
            snprintf(escaped, sizeof escaped, "%%%02X", (unsigned char) *name);
        }
        s += escaped;
    }
    return s;
}

size_t size_of(gguf_type type) {
    static const size_t sizes[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
    return sizes[type];
}

std::string key(const gguf_context * file, int64_t i) {
    gguf_type type = gguf_get_kv_type(file, i), elem = type;
    size_t    n = 0;
    checksum  sum;
    if (type == GGUF_TYPE_ARRAY) {
        elem = gguf_get_arr_type(file, i);
        n    = gguf_get_arr_n(file, i);
    }
    if (elem != GGUF_TYPE_STRING) {
        sum.add(type == GGUF_TYPE_ARRAY ? gguf_get_arr_data(file, i) : gguf_get_val_data(file, i),
                size_of(elem) * (type == GGUF_TYPE_ARRAY ? n : 1));
    } else if (type == GGUF_TYPE_STRING) {
        sum.add(gguf_get_val_str(file, i));
    }
    for (size_t j = 0; elem == GGUF_TYPE_STRING && j < n; j++) {
        sum.add(gguf_get_arr_str(file, i, j));
    }
    return "key " + word(gguf_get_key(file, i)) + " " + std::to_string(type) + " " + std::to_string(elem) + " " + std::to_string(n) + " " +
           std::to_string(~sum.value) + "\n";
}

std::string tensor(const gguf_context * file, int64_t i) {
    std::string s = "tensor " + word(gguf_get_tensor_name(file, i)) + " " + std::to_string(gguf_get_tensor_type(file, i));
    for (int d = 0; d < GGML_MAX_DIMS; d++) {
        s += " " + std::to_string(gguf_get_tensor_ne(file, i)[d]);
    }
    return s + " " + std::to_string(gguf_get_tensor_offset(file, i)) + " " + std::to_string(gguf_get_tensor_size(file, i)) + "\n";
}

gguf_context * open(const char * path) {
    return gguf_init_from_file(path, { /*no_alloc =*/true, /*ctx =*/nullptr });
}

} // namespace

extern "C" int llm_reference_gguf_open(const char * path) {
    gguf_context * file = open(path);
    gguf_free(file);
    return file ? 0 : -1;
}

extern "C" char * llm_reference_gguf(const char * path) {
    gguf_context * file = open(path);
    if (!file) {
        return nullptr;
    }
    const int64_t tensors = gguf_get_n_tensors(file);
    std::string   text    = "version " + std::to_string(gguf_get_version(file)) + " alignment " + std::to_string(gguf_get_alignment(file));
    text += " data " + std::to_string(tensors > 0 ? gguf_get_data_offset(file) : 0) + "\n";
    for (int64_t i = 0; i < gguf_get_n_kv(file); i++) {
        text += key(file, i);
    }
    for (int64_t i = 0; i < tensors; i++) {
        text += tensor(file, i);
    }
    gguf_free(file);
    return strdup(text.c_str());
}

extern "C" char * llm_reference_tensor_types(void) {
    std::string text;
    for (int i = 0; i < GGML_TYPE_COUNT; i++) {
        const ggml_type type = (ggml_type) i;
        if (ggml_type_size(type) > 0) {
            text += std::to_string(i) + " " + ggml_type_name(type) + " " + std::to_string(ggml_blck_size(type)) + " " +
                    std::to_string(ggml_type_size(type)) + "\n";
        }
    }
    return strdup(text.c_str());
}
