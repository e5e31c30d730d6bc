package gguf

import (
	"fmt"
	"slices"
	"strings"
)

const (
	keyPre      = "tokenizer.ggml.pre"
	keyCharsmap = "tokenizer.ggml.precompiled_charsmap"
)

// maxToken is of one token, in bytes: the engine recurses over the bytes of a token.
const maxToken = 1 << 16

// tokenizer is a kind of them: what it begins and ends a text with, and the ids that it takes for
// them where the file names none. -1: none.
type tokenizer struct {
	begin, end, separate bool
	bos, eos, sep        int
}

var tokenizers = map[string]tokenizer{
	"llama": {begin: true, bos: 1, eos: 2, sep: -1},
	"bert":  {begin: true, separate: true, bos: 101, eos: -1, sep: 102},
	"gpt2":  {bos: 11, eos: 11, sep: -1}, "hybriddna": {bos: 11, eos: 11, sep: -1}, "whitespace": {bos: 11, eos: 11, sep: -1},
	"gemma4": {bos: -1, eos: -1, sep: -1},
	"t5":     {end: true, bos: -1, eos: 1, sep: -1},
	"rwkv":   {bos: -1, eos: -1, sep: -1}, "test": {bos: -1, eos: -1, sep: -1},
	"plamo2": {bos: 1, eos: 2, sep: -1},
}

func (v *validator) tokenizer() {
	f := v.f
	value, ok := f.Lookup(keyTokenizer)
	switch {
	case !ok || value.Type != String:
		v.key(Error, keyTokenizer, convertAgain, "the file does not say how text becomes tokens")
		return
	case value.text == "none" || value.text == "no_vocab":
		v.dummies()
		return
	}
	k, ok := tokenizers[value.text]
	if !ok {
		v.key(Error, keyTokenizer, newerVersion, "the tokenizer %s is not known", Quote(value.text))
		return
	}
	tokens := v.array(keyTokens, true, String)
	if tokens == nil {
		return
	}
	n := tokens.Len()
	if n == 0 {
		v.key(Error, keyTokens, convertAgain, "the vocabulary is empty")
		return
	}
	v.atLeast(keyScores, v.array(keyScores, false, Float32, Int32), n)
	v.atLeast(keyTokenTypes, v.array(keyTokenTypes, false, Int32), n)
	v.vocabulary(value.text, tokens)
	v.specials(k, n)
	if _, ok := f.Lookup(keyPre); !ok && value.text == "gpt2" {
		v.key(Warning, keyPre, convertAgain, "the file does not say how text is split before it becomes tokens: the engine guesses, and replies will be worse")
	}
	switch value.text {
	case "gpt2", "hybriddna", "whitespace", "gemma4":
		v.merges(value.text)
	case "t5":
		v.charsmap()
	}
	v.vocabularySize(n)
}

// array is a key of a list with elements of one of these types; nil where it is absent
// or wrong.
func (v *validator) array(key string, required bool, types ...Type) *Value {
	value, ok := v.f.Lookup(key)
	if !ok {
		if required {
			v.key(Error, key, convertAgain, "the file does not have it")
		}
		return nil
	}
	if value.Type != Array || !slices.Contains(types, value.Elem) {
		v.key(Error, key, convertAgain, "it is %s, not a list of %v", describeType(value), types[0])
		return nil
	}
	return &value
}

func describeType(v Value) string {
	if v.Type == Array {
		return "a list of " + v.Elem.String()
	}
	return v.Type.String()
}

func (v *validator) atLeast(key string, value *Value, n int) {
	if value != nil && value.Len() < n {
		v.key(Error, key, convertAgain, "it has %d elements for %d tokens", value.Len(), n)
	}
}

// dummies checks the size of a vocabulary that is not there: the engine makes room for it
// before it compares it with anything.
func (v *validator) dummies() {
	key := v.f.Architecture() + ".vocab_size"
	n, _ := v.f.Uint(key)
	for i := range v.f.Tensors {
		if t := &v.f.Tensors[i]; t.Name == "token_embd.weight" && len(t.Dims) > 1 && n > t.Dims[1] {
			v.key(Error, key, convertAgain, "%d tokens, and %s has %d rows", n, t.Name, t.Dims[1])
			return
		}
	}
	if n > 1<<24 {
		v.key(Error, key, convertAgain, "%d tokens", n)
	}
}

// renamed is a token that the engine calls by another name: it reads up to a NUL, and
// gives a name to what is empty then.
type renamed struct {
	index int
	text  string
}

// vocabulary reads all tokens, once. The engine asserts that no two are the same.
func (v *validator) vocabulary(model string, tokens *Value) {
	texts, err := tokens.Strings()
	if err != nil {
		v.err = err
		return
	}
	seen := newTexts(texts)
	bytes := 0
	var others []renamed
	for i, text := range texts.All() {
		if len(text) > maxToken {
			v.key(Error, keyTokens, convertAgain, "token %d has %d bytes; the limit is %d", i, len(text), maxToken)
		}
		if end := strings.IndexByte(text, 0); end >= 0 || text == "" {
			others = append(others, renamed{i, text[:max(end, 0)]})
			continue
		}
		if first, twice := seen.add(i, text); twice {
			v.sameTokens(first, i, text)
			return
		}
		if len(text) == len("<0x00>") && text[:3] == "<0x" {
			bytes++
		}
	}
	v.renamed(seen, others)
	switch {
	case model == "llama" && bytes == 0, model == "plamo2" && bytes < 256:
		v.key(Error, keyTokens, convertAgain, "there are no tokens for single bytes (<0x00> to <0xFF>): text with a character that is no token cannot be read")
	case model == "llama" && bytes < 256:
		v.key(Warning, keyTokens, "", "tokens for %d of 256 single bytes are missing: some texts cannot be read", 256-bytes)
	}
}

