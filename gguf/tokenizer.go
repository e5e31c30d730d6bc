package gguf

import (
	"slices"
	"strings"
)

// Keys of the tokenizer.
const (
	keyTokenizer  = "tokenizer.ggml.model"
	keyTokens     = "tokenizer.ggml.tokens"
	keyTokenTypes = "tokenizer.ggml.token_type"
	keyScores     = "tokenizer.ggml.scores"
	keyMerges     = "tokenizer.ggml.merges"
)

// NoToken is in the place of a token that the file does not name. The engine then takes
// that of the kind of tokenizer, or looks for one by its text.
const NoToken = -1

// Tokenizer is what the keys say of it, without a look at the tokens. What the file
// does not say is empty, [NoToken] or nil.
type Tokenizer struct {
	Model  string // "gpt2", "llama", "bert", "t5", "rwkv", "plamo2", "none", …
	Pre    string // how text is split first
	Tokens int
	Scores int
	Merges int

	BOS, EOS, EOT, EOM, UNK, SEP, PAD, MASK                  int64
	FIMPrefix, FIMSuffix, FIMMiddle, FIMPad, FIMRepo, FIMSep int64

	AddBOS, AddEOS, AddSEP, AddSpacePrefix *bool

	Templates []ChatTemplate // the default first, which has no name, then by name
}

// ChatTemplate is a Jinja template.
type ChatTemplate struct{ Name, Text string }

// Tokenizer reads the keys. Values of a wrong type count as absent.
func (f *File) Tokenizer() *Tokenizer {
	t := &Tokenizer{
		Model: f.Text(keyTokenizer), Pre: f.Text("tokenizer.ggml.pre"),
		Tokens: f.len(keyTokens), Scores: f.len(keyScores), Merges: f.len(keyMerges),
		BOS: f.token("bos"), EOS: f.token("eos"), EOT: f.token("eot"), EOM: f.token("eom"), UNK: f.token("unknown"),
		SEP: f.token("seperator"), PAD: f.token("padding"), MASK: f.token("mask"),
		FIMPrefix: f.token("fim_pre", "prefix"), FIMSuffix: f.token("fim_suf", "suffix"), FIMMiddle: f.token("fim_mid", "middle"),
		FIMPad: f.token("fim_pad"), FIMRepo: f.token("fim_rep"), FIMSep: f.token("fim_sep"),
		AddBOS: f.choice("tokenizer.ggml.add_bos_token"), AddEOS: f.choice("tokenizer.ggml.add_eos_token"),
		AddSEP: f.choice("tokenizer.ggml.add_sep_token"), AddSpacePrefix: f.choice("tokenizer.ggml.add_space_prefix"),
	}
	for _, k := range f.Keys {
		name, named := strings.CutPrefix(k.Name, KeyChatTemplate+".")
		if text, ok := k.Text(); ok && (named || k.Name == KeyChatTemplate) {
			if !named {
				name = ""
			}
			t.Templates = append(t.Templates, ChatTemplate{name, text})
		}
	}
	slices.SortStableFunc(t.Templates, func(a, b ChatTemplate) int { return strings.Compare(a.Name, b.Name) })
	return t
}

// token is the id of a special one, by the first of its names. The engine reads u32.
func (f *File) token(names ...string) int64 {
	for _, name := range names {
		if v, ok := f.Lookup("tokenizer.ggml." + name + "_token_id"); ok && v.Type == Uint32 {
			return int64(int32(v.bits)) // a token is an int32: files say 4294967295 for none
		}
	}
	return NoToken
}

// len of an array; 0 where it is absent or none.
func (f *File) len(name string) int {
	v, _ := f.Lookup(name)
	return v.Len()
}

// choice is a bool; nil where it is absent or none.
func (f *File) choice(name string) *bool {
	if v, ok := f.Lookup(name); ok && v.Type == Bool {
		b := v.bits != 0
		return &b
	}
	return nil
}
