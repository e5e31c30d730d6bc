// Package imatrix has importance matrices: how much each column of a model's matrices of
// weights matters, by the squares of the activations that it was multiplied with on some text.
// It reads and writes their files, GGUF and the older .dat, as llama-imatrix does, adds them
// up, gives the quantizer its weights, and describes them. How they are collected is in
// package pass.
package imatrix
