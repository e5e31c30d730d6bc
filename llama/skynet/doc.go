// Package skynet joins programs that were written for github.com/go-skynet/go-llama.cpp to the
// new API, over the same weights: Wrap makes a model of package llm of one that the old API
// loaded, New the other way round. It needs the build tag skynet and the setting for the C++
// compiler that docs/migrate-from-go-skynet.md gives.
//
// The archive of the engine has the C side of that module, version
// v0.0.0-20240314183750-6a8041ef6b46 and no other: a program that uses the old API alone needs
// neither this package nor the tag.
package skynet
