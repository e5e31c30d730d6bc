// Package eval measures how much worse a level of quantization is than a reference:
// perplexity, Kullback-Leibler divergence over the whole vocabulary, agreement on the
// likeliest token, each with its uncertainty; and it says when the order of several levels
// is certain. Models come behind Scorer, which lends rows of logits.
//
// What was measured on one window of text is a small value (Window, Chunk) that can be
// stored, read again and added up, so that a run that was killed goes on where it was.
//
// It runs no model, knows no file format but that of its texts, and prints nothing.
// docs/quality.md says how each figure is defined.
package eval
