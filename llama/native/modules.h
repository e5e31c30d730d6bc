#pragma once

namespace llm {

// Finds the backends and loads their modules. Called once, by llm_backend_init.
void load_backends();

} // namespace llm
