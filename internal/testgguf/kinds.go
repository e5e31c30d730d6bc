package testgguf

import (
	"fmt"
	"slices"
)

// Windowed is a Gemma-3-like model: every second layer sees a sliding window of 16
// tokens only.
func Windowed(seed uint64) *File {
	f := newModel("gemma3")
	f.Set("gemma3.attention.head_count_kv", uint32(kvHeads))
	f.Set("gemma3.attention.key_length", uint32(headSize))
	f.Set("gemma3.attention.value_length", uint32(headSize))
	f.Set("gemma3.attention.layer_norm_rms_epsilon", float32(1e-6))
	f.Set("gemma3.attention.sliding_window", uint32(16))
	f.Set("gemma3.attention.sliding_window_pattern", uint32(2))
	f.Set("gemma3.rope.freq_base", float32(1e6))
	vocab := sentencePiece(f)
	w := newWeights(f, seed)
	w.matrix("token_embd.weight", Embedding, vocab)
	w.norm("output_norm", Embedding, false)
	for i := range Layers {
		b := fmt.Sprintf("blk.%d.", i)
		w.norm(b+"attn_norm", Embedding, false)
		w.heads(b)
		w.norm(b+"attn_q_norm", headSize, false)
		w.norm(b+"attn_k_norm", headSize, false)
		w.norm(b+"post_attention_norm", Embedding, false)
		w.norm(b+"ffn_norm", Embedding, false)
		w.gated(b)
		w.norm(b+"post_ffw_norm", Embedding, false)
	}
	return f
}

// heads adds the matrices of attention with grouped heads.
func (w *weights) heads(block string) {
	w.matrix(block+"attn_q.weight", Embedding, Embedding)
	w.matrix(block+"attn_k.weight", Embedding, kvHeads*headSize)
	w.matrix(block+"attn_v.weight", Embedding, kvHeads*headSize)
	w.matrix(block+"attn_output.weight", Embedding, Embedding)
}

// Mixture is a Mixtral-like model: of four experts, two work on each token.
func Mixture(seed uint64) *File {
	const experts = 4
	f := Decoder(seed)
	f.Set("llama.expert_count", uint32(experts))
	f.Set("llama.expert_used_count", uint32(2))
	f.tensors = slices.DeleteFunc(f.tensors, func(t tensor) bool {
		return slices.ContainsFunc([]string{"gate", "up", "down"}, func(name string) bool { return t.name[len("blk.0."):] == "ffn_"+name+".weight" })
	})
	w := newWeights(f, seed+1)
	for i := range Layers {
		b := fmt.Sprintf("blk.%d.", i)
		w.matrix(b+"ffn_gate_inp.weight", Embedding, experts)
		w.matrix(b+"ffn_gate_exps.weight", Embedding, hidden, experts)
		w.matrix(b+"ffn_up_exps.weight", Embedding, hidden, experts)
		w.matrix(b+"ffn_down_exps.weight", hidden, Embedding, experts)
	}
	return f
}

// BytePairs is the decoder with a GPT-2-like vocabulary: bytes and merges.
func BytePairs(seed uint64) *File {
	f := Decoder(seed)
	for _, key := range f.Keys() {
		if key == "tokenizer.ggml.scores" || key == "tokenizer.ggml.unknown_token_id" {
			f.Remove(key)
		}
	}
	n := bytePairs(f)
	f.Set("llama.vocab_size", uint32(n))
	w := newWeights(f.RemoveTensor("token_embd.weight").RemoveTensor("output.weight"), seed)
	w.matrix("token_embd.weight", Embedding, n)
	return f
}

// bytePairs sets the keys of such a vocabulary and returns the number of tokens.
func bytePairs(f *File) int {
	var v vocabulary
	var merges []string
	v.add("<|begin|>", 0, tokenControl)
	v.add("<|endoftext|>", 0, tokenControl)
	for b := range 256 {
		v.add(string(byteRune(b)), 0, tokenNormal)
	}
	for _, word := range words {
		text := "Ġ"
		for _, c := range word {
			if next := text + string(c); !slices.Contains(v.tokens, next) {
				merges = append(merges, text+" "+string(c))
				v.add(next, 0, tokenNormal)
			}
			text += string(c)
		}
	}
	v.set(f, "gpt2")
	f.Remove("tokenizer.ggml.scores")
	f.Set("tokenizer.ggml.pre", "gpt-2")
	f.Set("tokenizer.ggml.merges", merges)
	f.Set("tokenizer.ggml.bos_token_id", uint32(0))
	f.Set("tokenizer.ggml.eos_token_id", uint32(1))
	return len(v.tokens)
}

// byteRune is how GPT-2 writes a byte: itself where it can be seen, else moved up.
func byteRune(b int) rune {
	shown := func(b int) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }
	if shown(b) {
		return rune(b)
	}
	n := 0
	for c := range b {
		if !shown(c) {
			n++
		}
	}
	return rune(256 + n)
}
