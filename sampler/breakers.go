package sampler

import (
	"bytes"
	"slices"
)

// Bytes of a breaker, and tokens behind its first one, that count at most
// (llama_sampler_init_dry, src/llama-sampler.cpp@v0.5.0).
const (
	maxBreaker     = 40
	maxBreakerTail = 20
)

// DRYBreakers are the sequences of tokens in which texts can appear: each token that has
// one, and each that ends with its beginning, with the tokens of what is missing
// (get_overlapping_token_sequences, src/llama-sampler.cpp@v0.5.0). It goes through the
// vocabulary once for each text.
func DRYBreakers(v Vocabulary, texts []string) (breakers [][]int32) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		b := []byte(text)[:min(len(text), maxBreaker)]
		for token := range int32(v.Tokens()) {
			breakers = appendBreakers(breakers, v, token, b)
		}
	}
	return breakers
}

func appendBreakers(breakers [][]int32, v Vocabulary, token int32, text []byte) [][]int32 {
	word := v.Detokenize(token)
	if bytes.Contains(word, text) {
		return append(breakers, []int32{token})
	}
	first := len(breakers)
	for i := range word {
		end := word[i:]
		if len(end) >= len(text) || !bytes.HasPrefix(text, end) {
			continue
		}
		tail := v.Tokenize(string(text[len(end):]))
		sequence := append([]int32{token}, tail[:min(len(tail), maxBreakerTail)]...)
		if !slices.ContainsFunc(breakers[first:], func(b []int32) bool { return slices.Equal(b, sequence) }) {
			breakers = append(breakers, sequence)
		}
	}
	return breakers
}
