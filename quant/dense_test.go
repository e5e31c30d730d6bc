package quant

import (
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
)

// dense is a model with attention and a gated feed-forward in each layer, in 16 bits.
type dense struct {
	Shape
	width, hidden, vocabulary, head uint64
	experts                         bool // in one tensor a layer
	tied                            bool
}

// Sizes that people know.
var (
	dense8B = dense{
		Shape: Shape{Architecture: "llama", Layers: 32, Heads: 32, KVHeads: 8},
		width: 4096, hidden: 14336, vocabulary: 128256, head: 128,
	}
	dense70B = dense{
		Shape: Shape{Architecture: "llama", Layers: 80, Heads: 64, KVHeads: 8},
		width: 8192, hidden: 28672, vocabulary: 128256, head: 128,
	}
	experts8 = dense{
		Shape: Shape{Architecture: "llama", Layers: 32, Heads: 32, KVHeads: 8, Experts: 8},
		width: 4096, hidden: 14336, vocabulary: 32000, head: 128, experts: true,
	}
	odd = dense{ // rows that are no multiple of 256
		Shape: Shape{Architecture: "llama", Layers: 30, Heads: 9, KVHeads: 3},
		width: 576, hidden: 1536, vocabulary: 49152, head: 64, tied: true,
	}
)

func (d dense) tensors() (list []gguf.Tensor) {
	add := func(name string, dims ...uint64) {
		t := gguf.F16
		if len(dims) < 2 {
			t = gguf.F32
		}
		list = append(list, gguf.Tensor{Name: name, Type: t, Dims: dims})
	}
	add("token_embd.weight", d.width, d.vocabulary)
	add("output_norm.weight", d.width)
	if !d.tied {
		add("output.weight", d.width, d.vocabulary)
	}
	q, kv := uint64(d.Heads)*d.head, uint64(d.KVHeads)*d.head
	for i := range d.Layers {
		b := fmt.Sprintf("blk.%d.", i)
		add(b+"attn_norm.weight", d.width)
		add(b+"attn_q.weight", d.width, q)
		add(b+"attn_k.weight", d.width, kv)
		add(b+"attn_v.weight", d.width, kv)
		add(b+"attn_output.weight", q, d.width)
		add(b+"ffn_norm.weight", d.width)
		if d.experts {
			n := uint64(d.Experts)
			add(b+"ffn_gate_inp.weight", d.width, n)
			add(b+"ffn_gate_exps.weight", d.width, d.hidden, n)
			add(b+"ffn_up_exps.weight", d.width, d.hidden, n)
			add(b+"ffn_down_exps.weight", d.hidden, d.width, n)
			continue
		}
		add(b+"ffn_gate.weight", d.width, d.hidden)
		add(b+"ffn_up.weight", d.width, d.hidden)
		add(b+"ffn_down.weight", d.hidden, d.width)
	}
	return list
}

func (d dense) source() *Source {
	s, err := NewSource(d.Shape, d.tensors())
	if err != nil {
		panic(err)
	}
	return s
}
