package plan

import "context"

// Use is what a model takes of one memory, in bytes.
type Use struct {
	Weights  uint64
	KV       uint64 // KV cache and the states of recurrent layers
	Compute  uint64
	Output   uint64 // the buffer that logits and embeddings are handed out in; on the host
	Repacked uint64 // of Weights: rearranged for the CPU, and so not the mapped file
}

// Total is all of it.
func (u Use) Total() uint64 { return u.Weights + u.KV + u.Compute + u.Output }

// Memory is what a request takes.
type Memory struct {
	Devices []Use // one for each device, in order
	Host    Use   // the CPU's buffers and the devices' own kinds of host memory
	// Layers says for each layer which device computes it, the output being the last; -1: the CPU.
	Layers []int

	Context    int // tokens, as the engine rounds them
	ContextSeq int // of one sequence
}

// Measurer says exactly what a request takes on these devices. [Estimator] is one as well, and
// nearly exact. An error that is a *[Impossible] says that the engine refuses the request.
type Measurer interface {
	Measure(ctx context.Context, devices []Device, r Request) (*Memory, error)
}

// Impossible is a request that the engine refuses, whatever the memory.
type Impossible struct{ Reason string }

func (e *Impossible) Error() string { return e.Reason }
