// Package quant says what quantizing a model makes of it, before a byte is written: the type
// that the engine's quantizer gives to each tensor, the size of the file to the byte, what
// falls back and why, and what the engine would refuse. [Choose] picks a level of those that
// fit, and says why.
//
// The rules are those of ggml-org/llama.cpp src/llama-quant.cpp@v0.5.0, re-expressed: a
// [Source] is a model as they see it, a [Recipe] what they decide for one file type. Names of
// types are those that its tool llama-quantize takes. Splitting the output, pruning layers and
// overriding keys, which that tool can do as well, are not modelled.
//
// The package is pure: it opens no files and knows no engine. Sizes are in bytes. Nothing
// here changes once it was made, so that any goroutine may use it.
package quant
