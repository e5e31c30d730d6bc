// Grammars in GBNF.
#pragma once

#include "budget.h"
#include "handles.h"

#include "llama-grammar.h"

#include <memory>

namespace llm {

using grammar = std::unique_ptr<llama_grammar, void (*)(llama_grammar *)>;

// For one token; a good grammar takes milliseconds.
constexpr limits grammar_limits = { 2, 20, 1u << 30, 1u << 30 };

// Compiles text, whose first rule is root. Throws std::runtime_error with the place
// where it is wrong.
grammar compile_grammar(const llm_model * model, const std::string & text);

} // namespace llm
