// Package gpu tests the built program on whatever GPU devices are there, and reports what
// it saw (make test-gpu, docs/gpu.md). It knows the program's flags and output; of the engine
// it asks only what plans for devices are worth.
package gpu
