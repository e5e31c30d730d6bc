// Package sampler chooses tokens from logits: the steps of llama.cpp under its names and
// in its order, with its generator and its draw, so that the same seed gives the same
// tokens there and here, in a fraction of the time. A Chain borrows the logits, does not
// write to them and allocates nothing once it has run a few times.
//
// It knows nothing of models: a vocabulary is a number of tokens, and what a step needs
// beyond it (pieces of text, tokens that end a text) comes through Vocabulary.
package sampler
