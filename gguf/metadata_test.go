package gguf_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testgguf"
)

func TestMetadata(t *testing.T) {
	f := &testgguf.File{}
	f.Set("general.architecture", "llama").Set("general.type", "model").Set("general.name", "Parrot 7B Chat").Set("general.author", "A. Bird")
	f.Set("general.organization", "Aviary").Set("general.basename", "Parrot").Set("general.size_label", "7B").Set("general.finetune", "Chat")
	f.Set("general.version", "v2").Set("general.description", "It talks.").Set("general.quantized_by", "me").Set("general.quantization_version", uint32(2))
	f.Set("general.license", "apache-2.0").Set("general.license.name", "Apache").Set("general.license.link", "https://example.org/l")
	f.Set("general.url", "https://example.org").Set("general.repo_url", "https://example.org/r").Set("general.uuid", "u").Set("general.doi", "10.1/x")
	f.Set("general.source.url", "https://example.org/s").Set("general.tags", []string{"chat", "birds"}).Set("general.languages", []string{"en", "de"})
	f.Set("general.base_model.count", uint32(4_000_000_000)).Set("general.base_model.1.name", "Second").Set("general.base_model.0.name", "First")
	f.Set("general.base_model.0.organization", "Aviary").Set("general.base_model.x.name", "no number").Set("general.dataset.0.repo_url", "https://example.org/d")
	f.Set("general.datasets", []string{"songs"}).Set("quantize.imatrix.file", "i.gguf").Set("quantize.imatrix.dataset", "d.txt")
	f.Set("quantize.imatrix.entries_count", int32(3)).Set("quantize.imatrix.chunks_count", int32(5))
	got, err := read(t, f).Metadata()
	if err != nil {
		t.Fatal(err)
	}
	want := &gguf.Metadata{
		Type: "model",
		Source: gguf.Source{Name: "Parrot 7B Chat", Author: "A. Bird", Version: "v2", Organization: "Aviary", Description: "It talks.",
			URL: "https://example.org", RepoURL: "https://example.org/r", DOI: "10.1/x", UUID: "u"},
		Basename: "Parrot", SizeLabel: "7B", Finetune: "Chat", QuantizedBy: "me",
		License: "apache-2.0", LicenseName: "Apache", LicenseLink: "https://example.org/l",
		Origin:     gguf.Source{URL: "https://example.org/s"},
		BaseModels: []gguf.Source{{Name: "First", Organization: "Aviary"}, {Name: "Second"}},
		Datasets:   []gguf.Source{{RepoURL: "https://example.org/d"}, {Name: "songs"}},
		Tags:       []string{"chat", "birds"}, Languages: []string{"en", "de"},
		QuantizationVersion: 2,
		IMatrix:             gguf.IMatrix{File: "i.gguf", Dataset: "d.txt", Entries: 3, Chunks: 5},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestMetadataOfNothing(t *testing.T) {
	f := (&testgguf.File{}).Set("general.name", uint32(5)).Set("general.tags", []int32{1}).Set("general.languages", "en")
	got, err := read(t, f).Metadata()
	if want := (&gguf.Metadata{Languages: []string{"en"}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	f.Set("general.tags", make([]string, 200_000))
	if _, err = read(t, f).Metadata(); !errors.Is(err, gguf.ErrTooLong) {
		t.Errorf("a list of 1.6 MB: %v", err)
	}
}

func TestTokenizer(t *testing.T) {
	no := false
	f := &testgguf.File{}
	f.Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", "qwen2").Set("tokenizer.ggml.tokens", []string{"a", "b"}).Set("tokenizer.ggml.merges", []string{"a b"})
	f.Set("tokenizer.ggml.eos_token_id", uint32(1)).Set("tokenizer.ggml.unknown_token_id", uint32(1<<32-1)).Set("tokenizer.ggml.bos_token_id", int32(0))
	f.Set("tokenizer.ggml.prefix_token_id", uint32(7)).Set("tokenizer.ggml.suffix_token_id", uint32(8)).Set("tokenizer.ggml.fim_suf_token_id", uint32(9))
	f.Set("tokenizer.ggml.add_bos_token", false).Set("tokenizer.ggml.add_eos_token", "yes")
	f.Set("tokenizer.chat_template.tool_use", "T").Set("tokenizer.chat_template", "D").Set("tokenizer.chat_template.rag", "R").Set("tokenizer.chat_templates", []string{"rag", "tool_use"})
	none := int64(gguf.NoToken)
	want := &gguf.Tokenizer{
		Model: "gpt2", Pre: "qwen2", Tokens: 2, Merges: 1,
		BOS: none, EOS: 1, EOT: none, EOM: none, UNK: none, SEP: none, PAD: none, MASK: none,
		FIMPrefix: 7, FIMSuffix: 9, FIMMiddle: none, FIMPad: none, FIMRepo: none, FIMSep: none, AddBOS: &no,
		Templates: []gguf.ChatTemplate{{"", "D"}, {"rag", "R"}, {"tool_use", "T"}},
	}
	if got := read(t, f).Tokenizer(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
