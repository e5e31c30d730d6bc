// Package testplan is what planners are measured on: a matrix of models, contexts, KV cache
// types, numbers of sequences, devices and outputs, of which the engine itself says what is
// true, and the comparison of what a planner says with that.
package testplan
