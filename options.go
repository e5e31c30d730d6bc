package llm

import (
	"context"
	"encoding/json"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
)

type openOptions struct {
	ctx       context.Context
	engine    engine.Options
	isolation isolation
}

// Option is a choice of Open.
type Option func(*openOptions)

// LoadContext stops the load when ctx is cancelled.
func LoadContext(ctx context.Context) Option { return func(o *openOptions) { o.ctx = ctx } }

// Progress is called while the model loads, with values from 0 to 1.
func Progress(f func(fraction float32)) Option {
	return func(o *openOptions) { o.engine.Progress = f }
}

// ContextSize is how many tokens the context holds; negative: what the model was
// trained on. Default: that, at most 4096.
func ContextSize(tokens int) Option { return func(o *openOptions) { o.engine.Context = tokens } }

// BatchSize is how many tokens of a prompt are submitted, and how many are computed
// at once. Defaults: 2048 and 512.
func BatchSize(batch, ubatch int) Option {
	return func(o *openOptions) { o.engine.Batch, o.engine.Ubatch = batch, ubatch }
}

// Threads is how many threads compute: for single tokens, and for prompts (0: the
// same). Default: the physical cores.
func Threads(generation, prompt int) Option {
	return func(o *openOptions) { o.engine.Threads, o.engine.ThreadsBatch = generation, prompt }
}

// SharedWeights takes the weights of a model that is open in this process, by its WeightsID,
// for another model with a context of its own: path must be the file they were loaded from.
// Options of the load and of placement have no effect. The weights are freed with the last
// model that has them.
func SharedWeights(id uint64) Option { return func(o *openOptions) { o.engine.Shared = id } }

// CheckTensors looks at every weight while loading, and refuses a file with a damaged
// one. It reads the whole file.
func CheckTensors() Option { return func(o *openOptions) { o.engine.CheckTensors = true } }

// ComparePlan says in Info.Plan what the load was planned to take, device by device, beside
// what it took. Planning takes some tens of milliseconds.
func ComparePlan() Option { return func(o *openOptions) { o.engine.ComparePlan = true } }

// Fit chooses what other options leave open, the number of layers on GPU devices and the
// context, so that the model fits the memory that is free there: all layers with as long a
// context as fits, else as many layers as fit. What was asked for is never changed; Info.Chosen
// says what was chosen. On a machine without such devices it only looks whether the model fits
// the host's memory (Info.Notices).
func Fit() Option { return func(o *openOptions) { o.engine.Fit = true } }

// KVCache sets the types of the KV cache: f16 (the default), f32, bf16, q8_0, q4_0,
// q4_1, iq4_nl, q5_0 or q5_1. A quantized value cache needs flash attention.
func KVCache(key, value string) Option {
	return func(o *openOptions) { o.engine.KeyType, o.engine.ValueType = key, value }
}

// FlashAttention switches it on or off. Default: where the device has it.
func FlashAttention(on bool) Option { return func(o *openOptions) { o.engine.FlashAttention = &on } }

// NoMmap reads the weights into memory instead of mapping the file.
func NoMmap() Option {
	return func(o *openOptions) { o.engine.LoadMode = loadMode(llama.LoadRead) }
}

// Mlock keeps the mapped weights from being paged out.
func Mlock() Option {
	return func(o *openOptions) { o.engine.LoadMode = loadMode(llama.LoadMmapMlock) }
}

func loadMode(m llama.LoadMode) *llama.LoadMode { return &m }

// FullSWA keeps the whole context of sliding-window layers, not just the window: more
// memory, and any earlier point of a conversation can be gone back to.
func FullSWA() Option { return func(o *openOptions) { o.engine.FullSWA = true } }

// KVCacheTypes are the names that KVCache knows.
var KVCacheTypes = llama.KVTypes

// PoolingKinds are the names that Pooling knows.
var PoolingKinds = llama.PoolingNames

// ChatTemplate replaces the model's chat template by a jinja source.
func ChatTemplate(jinja string) Option {
	return func(o *openOptions) { o.engine.ChatTemplate = jinja }
}

