package plan

import "github.com/seed-f87006eb/llm/gguf"

// Request is what to plan for. The zero value is a context as long as the model was trained
// on, for one sequence, with everything on the devices; start from [DefaultRequest] for the
// engine's own choices.
type Request struct {
	Context   int // tokens over all sequences; 0: as trained
	Sequences int // that are generated at once
	Unified   bool
	Batch     int // tokens a decode takes at most
	Ubatch    int // tokens computed at once
	Outputs   Outputs

	KeyType, ValueType gguf.TensorType
	FlashAttention     FlashAttention
	FullWindow         bool // layers with a sliding window keep the whole context
	Embeddings         bool // compute embeddings instead of logits

	GPULayers   int // layers on devices, the output being one; negative: all
	SplitMode   string
	MainGPU     int
	TensorSplit []float32 // shares of the devices; nil: by their free memory
	Overrides   []Override
	NoKVOffload bool
	NoOpOffload bool
	NoHost      bool
	NoRepack    bool
}

// Override moves tensors to a buffer type: those whose name the regular expression finds
// something in. Of a tensor the first that matches counts.
type Override struct {
	Pattern string
	Buffer  string // "CPU", or a device's name
}

// Outputs says how many rows of logits a computation must have room for.
type Outputs uint8

// The engine's default reserves a row for each token of a ubatch; a server asks for one row
// for each sequence.
const (
	OutputsDefault Outputs = iota
	OutputsServer
)

// FlashAttention says when the engine uses flash attention.
type FlashAttention int8

// Flash attention where the device has it, never, always.
const (
	FlashAttentionAuto FlashAttention = -1
	FlashAttentionOff  FlashAttention = 0
	FlashAttentionOn   FlashAttention = 1
)

// DefaultRequest is what the engine does when nothing is asked: f16 caches, a unified cache for
// one sequence, batches of 2048 computed 512 tokens at a time.
func DefaultRequest() Request {
	return Request{
		Sequences: 1, Batch: 2048, Ubatch: 512,
		KeyType: gguf.F16, ValueType: gguf.F16, FlashAttention: FlashAttentionAuto, GPULayers: -1,
	}
}
