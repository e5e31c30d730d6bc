// Package pass collects the importance matrix of a model in a pass over a text, or over text
// that the model itself generates: in chunks, as llama-imatrix does, with the perplexity as a
// by-product. It saves what it has from time to time, and goes on from there after a kill with
// the same result.
package pass
