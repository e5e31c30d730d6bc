// The order in which the Metal backend computes a graph.
#pragma once

#include "phantom.h"

namespace llm {

// The graph_optimize of a phantom with Metal's rules.
void order_for_metal(const phantom & p, ggml_cgraph * graph, ggml_backend_graph_optimize_params * params);

} // namespace llm
