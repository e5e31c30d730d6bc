package testgguf

import (
	"fmt"
	"slices"
)

// Kinds of tokens in GGUF.
const (
	tokenNormal  = 1
	tokenUnknown = 2
	tokenControl = 3
	tokenByte    = 6
)

// vocabulary is a tokenizer in the making.
type vocabulary struct {
	tokens []string
	scores []float32
	kinds  []int32
}

func (v *vocabulary) add(token string, score float32, kind int32) {
	v.tokens = append(v.tokens, token)
	v.scores = append(v.scores, score)
	v.kinds = append(v.kinds, kind)
}

func (v *vocabulary) set(f *File, model string) {
	f.Set("tokenizer.ggml.model", model)
	f.Set("tokenizer.ggml.tokens", v.tokens)
	f.Set("tokenizer.ggml.scores", v.scores)
	f.Set("tokenizer.ggml.token_type", v.kinds)
}

// words that the vocabularies have in one piece.
var words = []string{"the", "a", "and", "of", "to", "in", "is", "it", "one", "two", "red", "green", "house", "river", "hello", "world"}

// letters are the pieces that every word can be made of.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?'-"

// wordStart stands for a space in SentencePiece.
const wordStart = "▁"

// sentencePiece is a vocabulary for decoders: control tokens, all bytes, letters,
// words. It sets the keys and returns the number of tokens.
func sentencePiece(f *File) int {
	var v vocabulary
	v.add("<unk>", 0, tokenUnknown)
	v.add("<s>", 0, tokenControl)
	v.add("</s>", 0, tokenControl)
	for b := range 256 {
		v.add(fmt.Sprintf("<0x%02X>", b), 0, tokenByte)
	}
	v.add(wordStart, -100, tokenNormal)
	for _, c := range letters {
		v.add(string(c), -100, tokenNormal)
	}
	v.merges()
	v.set(f, "llama")
	f.Set("tokenizer.ggml.unknown_token_id", uint32(0))
	f.Set("tokenizer.ggml.bos_token_id", uint32(1))
	f.Set("tokenizer.ggml.eos_token_id", uint32(2))
	f.Set("tokenizer.ggml.add_bos_token", true)
	return len(v.tokens)
}

// merges adds the words and their beginnings, because SentencePiece puts tokens
// together two by two.
func (v *vocabulary) merges() {
	have := map[string]bool{}
	for _, word := range words {
		text := wordStart
		for _, c := range word {
			text += string(c)
			if !have[text] {
				have[text] = true
				v.add(text, -float32(len(v.tokens)), tokenNormal)
			}
		}
	}
}

// wordPiece is a vocabulary for BERT-like encoders: control tokens, words, and letters
// as beginnings and as continuations.
func wordPiece(f *File) int {
	var v vocabulary
	control := map[string]uint32{}
	for _, name := range []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} {
		control[name] = uint32(len(v.tokens))
		v.add(name, 0, tokenControl)
	}
	for _, word := range words {
		v.add(wordStart+word, 0, tokenNormal)
	}
	for _, c := range letters {
		if !slices.Contains(words, string(c)) {
			v.add(wordStart+string(c), 0, tokenNormal)
		}
		v.add(string(c), 0, tokenNormal)
	}
	v.set(f, "bert")
	f.Set("tokenizer.ggml.token_type_count", uint32(2))
	f.Set("tokenizer.ggml.padding_token_id", control["[PAD]"])
	f.Set("tokenizer.ggml.unknown_token_id", control["[UNK]"])
	f.Set("tokenizer.ggml.bos_token_id", control["[CLS]"])
	f.Set("tokenizer.ggml.cls_token_id", control["[CLS]"])
	f.Set("tokenizer.ggml.seperator_token_id", control["[SEP]"]) // sic
	f.Set("tokenizer.ggml.mask_token_id", control["[MASK]"])
	return len(v.tokens)
}

// unigram is a vocabulary for T5-like models.
func unigram(f *File) int {
	var v vocabulary
	v.add("<pad>", 0, tokenControl)
	v.add("</s>", 0, tokenControl)
	v.add("<unk>", 0, tokenUnknown)
	for _, word := range words {
		v.add(wordStart+word, -3, tokenNormal)
	}
	v.add(wordStart, -5, tokenNormal)
	for _, c := range letters {
		v.add(string(c), -8, tokenNormal)
	}
	v.set(f, "t5")
	f.Set("tokenizer.ggml.padding_token_id", uint32(0))
	f.Set("tokenizer.ggml.eos_token_id", uint32(1))
	f.Set("tokenizer.ggml.unknown_token_id", uint32(2))
	f.Set("tokenizer.ggml.add_bos_token", false)
	f.Set("tokenizer.ggml.add_eos_token", true)
	f.Set("tokenizer.ggml.add_space_prefix", true)
	return len(v.tokens)
}
