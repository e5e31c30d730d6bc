package llama

// #include "llm.h"
import "C"

import "runtime/cgo"

// LoadMode is how a model's weights come into memory.
type LoadMode int

// The engine's load modes.
const (
	LoadAuto      LoadMode = -1
	LoadRead      LoadMode = 0
	LoadMmap      LoadMode = 1
	LoadMlock     LoadMode = 2
	LoadMmapMlock LoadMode = 3
	LoadDirectIO  LoadMode = 4
)

// ModelParams are the choices of a load. Start from DefaultModelParams.
type ModelParams struct {
	GPULayers    int // layers on GPU devices, the output being one; negative: all of them
	Placement    PlacementParams
	LoadMode     LoadMode
	VocabOnly    bool
	CheckTensors bool // validate the weights, which reads all of them
	// NoAlloc simulates the load: the model and its contexts take no memory and
	// must not compute, but say what they would take (Context.MemoryUse).
	NoAlloc bool
	// Described are devices to simulate the load on, only with NoAlloc: nil: those that are
	// there; else these instead, and with none of them the CPU alone. Placement may name them.
	Described []Described
	// Progress is called on the loading goroutine with values from 0 to 1;
	// false stops the load, which then fails with ErrCanceled.
	Progress func(fraction float32) bool
}

// DefaultModelParams are the engine's own.
func DefaultModelParams() ModelParams {
	var p C.struct_llm_model_params
	C.llm_model_default_params(&p)
	return ModelParams{
		GPULayers: int(p.n_gpu_layers), LoadMode: LoadMode(p.load_mode),
		Placement: PlacementParams{SplitMode: SplitMode(p.split_mode), MainGPU: int(p.main_gpu), NoHost: bool(p.no_host), Repack: bool(p.use_extra_bufts)},
	}
}

// Model is a loaded model: weights and vocabulary. Its methods may be called from
// any goroutine; Close must come after the last of them.
type Model struct {
	handle
	c    *C.llm_model
	info ModelInfo
}

// ModelInfo are a model's hyper-parameters as the engine read them.
type ModelInfo struct {
	ContextTrain   int // tokens
	Embedding      int
	Layers         int
	Heads, KVHeads int
	SlidingWindow  int // tokens; 0: none
	Vocab          int // tokens
	VocabType      int
	Params         uint64 // number of weights
	Size           uint64 // bytes of all tensors
	Encoder        bool
	Decoder        bool
	Recurrent      bool
	Hybrid         bool
	Diffusion      bool
	BOS, EOS, EOT  Token // NoToken where the vocabulary has none
	NL, Pad, Sep   Token
	AddBOS, AddEOS bool
	Description    string // "llama 135M Q4_1", as the engine says it
}

// LoadModel loads the model file at path; of a split model, the first part.
func LoadModel(path string, p ModelParams) (*Model, error) {
	start()
	op := "load " + path
	cpath, free, err := cPath("load", path)
	if err != nil {
		return nil, err
	}
	defer free()
	params := C.struct_llm_model_params{
		n_gpu_layers:  C.int32_t(clampInt32(p.GPULayers)),
		load_mode:     C.int32_t(p.LoadMode),
		vocab_only:    C.bool(p.VocabOnly),
		check_tensors: C.bool(p.CheckTensors),
		no_alloc:      C.bool(p.NoAlloc),
	}
	freePlacement, err := p.Placement.put(&params)
	if err != nil {
		return nil, err
	}
	defer freePlacement()
	freeDescribed, err := putDescribed(p.Described, &params)
	if err != nil {
		return nil, err
	}
	defer freeDescribed()
	if p.Progress != nil {
		h := cgo.NewHandle(p.Progress)
		defer h.Delete()
		params.progress = C.uint64_t(h)
	}
	m := &Model{}
	var cerr *C.char
	if code := C.llm_model_load(cpath, &params, &m.c, &cerr); code != C.LLM_OK {
		return nil, newError(op, code, cerr)
	}
	m.info = m.readInfo()
	if err := open(m, &m.handle, "model", nil); err != nil {
		return nil, err
	}
	return m, nil
}

// ID is a number by which SharedModel finds the weights in this process; 0 for simulations.
func (m *Model) ID() uint64 { return uint64(C.llm_model_id(m.c)) }

// SharedModel is a model of its own over weights that are loaded already, by the ID of a
// model that is open. Both must be closed; the last of them frees the weights.
func SharedModel(id uint64) (*Model, error) {
	m := &Model{}
	var cerr *C.char
	if code := C.llm_model_share(C.uint64_t(id), &m.c, &cerr); code != C.LLM_OK {
		return nil, newError("share model", code, cerr)
	}
	m.info = m.readInfo()
	if err := open(m, &m.handle, "model", nil); err != nil {
		return nil, err
	}
	return m, nil
}

// Close frees the model. ErrBusy while contexts or samplers of it are open.
func (m *Model) Close() error {
	return m.close(func() { C.llm_model_free(m.c); m.c = nil })
}

// Info are the model's hyper-parameters.
func (m *Model) Info() ModelInfo { return m.info }

// Meta is a scalar of the file's metadata as text.
func (m *Model) Meta(key string) (string, bool) {
	ckey, free := cString(key)
	defer free()
	value := C.llm_model_meta(m.c, ckey)
	return takeString(value), value != nil
}

func (m *Model) readInfo() ModelInfo {
	var i C.struct_llm_model_info
	C.llm_model_info(m.c, &i)
	return ModelInfo{
		ContextTrain:  int(i.n_ctx_train),
		Embedding:     int(i.n_embd),
		Layers:        int(i.n_layer),
		Heads:         int(i.n_head),
		KVHeads:       int(i.n_head_kv),
		SlidingWindow: int(i.n_swa),
		Vocab:         int(i.n_vocab),
		VocabType:     int(i.vocab_type),
		Params:        uint64(i.n_params),
		Size:          uint64(i.size),
		Encoder:       bool(i.has_encoder),
		Decoder:       bool(i.has_decoder),
		Recurrent:     bool(i.recurrent),
		Hybrid:        bool(i.hybrid),
		Diffusion:     bool(i.diffusion),
		BOS:           Token(i.bos),
		EOS:           Token(i.eos),
		EOT:           Token(i.eot),
		NL:            Token(i.nl),
		Pad:           Token(i.pad),
		Sep:           Token(i.sep),
		AddBOS:        bool(i.add_bos),
		AddEOS:        bool(i.add_eos),
		Description:   takeString(C.llm_model_desc(m.c)),
	}
}
