// Package plan says what a model needs of the memory of devices, and which placement of it
// fits: weights, KV cache and states, compute buffers, and the buffer of the outputs.
//
// Two answer that. [Estimate] is arithmetic on a header: it needs no engine, takes
// microseconds and can be wrong in the compute buffers. The engine itself, run without
// allocating (internal/oracle), is exact; it is a [Measurer]. [Search] looks for a placement
// with the first and has the second confirm it.
//
// The package is pure: it opens no files, knows no engine and asks no device. All sizes are in
// bytes. Nothing here is changed by a call, so that any goroutine may use it.
package plan
