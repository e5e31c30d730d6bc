// Package gguf reads, validates and writes GGUF files: the container of models that
// the engine loads. It is pure Go, touches no network, and believes nothing that a file
// says before it has looked: no count, length or offset leads to an allocation, a read
// or a loop that the bytes of the file do not back.
//
// It has three layers. Bytes: a window over an io.ReaderAt ([Open], [Read]). Syntax:
// the table of keys and the table of tensors ([File], [Value], [Tensor]); arrays are
// not read until they are asked for. Meaning: what the keys say of the model ([Hyper],
// Validate).
//
// [Writer] makes files: new ones, copies and parts of others ([File.Copy], [File.Split]),
// which [Create] puts in place when they are whole. [Edit] changes the keys of a file.
//
// Files are read, never mapped: a mapped file that another process cuts short takes
// down every program that looks at it, and a view into it would do so in code that is
// not ours.
package gguf
