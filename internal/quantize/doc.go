// Package quantize makes a model file of another with the engine's quantizer, and nothing
// else: [Prepare] checks the source and says to the byte what will be written, [Job.Write]
// writes it beside its goal and renames it once it is whole. A [Cache] keeps what was made.
//
// What becomes of each tensor is decided in package quant; the engine is told by name. It
// runs in this process or, where [Spec.Isolated] says so, in a child: some weights make it
// abort (of 32-bit floats over 1e18, say), and a child stops at once.
package quantize
