package testgguf

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

const (
	keyTokens = "tokenizer.ggml.tokens"
	keyScores = "tokenizer.ggml.scores"
	keyTypes  = "tokenizer.ggml.token_type"
)

// tokenizers are vocabularies that do not work.
func (c *cases) tokenizers() {
	for _, base := range []string{"decoder", "pairs", "encoder", "t5"} {
		tokens := c.base[base].Value(keyTokens).([]string)
		n := len(tokens)
		c.tokens(base, "a token twice", func(t []string) { t[n-1] = t[n-2] })
		c.tokens(base, "two empty tokens", func(t []string) { t[n-1], t[n-2] = "", "" })
		c.tokens(base, "an empty token that is there already", func(t []string) { t[n-1], t[n-2] = "", fmt.Sprintf("[EMPTY_%d]", n-1) })
		c.tokens(base, "all tokens the same", func(t []string) { copy(t, filled(n, "x")) })
		c.tokens(base, "all tokens empty", func(t []string) { copy(t, filled(n, "")) })
		c.tokens(base, "tokens that are not UTF-8", func(t []string) {
			for i := range t {
				t[i] = fmt.Sprintf("\xff\xfe%d\xc3", i)
			}
		})
		c.tokens(base, "tokens with NUL", func(t []string) { t[n-1], t[n-2] = "\x00", "a\x00b" })
		c.tokens(base, "a token of a megabyte", func(t []string) { t[n-1] = strings.Repeat("a", 1<<20) })
		c.tokens(base, "tokens of spaces", func(t []string) {
			for i := range t {
				t[i] = strings.Repeat(" ", i+1)
			}
		})
		for _, kind := range []int32{0, 1, 2, 4, 5, 7, math.MaxInt32} {
			c.set(base, keyTypes, filled(n, kind))
		}
		for _, model := range []string{"llama", "bert", "gpt2", "t5", "rwkv", "test", "plamo2", "gemma4", "hybriddna", "whitespace", "no_vocab", "none", "sentencepiece"} {
			c.set(base, "tokenizer.ggml.model", model)
		}
		for _, id := range []uint32{0, uint32(n - 1), uint32(n), math.MaxInt32, 1 << 31, math.MaxUint32} {
			for _, name := range []string{"bos", "eos", "unknown", "padding", "eot", "fim_pre", "seperator", "mask"} {
				c.set(base, "tokenizer.ggml."+name+"_token_id", id)
			}
		}
		c.add(base, "ids of no token", func(f *File) {
			for _, key := range f.Keys() {
				if strings.HasSuffix(key, "_token_id") {
					f.Set(key, uint32(math.MaxUint32))
				}
			}
			f.Set("tokenizer.ggml.add_bos_token", true).Set("tokenizer.ggml.add_eos_token", true)
		})
		c.add(base, "a vocabulary of one token", func(f *File) { f.resizeVocabulary(1) })
		c.add(base, "an empty vocabulary", func(f *File) { f.resizeVocabulary(0) })
		c.add(base, "an empty vocabulary for tests", func(f *File) { f.resizeVocabulary(0); f.Set("tokenizer.ggml.model", "test") })
		c.set(base, "tokenizer.ggml.suppress_tokens", []int32{-1, math.MaxInt32, 3})
		c.set(base, "tokenizer.ggml.token_type_count", uint32(math.MaxUint32))
	}
	c.bytes()
	c.merges()
	for _, charsmap := range [][]uint8{{}, {1}, {1, 0, 0, 0}, {0, 0, 0, 0, 65}, {255, 255, 255, 255, 0}, {4, 0, 0, 0, 255, 255, 255, 255, 65}, {8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 128, 65, 66}} {
		c.set("t5", "tokenizer.ggml.precompiled_charsmap", charsmap)
	}
	for _, n := range []uint32{0, 1, 1 << 20, 1 << 31, math.MaxUint32} {
		c.add("decoder", fmt.Sprintf("no vocabulary, but %d tokens", n), func(f *File) {
			f.Set("tokenizer.ggml.model", "none").Set("llama.vocab_size", n)
		})
	}
}

// tokens adds a case with a changed copy of the vocabulary.
func (c *cases) tokens(base, name string, change func([]string)) {
	c.add(base, name, func(f *File) {
		tokens := slices.Clone(f.Value(keyTokens).([]string))
		change(tokens)
		f.Set(keyTokens, tokens)
	})
}

// resizeVocabulary cuts the vocabulary, and the tensors with it.
func (f *File) resizeVocabulary(n int) {
	f.Set(keyTokens, f.Value(keyTokens).([]string)[:n])
	for _, name := range []string{"token_embd.weight", "output.weight"} {
		f.change(name, func(t *tensor) {
			t.shape, t.data, t.size = []int{Embedding, n}, t.data.([]float32)[:Embedding*n], 4*Embedding*n
		})
	}
}

// bytes are vocabularies without tokens for the bytes that no other token has.
func (c *cases) bytes() {
	isByte := func(token string) bool { return strings.HasPrefix(token, "<0x") }
	c.tokens("decoder", "no byte tokens", func(t []string) {
		for i := range t {
			if isByte(t[i]) {
				t[i] = fmt.Sprintf("word %d", i)
			}
		}
	})
	c.tokens("decoder", "some byte tokens only", func(t []string) {
		for i := range t {
			if isByte(t[i]) && i%2 == 0 {
				t[i] = fmt.Sprintf("word %d", i)
			}
		}
	})
	c.tokens("decoder", "byte tokens that are none", func(t []string) {
		for i := range t {
			if isByte(t[i]) {
				t[i] = fmt.Sprintf("<0xZ%d>", i)
			}
		}
	})
	c.tokens("pairs", "no bytes", func(t []string) {
		for i := range t {
			if len([]rune(t[i])) == 1 {
				t[i] = fmt.Sprintf("word %d", i)
			}
		}
	})
	c.add("decoder", "a vocabulary without letters", func(f *File) {
		f.resizeVocabulary(3)
	})
}

// merges are pairs of bytes that are none.
func (c *cases) merges() {
	for i, merges := range [][]string{{""}, {" "}, {"a"}, {"a b c"}, {"  "}, {"\x00 \x00"}, {"\xff \xfe"}, {"Ġ t", "Ġ t", "Ġ t"}, filled(100000, "a b"), {strings.Repeat("a ", 100000)}} {
		c.add("pairs", fmt.Sprintf("merges %d", i), func(f *File) { f.Set("tokenizer.ggml.merges", merges) })
	}
	for _, pre := range []string{"", "default", "llama-bpe", "qwen2", "gpt-2", "smollm", "deepseek-llm", "tekken", "kimi-k2", "bailingmoe", "superbpe", "unheard of", "whitespace", "gemma4", "jais", "chameleon"} {
		c.set("pairs", "tokenizer.ggml.pre", pre)
	}
}
