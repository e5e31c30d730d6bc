// Package score makes a loaded model a Scorer of package eval: it reads windows of tokens
// and lends the engine's own rows of logits. It also makes the tokens: of a text as
// llama-perplexity does, of a user's prompts, or of what a model writes by itself.
//
// It computes no figure: that is eval's.
package score
