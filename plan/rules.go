package plan

// Rules are what a backend asks of memory, as data: what the engine's planner needs to know of
// a device in order to plan for it.
type Rules struct {
	Alignment     int    // of a tensor
	HostAlignment int    // of the backend's own kind of host memory
	MaxBuffer     uint64 // bytes of one buffer; 0: no limit
	MaxTensor     uint64 // bytes of a tensor that it can compute with; 0: no limit
	RowPadding    int    // rows of quantized weights are padded to a multiple of so many numbers; 0: they are not
	HostBuffer    bool   // it has its own kind of host memory
	Async, Events bool   // with both, several devices work on several batches at once
	Unified       bool   // its memory is the host's
}
