package engine

import (
	"fmt"
	"runtime"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// Options are the choices of Open. The zero value of each field is its default.
type Options struct {
	Context        int // tokens; 0: see chooseContext, negative: as trained
	Batch          int // tokens a decode takes; 0: 2048
	Ubatch         int // tokens computed at once; 0: 512
	Threads        int // 0: the physical cores
	ThreadsBatch   int // for prompts; 0: as Threads
	Placement      Placement
	Shared         uint64 // ID of a model that is open: its weights are used, which were loaded from the path
	CheckTensors   bool   // look at every weight while loading
	KeyType        string // KV cache types; empty: f16
	ValueType      string
	FlashAttention *bool           // nil: where the device has it
	LoadMode       *llama.LoadMode // nil: the engine's choice
	ChatTemplate   string          // jinja source; empty: the model's own
	FullSWA        bool            // keep the whole context of sliding-window layers
	LoRA           []chat.Adapter
	ControlVectors []chat.Adapter
	Pooling        string // of embeddings; empty: the model's own, else mean
	ComparePlan    bool   // say in Info.Plan what was planned and what was taken
	Fit            bool   // choose what was not asked for as it fits the devices; see fit
	// Progress is called while loading, from 0 to 1.
	Progress func(fraction float32)
}

// defaultContext bounds the context that nobody asked for: long-context models
// would take gigabytes for it.
const defaultContext = 4096

// maxContext is beyond every model; the bookkeeping of larger contexts alone takes
// the engine gigabytes and long seconds before it gives up.
const maxContext = 1 << 26

// chooseContext is the context size for a model: what was asked for (negative: what
// it was trained on), or min(trained, 4096). Reason says which.
func chooseContext(asked, trained int) (size int, reason string) {
	switch {
	case asked < 0 && trained > 0:
		return trained, "as trained"
	case asked > 0 && trained > 0 && asked > trained:
		return asked, fmt.Sprintf("as asked, beyond the %d tokens the model was trained on", trained)
	case asked > 0:
		return asked, "as asked"
	case trained > 0 && trained <= defaultContext:
		return trained, "as trained"
	case trained > 0:
		return defaultContext, fmt.Sprintf("default; the model was trained on %d tokens", trained)
	}
	return defaultContext, "default; the model does not say what it was trained on"
}

// DefaultThreads is how many threads compute when nobody says: the physical cores,
// and never more than the process may use.
func DefaultThreads() int { return max(1, min(llama.DefaultThreads(), runtime.NumCPU())) }

// modelParams are what the engine is asked for when it loads the weights.
func (o *Options) modelParams() (llama.ModelParams, error) {
	p := llama.DefaultModelParams()
	if o.Placement.GPULayers != nil {
		p.GPULayers = *o.Placement.GPULayers
	}
	p.CheckTensors = o.CheckTensors
	if o.LoadMode != nil {
		p.LoadMode = *o.LoadMode
	}
	return p, o.Placement.params(&p.Placement)
}

// contextParams are what the engine is asked for when it makes the context.
func (o *Options) contextParams(size int) (llama.ContextParams, error) {
	p := llama.DefaultContextParams()
	p.Context = size
	p.Outputs = 1 // where logits are wanted, of the last token; the engine would make room for those of a whole ubatch
	p.OffloadKQV, p.OpOffload = !o.Placement.NoKVOffload, !o.Placement.NoOpOffload
	p.FullSWA = o.FullSWA // the engine's own default would take several times the memory
	p.Batch = orDefault(o.Batch, 2048)
	p.Ubatch = orDefault(o.Ubatch, 512)
	p.Batch = min(p.Batch, size)
	p.Ubatch = min(p.Ubatch, p.Batch)
	p.Threads = orDefault(o.Threads, DefaultThreads())
	p.ThreadsBatch = orDefault(o.ThreadsBatch, p.Threads)
	if size > maxContext {
		return p, fmt.Errorf("a context of %d tokens is beyond the limit of %d; ask for a smaller one", size, maxContext)
	}
	var err error
	if p.KeyType, err = llama.ParseKVType(orDefault(o.KeyType, "f16")); err != nil {
		return p, err
	}
	if p.ValueType, err = llama.ParseKVType(orDefault(o.ValueType, "f16")); err != nil {
		return p, err
	}
	if o.FlashAttention != nil {
		p.FlashAttention = llama.FlashAttentionOff
		if *o.FlashAttention {
			p.FlashAttention = llama.FlashAttentionOn
		}
	}
	return p, nil
}

// embedParams are those of a context for embeddings, which takes a text in one piece and has
// an output for each token.
func (o *Options) embedParams(size int, pooling llama.Pooling) (llama.ContextParams, error) {
	p, err := o.contextParams(size)
	p.Batch, p.Ubatch, p.Outputs = size, size, 0
	p.Embeddings, p.Pooling = true, pooling
	return p, err
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
