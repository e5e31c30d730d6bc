package gguf

// Hyper is what the keys say of a model's shape, with the engine's own defaults where
// they say nothing: what llama_hparams of ggml-org/llama.cpp src/llama-hparams.h@v0.5.0
// holds after load_hparams. Lengths and ranks are counted in numbers, not in bytes.
// Absent is 0, unless another default is named. Nobody changes it; any goroutine may
// read it.
type Hyper struct {
	Architecture string
	Kind         Kind

	Context    int // tokens that it was trained on
	Vocabulary int // the key, else the number of tokens; 0: the file has neither

	Embedding         int // numbers a token
	EmbeddingIn       int // that go in, where vision adds some
	EmbeddingEncoder  int // that go into the encoder of a drafting model
	EmbeddingOut      int
	EmbeddingPerLayer int // of a token, for each layer apart

	// Layers are all, in order: those of the model, then NextN that predict tokens
	// further ahead.
	Layers        []Layer
	NextN         int
	DecoderLayers int // of an encoder-decoder; Layers are then those of the encoder
	LeadingDense  int // how many layers at the start have no experts
	ResidualBlock int // one layer in so many keeps its residual for all that follow; 0: none does
	FirstWithKV   int // this many layers from the start have a KV cache, the others share; -1: all have

	Experts   Experts
	Window    Window
	MLA       MLA
	Indexer   Indexer
	Recurrent Recurrent
	RoPE      RoPE
	Codec     Codec

	NormEpsilon      float32 // of layer norms
	RMSNormEpsilon   float32
	GroupNormEpsilon float32
	NormGroups       int

	Pooling Pooling
	Causal  bool
	Labels  int // of a classifier, else 1

	memory memory
	cache  cacheRule
}

// Layer is one block. What is about keys and values is that of attention.
type Layer struct {
	Heads, KVHeads         int
	KeyLength, ValueLength int // of a head
	FeedForward            int
	ExpertFeedForward      int
	ExpertsUsed            int  // for each token
	RoPE                   int  // dimensions of a head that are rotated
	Compress               int  // tokens that share one entry of the KV cache; 0: none do
	Window                 bool // it sees Hyper.Window only
	Recurrent              bool // it keeps a state
	KV                     bool // false: it shares the KV cache of an earlier layer
	Indexer                bool // it selects tokens itself, rather than as the layer before
}

// KeyWidth is the keys of a token, all heads together.
func (l Layer) KeyWidth() int { return l.KeyLength * l.KVHeads }

// ValueWidth is the values of a token, all heads together.
func (l Layer) ValueWidth() int { return l.ValueLength * l.KVHeads }

// Main is the number of layers without those that predict further ahead.
func (h *Hyper) Main() int { return len(h.Layers) - h.NextN }

// First is the first layer, which stands for all where layers are alike.
func (h *Hyper) First() Layer {
	if len(h.Layers) == 0 {
		return Layer{}
	}
	return h.Layers[0]
}

// Kind of a model.
type Kind uint8

// The kinds. Decoder is everything that predicts tokens with attention.
const (
	KindDecoder Kind = iota
	KindEncoder      // embeddings or scores only
	KindEncoderDecoder
	KindRecurrent // a state instead of a KV cache
	KindHybrid    // layers of both
	KindDiffusion // predicts tokens in any order
	KindDraft     // helps another model, and cannot run without it
	KindCodec     // makes sound of codes
)

func (k Kind) String() string {
	return [...]string{"decoder", "encoder", "encoder-decoder", "recurrent", "hybrid", "diffusion", "draft", "codec"}[k]
}

// Experts are those of a mixture; Count 0: there are none.
type Experts struct {
	Count, Shared     int
	SharedFeedForward int
	ChunkFeedForward  int
	PerGroup          int  // of GroveMoE
	Loose             bool // the weights of the chosen ones need not add up to one
	Groups            int
	GroupsUsed        int
	Latent            int // width in which they run; 0: that of the model
	Every             int // one layer in so many has experts; 0: the key is absent
}

// WindowKind is how a sliding window lies.
type WindowKind uint8

// The kinds of window: enum llama_swa_type.
const (
	WindowNone      WindowKind = iota
	WindowStandard             // the last tokens
	WindowChunked              // the last tokens since a multiple of its size
	WindowSymmetric            // half before, half behind
)

func (k WindowKind) String() string {
	return [...]string{"none", "standard", "chunked", "symmetric"}[k]
}

// Window is a sliding one; which layers have it is in Layer.
type Window struct {
	Kind WindowKind
	Size int // tokens; may be set although no layer has a window
}

// MLA is multi-head latent attention. What the KV cache holds is in Layer.
type MLA struct {
	QRank, KVRank    int
	Key, Value       int // of a head, when decompressed; 0: the cache is not compressed
	KVRankWindow     int // of layers with a window
	KeyWindow        int
	ValueWindow      int
	OutputRank       int
	OutputGroups     int
	HyperConnections int // streams of the residual; 0: one, as usual
}

// Indexer selects the tokens that sparse attention sees.
type Indexer struct {
	Heads, KeyLength, TopK int
	Block, LocalBlocks     int
}

// Recurrent is what layers with a state have, by their kind.
type Recurrent struct {
	// Numbers of a layer and a sequence, each a 32-bit float in the engine: what was
	// seen last (convolutions, token shift) and the state itself.
	Rolling, State int

	SSMConv, SSMInner, SSMState, SSMTimeStepRank, SSMGroups int // Mamba, delta nets

	WKVHead, TokenShift                          int // RWKV
	DecayRank, LearningRank, ValueRank, GateRank int
	MixRank, TimeDecayRank                       int

	ShortConv  int // kernel of LFM2
	KDAHead    int // Kimi's delta attention
	LinearHead int // MiniMax's lightning attention
	PLEConv    int // rolling numbers of the one layer of Qwen4 that PLELayer names
	PLELayer   int // -1: none
}

// Codec is the shape of a decoder of sound.
type Codec struct {
	PosNetEmbedding, PosNetLayers     int
	ConvNextEmbedding, ConvNextLayers int
}

// Pooling is how the embeddings of tokens become one: enum llama_pooling_type.
type Pooling int32

// The kinds of pooling that the engine knows.
const (
	PoolingUnspecified Pooling = iota - 1 // the key is absent
	PoolingNone
	PoolingMean
	PoolingCLS
	PoolingLast
	PoolingRank
)

func (p Pooling) String() string {
	names := [...]string{"unspecified", "none", "mean", "cls", "last", "rank"}
	if p < PoolingUnspecified || p > PoolingRank {
		return "unknown"
	}
	return names[p+1]
}

// RoPEKind is how positions turn heads.
type RoPEKind uint8

// The kinds of RoPE: enum llama_rope_type.
const (
	RoPENone   RoPEKind = iota
	RoPENorm            // neighbours are pairs
	RoPENeoX            // pairs are half a head apart
	RoPEMRoPE           // several positions, by sections
	RoPEIMRoPE          // the same, interleaved
)

func (k RoPEKind) String() string {
	return [...]string{"none", "norm", "neox", "mrope", "imrope"}[k]
}

// RoPE is of the whole model; how many dimensions are turned is in Layer.
type RoPE struct {
	Kind        RoPEKind
	Dimensions  int // of layers without a window
	Base        float32
	BaseWindow  float32 // of layers with one
	Scale       float32 // of positions: 1 / the factor of the key
	ScaleWindow float32
	Scaling     string // "none", "linear", "yarn", "longrope"
	AttnFactor  float32
	OrigContext int // before scaling
	Finetuned   bool
	Sections    [4]int
}
