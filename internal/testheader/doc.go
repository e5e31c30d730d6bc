// Package testheader has files that are headers of models and nothing else, for tests that
// plan: of well-known models, whose hyper-parameters stand in testdata, with the tensors that
// the engine makes of them and the types that converters and its quantizer choose; and tiny
// models of every architecture that the engine's own generator knows.
package testheader
