package doctor

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/seed-f87006eb/llm/gguf"
)

// Sizes of the synthetic model: wide enough for what GPUs have kernels for (heads of 64,
// rows of whole blocks), small enough for a device of a few GFLOP/s.
const (
	embedding = 512
	headSize  = 64
	kvHeads   = 2
	hidden    = 768
	// SyntheticVocab is how many tokens the synthetic model has; it has no text for them.
	SyntheticVocab = 2048
)

// SyntheticTypes are the weights of the synthetic model, a layer each.
var SyntheticTypes = []gguf.TensorType{
	gguf.F16, gguf.BF16, gguf.Q8_0, gguf.Q4_0, gguf.Q5_1, gguf.IQ4_NL, gguf.Q2_K, gguf.Q3_K, gguf.Q4_K, gguf.Q5_K, gguf.Q6_K,
}

// synthetic is a model in the making. The first error stays.
type synthetic struct {
	w    *gguf.Writer
	rand *rand.Rand
	err  error
}

// WriteModel writes a small model of the architecture llama with random weights, always
// the same. The sums of a layer stay near 1, logits near 3.
func WriteModel(out io.Writer) error {
	s := &synthetic{w: gguf.NewWriter(), rand: rand.New(rand.NewPCG(1, 2))}
	s.keys()
	s.matrix("token_embd.weight", gguf.Q8_0, 1, embedding, SyntheticVocab)
	s.norm("output_norm.weight")
	s.matrix("output.weight", gguf.Q6_K, 3, embedding, SyntheticVocab)
	for i, kind := range SyntheticTypes {
		block := fmt.Sprintf("blk.%d.", i)
		s.norm(block + "attn_norm.weight")
		s.matrix(block+"attn_q.weight", kind, 1, embedding, embedding)
		s.matrix(block+"attn_k.weight", kind, 1, embedding, kvHeads*headSize)
		s.matrix(block+"attn_v.weight", kind, 1, embedding, kvHeads*headSize)
		s.matrix(block+"attn_output.weight", kind, 1, embedding, embedding)
		s.norm(block + "ffn_norm.weight")
		s.matrix(block+"ffn_gate.weight", kind, 1, embedding, hidden)
		s.matrix(block+"ffn_up.weight", kind, 1, embedding, hidden)
		s.matrix(block+"ffn_down.weight", kind, 1, hidden, embedding)
	}
	if s.err == nil {
		_, s.err = s.w.WriteTo(out)
	}
	if s.err != nil {
		return fmt.Errorf("write the synthetic model: %w", s.err)
	}
	return nil
}

func (s *synthetic) keys() {
	for _, k := range []struct {
		name  string
		value any
	}{
		{"general.architecture", "llama"},
		{"general.type", "model"},
		{"general.name", "llm doctor"},
		{"llama.context_length", uint32(2048)},
		{"llama.embedding_length", uint32(embedding)},
		{"llama.block_count", uint32(len(SyntheticTypes))},
		{"llama.feed_forward_length", uint32(hidden)},
		{"llama.attention.head_count", uint32(embedding / headSize)},
		{"llama.attention.head_count_kv", uint32(kvHeads)},
		{"llama.attention.layer_norm_rms_epsilon", float32(1e-5)},
		{"llama.rope.dimension_count", uint32(headSize)},
		{"llama.vocab_size", uint32(SyntheticVocab)},
		{"tokenizer.ggml.model", "none"},
	} {
		v, err := gguf.NewValue(k.value)
		if err == nil {
			err = s.w.Set(k.name, v)
		}
		if s.err == nil {
			s.err = err
		}
	}
}

// matrix adds weights whose sums over inputs have the standard deviation gain, for inputs
// of 1.
func (s *synthetic) matrix(name string, kind gguf.TensorType, gain float64, inputs, outputs int) {
	s.add(name, kind, randomWeights(s.rand, kind, gain/math.Sqrt(float64(inputs)), inputs*outputs), inputs, outputs)
}

func (s *synthetic) norm(name string) {
	s.add(name, gguf.F32, bytes.Repeat([]byte{0, 0, 0x80, 0x3f}, embedding), embedding) // 1.0
}

func (s *synthetic) add(name string, kind gguf.TensorType, data []byte, shape ...int) {
	t := gguf.Tensor{Name: name, Type: kind}
	for _, n := range shape {
		t.Dims = append(t.Dims, uint64(n))
	}
	if err := s.w.Add(t, bytes.NewReader(data)); s.err == nil {
		s.err = err
	}
}
