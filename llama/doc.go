// Package llama is the only package that touches C: it gives Go the pinned
// llama.cpp engine as handles with an explicit life.
//
// Each handle type (Model, Context, Batch, Sampler, ChatTemplates, Reply) is one
// class of the engine. Close releases it; a second Close is ErrClosed; a parent
// with live children refuses to close (ErrBusy); a handle that the garbage
// collector finds open is reported with the place that opened it, never freed
// behind the program's back.
//
// Every call is validated in C before it reaches the engine, and no C++ exception
// leaves it. What the engine still does to a process (assertions on its compute
// threads, crashes of drivers) needs a process of its own.
//
// The package must not decide anything: no policy, no defaults beyond the
// engine's, no scheduling. It imports the standard library only.
package llama
