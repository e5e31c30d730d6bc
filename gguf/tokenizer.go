package gguf

import "strings"

const (
	keyTokens     = "tokenizer.ggml.tokens"
	keyTokenTypes = "tokenizer.ggml.token_type"
	keyScores     = "tokenizer.ggml.scores"
	keyMerges     = "tokenizer.ggml.merges"
)

// Tokenizer is how a model cuts text into tokens. The tokens themselves are the array
// at the key tokenizer.ggml.tokens.
type Tokenizer struct {
	Model string // "gpt2" (byte-level BPE), "llama" (SentencePiece), "bert", "t5", "rwkv", "none", …
	Pre   string // how text is cut before: the name that the engine knows; may be empty

	Tokens, Merges int

	Special []SpecialToken
	// AddBOS and so on are absent where the file does not say: the engine decides then.
	AddBOS, AddEOS, AddSEP, AddSpacePrefix *bool
}

// SpecialToken is one that means something. Its names are those of the keys: bos, eos,
// eot, eom, unknown, separator, padding, cls, mask, fim_pre, fim_suf, fim_mid, fim_pad,
// fim_rep, fim_sep.
type SpecialToken struct {
	Name string
	ID   uint32
}

// specialTokens are the names of the keys, and ours; the engine's have a slip. The last
// three are how fim tokens were written before.
var specialTokens = [][2]string{
	{"bos", "bos"}, {"eos", "eos"}, {"eot", "eot"}, {"eom", "eom"}, {"unknown", "unknown"}, {"seperator", "separator"},
	{"padding", "padding"}, {"cls", "cls"}, {"mask", "mask"},
	{"fim_pre", "fim_pre"}, {"fim_suf", "fim_suf"}, {"fim_mid", "fim_mid"}, {"fim_pad", "fim_pad"}, {"fim_rep", "fim_rep"},
	{"fim_sep", "fim_sep"}, {"prefix", "fim_pre"}, {"suffix", "fim_suf"}, {"middle", "fim_mid"},
}

// Tokenizer reads the keys tokenizer.ggml.*, and not the vocabulary.
func (f *File) Tokenizer() Tokenizer {
	const ggml = "tokenizer.ggml."
	flag := func(name string) *bool {
		v, _ := f.Lookup(ggml + name)
		if b, ok := v.Bool(); ok {
			return &b
		}
		return nil
	}
	length := func(key string) int { v, _ := f.Lookup(key); return v.Len() }
	t := Tokenizer{
		Model: f.Text(ggml + "model"), Pre: f.Text(ggml + "pre"), Tokens: length(keyTokens), Merges: length(keyMerges),
		AddBOS: flag("add_bos_token"), AddEOS: flag("add_eos_token"), AddSEP: flag("add_sep_token"), AddSpacePrefix: flag("add_space_prefix"),
	}
	for _, s := range specialTokens {
		id, ok := f.Uint(ggml + s[0] + "_token_id")
		if _, known := t.ID(s[1]); ok && !known && id < 1<<32 {
			t.Special = append(t.Special, SpecialToken{s[1], uint32(id)})
		}
	}
	return t
}

// ID is the token of a name; see [SpecialToken]. False: the file names none.
func (t Tokenizer) ID(name string) (uint32, bool) {
	for _, s := range t.Special {
		if s.Name == name {
			return s.ID, true
		}
	}
	return 0, false
}

// ChatTemplate is a Jinja template that turns messages into a prompt.
type ChatTemplate struct {
	Name string // empty: the default; else "tool_use", "rag", …
	Text string
}

// ChatTemplates are all of the file, in its order.
func (f *File) ChatTemplates() (all []ChatTemplate) {
	for _, k := range f.Keys {
		name, ok := strings.CutPrefix(k.Name, KeyChatTemplate)
		if text, isText := k.Text(); ok && isText && (name == "" || len(name) > 1 && name[0] == '.') {
			all = append(all, ChatTemplate{strings.TrimPrefix(name, "."), text})
		}
	}
	return all
}
