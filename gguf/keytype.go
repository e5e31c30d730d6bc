package gguf

import (
	"path"
	"strings"
)

// keyTypes are the types that the engine reads keys as, but hyper-parameters, in the
// order in which they are looked up: ggml-org/llama.cpp src/llama-arch.cpp@v0.5.0 has
// the names, src/llama-model.cpp and src/llama-vocab.cpp how they are read.
var keyTypes = []struct {
	pattern string
	read    ValueType
}{
	{"general.alignment", ValueType{Type: Uint32}},
	{"general.file_type", ValueType{Type: Uint32}},
	{"general.quantization_version", ValueType{Type: Uint32}},
	{"general.*.count", ValueType{Type: Uint32}},
	{"general.sampling.top_k", ValueType{Type: Int32}},
	{"general.sampling.penalty_last_n", ValueType{Type: Int32}},
	{"general.sampling.mirostat", ValueType{Type: Int32}},
	{"general.sampling.sequence", ValueType{Type: String}},
	{"general.sampling.*", ValueType{Type: Float32}},
	{"general.tags", ValueType{Array, String}},
	{"general.languages", ValueType{Array, String}},
	{"general.datasets", ValueType{Array, String}},
	{"general.*", ValueType{Type: String}},
	{"split.tensors.count", ValueType{Type: Int32}},
	{"split.*", ValueType{Type: Uint16}},
	{"tokenizer.chat_template*", ValueType{Type: String}},
	{"tokenizer.huggingface.json", ValueType{Type: String}},
	{"tokenizer.ggml.model", ValueType{Type: String}},
	{"tokenizer.ggml.pre", ValueType{Type: String}},
	{"tokenizer.ggml.*_token_id", ValueType{Type: Uint32}},
	{"tokenizer.ggml.token_type_count", ValueType{Type: Uint32}},
	{"tokenizer.ggml.tokens", ValueType{Array, String}},
	{"tokenizer.ggml.merges", ValueType{Array, String}},
	{"tokenizer.ggml.scores", ValueType{Array, Float32}},
	{"tokenizer.ggml.token_type", ValueType{Array, Int32}},
	{"tokenizer.ggml.add_*", ValueType{Type: Bool}},
	{"tokenizer.ggml.remove_extra_whitespaces", ValueType{Type: Bool}},
	{"adapter.type", ValueType{Type: String}},
	{"adapter.lora.alpha", ValueType{Type: Float32}},
}

// KeyValueType is what the engine reads a key as; array tells which it is to be where
// both one value for all layers and an array with one for each are read. False: the
// engine does not read that key, or it is not known how.
func KeyValueType(name string, array bool) (ValueType, bool) {
	for _, k := range keyTypes {
		if ok, _ := path.Match(k.pattern, name); ok {
			return k.read, true
		}
	}
	_, name, _ = strings.Cut(name, ".") // behind the architecture
	k, ok := keyByName[name]
	if !ok {
		return ValueType{}, false
	}
	t := formTypes[hyperKeys[k].form]
	if form := hyperKeys[k].form; array && (form == formCounts || form == formFloats) {
		t = ValueType{Array, t.Type}
	}
	return t, true
}

var formTypes = [...]ValueType{
	formCount: {Type: Uint32}, formCounts: {Type: Uint32},
	formFloat: {Type: Float32}, formFloats: {Type: Float32},
	formFlag: {Type: Bool}, formText: {Type: String},
	formTexts: {Array, String}, formList: {Array, Int32}, formList64: {Array, Uint64},
}