// LoRA applies LoRA adapters (GGUF files) to the model; scale 1 is as trained. They
// can be scaled, switched off or chosen anew for each request (UseAdapters).
func LoRA(adapters ...Adapter) Option {
	return func(o *openOptions) { o.engine.LoRA = append(o.engine.LoRA, adapters...) }
}

// ControlVectors applies control vectors (GGUF files), as LoRA does.
func ControlVectors(vectors ...Adapter) Option {
	return func(o *openOptions) { o.engine.ControlVectors = append(o.engine.ControlVectors, vectors...) }
}

// Pooling is how Embed makes one vector of a text: none, mean, cls, last or rank.
// Default: the model's own; mean where it names none.
func Pooling(kind string) Option { return func(o *openOptions) { o.engine.Pooling = kind } }

// RequestOption is a choice of Chat and Generate.
type RequestOption func(*Request)

func newRequest(r Request, options []RequestOption) Request {
	r.Sampling = chat.DefaultSampling()
	r.Keep = -1
	for _, option := range options {
		option(&r)
	}
	return r
}

// MaxTokens bounds the reply. Default: until the context is full.
func MaxTokens(n int) RequestOption { return func(r *Request) { r.MaxTokens = n } }

// StopAt ends the reply before the first of these strings.
func StopAt(strings ...string) RequestOption { return func(r *Request) { r.Stop = strings } }

// Sample changes how tokens are chosen, from DefaultSampling:
//
//	llm.Sample(func(s *llm.Sampling) { s.Temperature, s.Seed = 0.2, 42 })
func Sample(change func(*Sampling)) RequestOption {
	return func(r *Request) { change(&r.Sampling) }
}

// Temperature: 0 always takes the likeliest token. Default: 0.8.
func Temperature(t float64) RequestOption { return func(r *Request) { r.Sampling.Temperature = t } }

// Seed makes sampling repeatable.
func Seed(seed uint32) RequestOption { return func(r *Request) { r.Sampling.Seed = seed } }

// OnOverflow chooses what happens when the conversation does not fit the context,
// and how many tokens at its start survive (negative: BOS and the system message).
// Default: OverflowError.
func OnOverflow(policy Overflow, keep int) RequestOption {
	return func(r *Request) { r.Overflow, r.Keep = policy, keep }
}

// Tools are functions that the model may ask for in a chat.
func Tools(tools ...Tool) RequestOption { return func(r *Request) { r.Tools = tools } }

// IgnoreEOG goes on after the model ended its reply.
func IgnoreEOG() RequestOption { return func(r *Request) { r.IgnoreEOG = true } }

// NoThinking asks a reasoning model not to reason.
func NoThinking() RequestOption { return func(r *Request) { r.NoThinking = true } }

// Grammar makes the reply match a grammar in GBNF, which begins with its rule "root".
func Grammar(gbnf string) RequestOption { return func(r *Request) { r.Grammar = gbnf } }

// Schema makes the reply JSON that matches a JSON schema.
func Schema(schema json.RawMessage) RequestOption { return func(r *Request) { r.Schema = schema } }

// Logprobs asks for a KindToken event for each generated token, with the n likeliest
// tokens at its place; negative: with none but itself.
func Logprobs(n int) RequestOption { return func(r *Request) { r.Logprobs = n } }

// UseAdapters applies these adapters, of those that the model was opened with, to this
// request; none: the model as it is.
func UseAdapters(adapters ...Adapter) RequestOption {
	return func(r *Request) { r.Adapters = append([]Adapter{}, adapters...) }
}

// RequireTool makes the reply a call of one of the Tools.
func RequireTool() RequestOption { return func(r *Request) { r.ToolChoice = chat.ToolRequired } }

// EmbedOption is a choice of Embed.
type EmbedOption func(*chat.EmbedRequest)

// RawEmbeddings leaves the vectors as the model makes them.
func RawEmbeddings() EmbedOption { return func(r *chat.EmbedRequest) { r.Raw = true } }

// NoReuse evaluates the whole prompt, even what is in memory from an earlier
// request: with a fixed seed, or temperature 0, the same reply each time to the bit.
func NoReuse() RequestOption { return func(r *Request) { r.NoReuse = true } }
