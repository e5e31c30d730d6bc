// What an importance matrix is made of: for each matrix of weights the sums of the squares of
// what it was multiplied with.
#pragma once

#include "llm.h"

#include "ggml-backend.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace llm {

// The sums of a tensor: n numbers for each of its matrices, and how many columns of
// activations are in them, for each of its experts or for all matrices together.
struct importance {
    std::string          name;
    std::vector<float>   sums;
    std::vector<int64_t> counts;
};

// Belongs to a context, and is used by the thread that decodes alone.
class collector {
public:
    explicit collector(bool output) : output(output) {}

    // What the engine's scheduler calls for each node: ask, whether the node is wanted, else
    // with its result. False then stops what is computed; problem says why.
    static bool callback(ggml_tensor * t, bool ask, void * self);

    void set(const char * name, const float * sums, size_t n_sums, const int64_t * counts, size_t n_counts);
    void clear();

    std::vector<importance> entries; // as they came
    std::string             problem; // empty: none

private:
    bool         wants(const ggml_tensor * t) const;
    void         take(const ggml_tensor * t);
    void         take_matrices(const ggml_tensor * t, const char * data);
    void         take_experts(const ggml_tensor * t, const char * data);
    importance & entry(const std::string & name);
    bool         fits(importance & e, size_t n_sums, size_t n_counts);
    const char * host(const ggml_tensor * t, std::vector<char> & copy);

    const bool                              output;
    std::unordered_map<std::string, size_t> index;
    std::vector<char>                       activations, routes; // copies of what devices hold
};

} // namespace llm
