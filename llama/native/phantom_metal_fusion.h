// Which nodes of a graph the Metal backend computes as one.
#pragma once

#include "phantom.h"

namespace llm {

// How many nodes from this one on stay together: those of one or more operations that are
// computed as one, and the views between them; 1: the node alone.
int fused_in_metal(const ggml_cgraph * graph, int at);

// Keeps what such operations read until they are done.
void keep_for_metal(ggml_cgraph * graph, ggml_backend_graph_optimize_params * params);

} // namespace llm
