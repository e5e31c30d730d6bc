// Package testgpu tests what devices do with a model, on GPUs that the tests make
// themselves (llama/reference). All loads of a process see these, so that the tests stand
// in a package of their own, which has nothing else.
package testgpu
