// Package oracle asks the engine itself what a model takes of the memory of devices: it loads
// a model without allocating, on devices that need not be there, and makes a context. What it
// says is what the engine will do, to the byte.
//
// A header is enough for that, and of it all but the vocabulary, which is most of its size and
// of the time that it takes to load. [Strip] checks a header and makes such a one; [New] writes
// it as a sparse file, once, and [Oracle.Measure] has the engine load that. A header of a
// stranger is stripped here and measured in a child process (internal/worker).
package oracle
