// Package speed measures how fast models read prompts and generate, as llama-bench does
// (tools/llama-bench/llama-bench.cpp@v0.5.0), and how sure the figures are: a Grid is expanded
// to tests, Run measures them in rounds on a Machine, in a new order each round, so that a
// machine that changes its speed changes it for all, and a Result has medians with intervals,
// memory, energy where the machine tells it, and notes on what disturbed them.
package speed
