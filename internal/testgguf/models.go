package testgguf

import "fmt"

// Sizes of all models here. Small, and divisible as the engine wants it.
const (
	Embedding = 64 // numbers a token
	Layers    = 2
	Context   = 128 // tokens that the model says it was trained on

	heads    = 4
	kvHeads  = 2
	headSize = Embedding / heads
	hidden   = 2 * Embedding // of feed-forward layers
)

// newModel has the keys that every model has.
func newModel(architecture string) *File {
	f := &File{}
	f.Set("general.architecture", architecture)
	f.Set("general.type", "model")
	f.Set("general.name", "random "+architecture)
	f.Set(architecture+".context_length", uint32(Context))
	f.Set(architecture+".embedding_length", uint32(Embedding))
	f.Set(architecture+".block_count", uint32(Layers))
	f.Set(architecture+".feed_forward_length", uint32(hidden))
	f.Set(architecture+".attention.head_count", uint32(heads))
	return f
}

// Decoder is a Llama-like model: attention with grouped heads, gated feed-forward.
func Decoder(seed uint64) *File {
	f := newModel("llama")
	f.Set("llama.attention.head_count_kv", uint32(kvHeads))
	f.Set("llama.attention.layer_norm_rms_epsilon", float32(1e-5))
	f.Set("llama.rope.dimension_count", uint32(headSize))
	vocab := sentencePiece(f)
	f.Set("llama.vocab_size", uint32(vocab))
	w := newWeights(f, seed)
	w.matrix("token_embd.weight", Embedding, vocab)
	w.norm("output_norm", Embedding, false)
	w.matrix("output.weight", Embedding, vocab)
	for i := range Layers {
		b := fmt.Sprintf("blk.%d.", i)
		w.norm(b+"attn_norm", Embedding, false)
		w.matrix(b+"attn_q.weight", Embedding, Embedding)
		w.matrix(b+"attn_k.weight", Embedding, kvHeads*headSize)
		w.matrix(b+"attn_v.weight", Embedding, kvHeads*headSize)
		w.matrix(b+"attn_output.weight", Embedding, Embedding)
		w.norm(b+"ffn_norm", Embedding, false)
		w.gated(b)
	}
	return f
}

// gated adds the matrices of a gated feed-forward layer.
func (w *weights) gated(block string) {
	w.matrix(block+"ffn_gate.weight", Embedding, hidden)
	w.matrix(block+"ffn_up.weight", Embedding, hidden)
	w.matrix(block+"ffn_down.weight", hidden, Embedding)
}

// Kinds of pooling in GGUF.
const (
	PoolingMean = 1
	PoolingCLS  = 2
	PoolingRank = 4
)

// Encoder is a BERT-like model, which makes embeddings only; with PoolingRank one that
// scores.
func Encoder(seed uint64, pooling uint32) *File {
	f := newModel("bert")
	f.Set("bert.attention.layer_norm_epsilon", float32(1e-12))
	f.Set("bert.attention.causal", false)
	f.Set("bert.pooling_type", pooling)
	vocab := wordPiece(f)
	w := newWeights(f, seed)
	w.matrix("token_embd.weight", Embedding, vocab)
	w.matrix("token_types.weight", Embedding, 2)
	w.matrix("position_embd.weight", Embedding, Context)
	w.norm("token_embd_norm", Embedding, true)
	for i := range Layers {
		b := fmt.Sprintf("blk.%d.", i)
		for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output"} {
			w.matrix(b+name+".weight", Embedding, Embedding)
			w.fill(b+name+".bias", 0, Embedding)
		}
		w.norm(b+"attn_output_norm", Embedding, true)
		w.matrix(b+"ffn_up.weight", Embedding, hidden)
		w.fill(b+"ffn_up.bias", 0, hidden)
		w.matrix(b+"ffn_down.weight", hidden, Embedding)
		w.fill(b+"ffn_down.bias", 0, Embedding)
		w.norm(b+"layer_output_norm", Embedding, true)
	}
	if pooling == PoolingRank {
		f.Set("bert.classifier.output_labels", []string{"relevance"})
		w.matrix("cls.weight", Embedding, Embedding)
		w.fill("cls.bias", 0, Embedding)
		w.matrix("cls.output.weight", Embedding, 1)
		w.fill("cls.output.bias", 0, 1)
	}
	return f
}

// Recurrent is a Mamba-like model: its memory is a state and cannot go back.
func Recurrent(seed uint64) *File {
	const (
		inner  = 2 * Embedding
		kernel = 4
		state  = 16
		rank   = 4
	)
	f := newModel("mamba")
	f.Set("mamba.feed_forward_length", uint32(0))
	f.Set("mamba.attention.head_count", uint32(0))
	f.Set("mamba.attention.layer_norm_rms_epsilon", float32(1e-5))
	f.Set("mamba.ssm.conv_kernel", uint32(kernel))
	f.Set("mamba.ssm.inner_size", uint32(inner))
	f.Set("mamba.ssm.state_size", uint32(state))
	f.Set("mamba.ssm.time_step_rank", uint32(rank))
	vocab := sentencePiece(f)
	w := newWeights(f, seed)
	w.matrix("token_embd.weight", Embedding, vocab)
	w.norm("output_norm", Embedding, false)
	for i := range Layers {
		b := fmt.Sprintf("blk.%d.", i)
		w.norm(b+"attn_norm", Embedding, false)
		w.matrix(b+"ssm_in.weight", Embedding, 2*inner)
		w.matrix(b+"ssm_conv1d.weight", kernel, inner)
		w.fill(b+"ssm_conv1d.bias", 0, inner)
		w.matrix(b+"ssm_x.weight", inner, rank+2*state)
		w.matrix(b+"ssm_dt.weight", rank, inner)
		w.fill(b+"ssm_dt.bias", 0, inner)
		w.fill(b+"ssm_a", -1, state, inner) // negative: states decay
		w.fill(b+"ssm_d", 1, inner)
		w.matrix(b+"ssm_out.weight", inner, Embedding)
	}
	return f
}

// EncoderDecoder is a T5-like model.
func EncoderDecoder(seed uint64) *File {
	const buckets = 32
	f := newModel("t5")
	f.Set("t5.attention.key_length", uint32(headSize))
	f.Set("t5.attention.value_length", uint32(headSize))
	f.Set("t5.attention.layer_norm_epsilon", float32(1e-6))
	f.Set("t5.attention.layer_norm_rms_epsilon", float32(1e-6))
	f.Set("t5.attention.relative_buckets_count", uint32(buckets))
	f.Set("t5.decoder_start_token_id", uint32(0))
	vocab := unigram(f)
	w := newWeights(f, seed)
	w.matrix("token_embd.weight", Embedding, vocab)
	for _, side := range []string{"enc", "dec"} {
		for i := range Layers {
			b := fmt.Sprintf("%s.blk.%d.", side, i)
			w.norm(b+"attn_norm", Embedding, false)
			w.matrix(b+"attn_rel_b.weight", heads, buckets)
			w.attention(b + "attn_")
			if side == "dec" {
				w.norm(b+"cross_attn_norm", Embedding, false)
				w.attention(b + "cross_attn_")
			}
			w.norm(b+"ffn_norm", Embedding, false)
			w.gated(b)
		}
		w.norm(side+".output_norm", Embedding, false)
	}
	return f
}

// attention adds the four matrices of attention as T5 names them.
func (w *weights) attention(prefix string) {
	for _, name := range []string{"q", "k", "v", "o"} {
		w.matrix(prefix+name+".weight", Embedding, Embedding)
	}
}