func (v *validator) sameTokens(first, second int, text string) {
	v.key(Error, keyTokens, convertAgain, "tokens %d and %d are the same to the engine: %s", first, second, Quote(text))
}

func (v *validator) renamed(seen *texts, others []renamed) {
	names := make(map[string]int, len(others))
	for _, o := range others {
		if o.text == "" {
			o.text = fmt.Sprintf("[EMPTY_%d]", o.index)
		}
		first, twice := names[o.text]
		if !twice {
			first, twice = seen.find(o.text)
		}
		if twice {
			v.sameTokens(first, o.index, o.text)
			return
		}
		names[o.text] = o.index
	}
	if len(others) > 0 {
		v.key(Warning, keyTokens, "", "%d tokens are empty, or have a NUL in them, where the engine ends them", len(others))
	}
}

// specials checks the ids of special tokens: the engine ignores those that the
// vocabulary does not have, and asserts that there is one where it needs one.
func (v *validator) specials(k tokenizer, n int) {
	for _, key := range v.f.Keys {
		if !strings.HasPrefix(key.Name, "tokenizer.ggml.") || !strings.HasSuffix(key.Name, "_token_id") {
			continue
		}
		switch id, _ := key.Uint(); {
		case key.Type != Uint32:
			v.key(Error, key.Name, convertAgain, "it is of the type %v; the engine reads u32", key.Type)
		case id >= uint64(n):
			v.key(Warning, key.Name, "", "token %d is not in the vocabulary of %d: it is ignored", id, n)
		}
	}
	for _, s := range []struct {
		flag, id, what string
		on             bool
		absent         int
	}{
		{"tokenizer.ggml.add_bos_token", "tokenizer.ggml.bos_token_id", "begins", k.begin, k.bos},
		{"tokenizer.ggml.add_eos_token", "tokenizer.ggml.eos_token_id", "ends", k.end, k.eos},
		{"", "tokenizer.ggml.seperator_token_id", "separates", k.separate, k.sep},
	} {
		on := s.on
		if flag, ok := v.f.Lookup(s.flag); ok {
			if set, isBool := flag.Bool(); isBool {
				on = set
			} else {
				v.key(Error, s.flag, convertAgain, "it is of the type %v, not bool", flag.Type)
			}
		}
		id, ok := v.f.Uint(s.id)
		if on && (!ok || id >= uint64(n)) && (s.absent < 0 || s.absent >= n) {
			v.key(Error, s.id, convertAgain, "the vocabulary of %d tokens has none that %s a text, and each text needs one", n, s.what)
		}
	}
}

func (v *validator) merges(model string) {
	value, ok := v.f.Lookup(keyMerges)
	if !ok {
		if model == "gemma4" || v.f.Text(keyPre) != "kimi-k2" {
			v.key(Error, keyMerges, convertAgain, "the file does not have it")
		}
		return
	}
	if value.Type != Array || value.Elem != String {
		v.key(Error, keyMerges, convertAgain, "it is %s, not a list of texts", describeType(value))
		return
	}
	texts, err := value.Strings()
	if err != nil {
		v.err = err
		return
	}
	bad := 0
	for _, text := range texts.All() {
		if len(text) < 3 || strings.IndexByte(text[1:], ' ') < 0 {
			bad++
		}
	}
	if bad > 0 {
		v.key(Warning, keyMerges, "", "%d of %d merges are not two parts", bad, value.Len())
	}
}

// charsmap checks the normalization of T5's tokenizer: a double array, then texts that
// end in NUL, which the engine looks for without a limit.
func (v *validator) charsmap() {
	value, ok := v.f.Lookup(keyCharsmap)
	if !ok {
		return
	}
	if value.Type != Array || value.Elem != Int8 && value.Elem != Uint8 {
		v.key(Error, keyCharsmap, convertAgain, "it is %s, not a list of u8", describeType(value))
		return
	}
	b := make([]byte, value.Size)
	if err := value.file.read(b, value.Offset); err != nil {
		v.err = err
		return
	}
	switch {
	case len(b) < 4 || uint64(value.file.order.Uint32(b))+4 >= uint64(len(b)):
		v.key(Error, keyCharsmap, convertAgain, "its %d bytes are less than it says", len(b))
	case b[len(b)-1] != 0:
		v.key(Error, keyCharsmap, convertAgain, "its last text has no end")
	}
}

// vocabularySize compares the vocabulary with the rows of its embeddings, which the
// engine refuses when they differ.
func (v *validator) vocabularySize(n int) {
	for i := range v.f.Tensors {
		t := &v.f.Tensors[i]
		if (t.Name == "token_embd.weight" || t.Name == "output.weight") && len(t.Dims) == 2 && t.Dims[1] != uint64(n) {
			v.key(Warning, keyTokens, "", "the vocabulary has %d tokens, and %s has %d rows", n, t.Name, t.Dims[1])
		}
	}
}
