package plan

import (
	"fmt"
	"math"

	"github.com/seed-f87006eb/llm/gguf"
)

// setting is a request as the engine understands it: llama_context::llama_context and
// sched_reserve of src/llama-context.cpp@v0.5.0.
type setting struct {
	h          *gguf.Hyper
	context    int // tokens over all sequences
	cells      int // of one sequence, or of all in a unified cache
	sequences  int
	streams    int // caches beside one another
	ubatch     int
	tokens     int // of the largest graph
	outputs    int
	key, value gguf.TensorType
	flash      bool
	indexed    bool // devices have the indexer as one operation
	pooling    gguf.Pooling
	r          *Request
}

// maxSequences is LLAMA_MAX_SEQ of src/llama-cparams.h@v0.5.0.
const maxSequences = 256

func newSetting(h *gguf.Hyper, r *Request) (*setting, error) {
	s := &setting{h: h, context: r.Context, sequences: max(1, r.Sequences), key: r.KeyType, value: r.ValueType, r: r, pooling: h.Pooling}
	if s.context <= 0 {
		s.context = h.Context
	}
	if s.context <= 0 || s.context > math.MaxInt32-512 {
		return nil, impossible("a context of %d tokens cannot be made", s.context)
	}
	if s.sequences > maxSequences {
		return nil, impossible("%d sequences: the engine has at most %d", s.sequences, maxSequences)
	}
	s.flash = r.FlashAttention != FlashAttentionOff && h.Architecture != "grok"
	if err := s.check(); err != nil {
		return nil, err
	}
	batch := max(1, r.Batch)
	if h.Causal {
		batch = min(s.context, batch)
	}
	s.ubatch = batch
	if r.Ubatch > 0 {
		s.ubatch = min(batch, r.Ubatch)
	}
	outputs := batch
	if r.Outputs == OutputsServer && h.Kind != gguf.KindEncoderDecoder {
		outputs = s.sequences
	}
	s.context = (s.context + 255) &^ 255
	s.cells, s.streams = s.context, 1
	if !r.Unified {
		s.streams = s.sequences
		if s.cells = (s.context/s.sequences + 255) &^ 255; s.cells == 0 {
			return nil, impossible("%d tokens are too few for %d sequences", s.context, s.sequences)
		}
		s.context = s.cells * s.sequences
	}
	s.tokens = min(s.context, s.ubatch)
	s.outputs = min(s.tokens, outputs)
	s.tokens = (s.tokens + s.sequences - 1) / s.sequences * s.sequences
	return s, nil
}

// check looks for what the engine refuses, or what would end it.
func (s *setting) check() error {
	h := s.h
	for _, t := range []gguf.TensorType{s.key, s.value} {
		if !t.Known() {
			return impossible("%v is not a type of a KV cache", t)
		}
	}
	if h.Kind == gguf.KindEncoderDecoder && s.sequences > 1 {
		return impossible("an encoder-decoder model works on one sequence at a time, not on %d", s.sequences)
	}
	if s.value.Quantized() && !s.flash {
		return impossible("values of type %v need flash attention", s.value)
	}
	if (h.MLA.Key != 0 && h.MLA.Value != 0 || h.Architecture == "deepseek4") && s.key != s.value {
		return impossible("keys and values of this architecture are of one type, not %v and %v", s.key, s.value)
	}
	for i, l := range h.Layers[:h.Main()] {
		if err := fits("keys", i, l.KeyLength, s.key); err != nil {
			return err
		}
		if err := fits("values", i, l.ValueLength, s.value); err != nil {
			return err
		}
	}
	return nil
}

// fits: a quantized type packs several numbers of a head together.
func fits(what string, layer, length int, t gguf.TensorType) error {
	if block, _ := t.Block(); block > 1 && length%block != 0 {
		return impossible("the %s of layer %d are %d numbers a head, which is no multiple of the %d that type %v packs together", what, layer, length, block, t)
	}
	return nil
}

// attention turns flash attention off where a device has none for the model's heads, and it
// was not asked for: llama_context::resolve_fused_ops of src/llama-context.cpp@v0.5.0. Caches
// of quantized values ask for it.
func (s *setting) attention(p *placement) {
	if !s.flash || s.r.FlashAttention == FlashAttentionOn || s.value.Quantized() {
		return
	}
	for i, l := range s.h.Layers {
		where := p.layer(i)
		if where == host || l.Recurrent || l.KVHeads == 0 || !l.KV {
			continue
		}
		key, value := int64(l.KeyLength), int64(l.ValueLength)
		if s.h.MLA.Key != 0 && s.h.MLA.Value != 0 {
			value = int64(s.h.MLA.KVRank)
		}
		if !p.devices[where].attendsTo(key, value, int64(l.Heads/l.KVHeads), s.key, s.value) {
			s.flash = false
			return
		}
	}
}

// index decides whether the indexer is one operation, which it is on the CPU:
// ggml_cuda_lightning_indexer_supported of ggml/src/ggml-cuda/lightning-indexer.cu@v0.5.0.
func (s *setting) index(p *placement) {
	s.indexed = true
	for i, l := range s.h.Layers {
		if where := p.layer(i); l.Indexer && where != host {
			x := s.h.Indexer
			s.indexed = s.indexed && p.devices[where].Backend == "cuda" && x.KeyLength == 128 && (x.Heads == 32 || x.Heads == 64) && indexed[s.key]
		}
	}
}

var indexed = map[gguf.TensorType]bool{
	gguf.F32: true, gguf.BF16: true, gguf.F16: true, gguf.Q8_0: true, gguf.Q5_1: true, gguf.Q5_0: true, gguf.Q4_1: true, gguf.Q4_0: true,
}

func (s *setting) typeOf(c gguf.CacheTensor) gguf.TensorType {
	switch c.Type {
	case gguf.CacheKey:
		return s.key
	case gguf.CacheValue:
		return s.value
	}
	return gguf.F32
}

func impossible(format string, args ...any) error {
	return &Impossible{fmt.Sprintf(format, args...)}
}
