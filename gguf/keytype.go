package gguf

import "path"

// keyTypes are the types that the engine reads keys as, in the order in which they are
// looked up: ggml-org/llama.cpp src/llama-arch.cpp@v0.5.0 has the names,
// src/llama-model.cpp and src/llama-vocab.cpp how they are read. What may be of several
// types, or a number for each layer, is not here.
var keyTypes = []struct {
	pattern string
	kind    Kind
}{
	{"general.alignment", Kind{Type: Uint32}},
	{"general.file_type", Kind{Type: Uint32}},
	{"general.quantization_version", Kind{Type: Uint32}},
	{"general.*.count", Kind{Type: Uint32}},
	{"general.sampling.top_k", Kind{Type: Int32}},
	{"general.sampling.penalty_last_n", Kind{Type: Int32}},
	{"general.sampling.mirostat", Kind{Type: Int32}},
	{"general.sampling.sequence", Kind{Type: String}},
	{"general.sampling.*", Kind{Type: Float32}},
	{"general.tags", Kind{Array, String}},
	{"general.languages", Kind{Array, String}},
	{"general.datasets", Kind{Array, String}},
	{"general.*", Kind{Type: String}},
	{"split.tensors.count", Kind{Type: Int32}},
	{"split.*", Kind{Type: Uint16}},
	{"tokenizer.chat_template*", Kind{Type: String}},
	{"tokenizer.huggingface.json", Kind{Type: String}},
	{"tokenizer.ggml.model", Kind{Type: String}},
	{"tokenizer.ggml.pre", Kind{Type: String}},
	{"tokenizer.ggml.*_token_id", Kind{Type: Uint32}},
	{"tokenizer.ggml.token_type_count", Kind{Type: Uint32}},
	{"tokenizer.ggml.tokens", Kind{Array, String}},
	{"tokenizer.ggml.merges", Kind{Array, String}},
	{"tokenizer.ggml.scores", Kind{Array, Float32}},
	{"tokenizer.ggml.token_type", Kind{Array, Int32}},
	{"tokenizer.ggml.add_*", Kind{Type: Bool}},
	{"tokenizer.ggml.remove_extra_whitespaces", Kind{Type: Bool}},
	{"adapter.type", Kind{Type: String}},
	{"adapter.lora.alpha", Kind{Type: Float32}},
	{"*.rope.scaling.type", Kind{Type: String}},
	{"*.rope.scaling.finetuned", Kind{Type: Bool}},
	{"*.rope.scaling.original_context_length", Kind{Type: Uint32}},
	{"*.rope.scaling.*", Kind{Type: Float32}},
	{"*.rope.freq_base*", Kind{Type: Float32}},
	{"*.rope.scale_linear", Kind{Type: Float32}},
	{"*.attention.*_epsilon", Kind{Type: Float32}},
	{"*.attention.causal", Kind{Type: Bool}},
	{"*.attention.scale", Kind{Type: Float32}},
	{"*softcapping", Kind{Type: Float32}},
	{"*.logit_scale", Kind{Type: Float32}},
	{"*.residual_scale", Kind{Type: Float32}},
	{"*.embedding_scale", Kind{Type: Float32}},
	{"*.expert_weights_scale", Kind{Type: Float32}},
	{"*.expert_weights_norm", Kind{Type: Bool}},
	{"*.use_parallel_residual", Kind{Type: Bool}},
	{"*.classifier.output_labels", Kind{Array, String}},
	{"*.vocab_size", Kind{Type: Uint32}},
	{"*.context_length", Kind{Type: Uint32}},
	{"*.embedding_length", Kind{Type: Uint32}},
	{"*.block_count", Kind{Type: Uint32}},
	{"*.expert_count", Kind{Type: Uint32}},
	{"*.expert_used_count", Kind{Type: Uint32}},
	{"*.pooling_type", Kind{Type: Uint32}},
	{"*.rope.dimension_count", Kind{Type: Uint32}},
	{"*.attention.key_length", Kind{Type: Uint32}},
	{"*.attention.value_length", Kind{Type: Uint32}},
	{"*.attention.sliding_window", Kind{Type: Uint32}},
}

// KindOf is what the engine reads a key as. False: that is not known.
func KindOf(key string) (Kind, bool) {
	for _, k := range keyTypes {
		if ok, _ := path.Match(k.pattern, key); ok {
			return k.kind, true
		}
	}
	return Kind{}, false
}
