// Which tensors the CUDA backend keeps for operations that it computes as one.
#pragma once

#include "phantom.h"

namespace llm {

// The graph_optimize of a phantom with CUDA's rules.
void keep_for_fusion(const phantom & p, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params);

} // namespace llm
