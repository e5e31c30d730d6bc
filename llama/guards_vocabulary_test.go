package llama_test

import (
	"math/rand/v2"
	"strings"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

var vocabularyGuards = map[string]guardCase{
	"the text of bad tokens": {llama.ErrInvalid, func(g *guarded) (errs []error) {
		for _, token := range g.badTokens() {
			for _, special := range []bool{false, true} {
				_, err := g.m.AppendPiece(nil, token, special)
				errs = append(errs, err)
			}
			_, one := g.m.Detokenize([]llama.Token{token})
			_, last := g.m.Detokenize([]llama.Token{300, 301, token})
			errs = append(errs, one, last)
			if g.m.IsEOG(token) || g.m.IsControl(token) {
				g.Errorf("token %d is special", token)
			}
		}
		return errs
	}},
	"the text of every token": {nil, func(g *guarded) (errs []error) {
		for _, m := range g.tinyModels() {
			var all []llama.Token
			for token := range llama.Token(m.Info().Vocab) {
				_, err := m.AppendPiece(nil, token, true)
				errs = append(errs, err)
				m.IsEOG(token)
				m.IsControl(token)
				all = append(all, token, token)
			}
			_, err := m.Detokenize(all)
			_, none := m.Detokenize(nil)
			errs = append(errs, err, none)
		}
		return errs
	}},
	"long texts": {nil, func(g *guarded) (errs []error) {
		for _, m := range g.tinyModels() {
			for _, text := range longTexts(1 << 20) {
				tokens, err := m.Tokenize(text, true, true)
				_, backErr := m.Detokenize(tokens)
				errs = append(errs, err, backErr)
			}
		}
		return errs
	}},
	"texts that are none": {nil, func(g *guarded) (errs []error) {
		for _, m := range g.tinyModels() {
			for _, text := range []string{"", "\x00", "a\x00b", "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xed\xa0\x80", "\xf8\x88\x80\x80\x80", "\u202e", "<s>", "</s>", "[CLS]", strings.Repeat("\xff", 5000)} {
				for _, special := range []bool{false, true} {
					_, err := m.Tokenize(text, special, special)
					errs = append(errs, err)
				}
			}
		}
		return errs
	}},
	"characters that the vocabulary does not have": {llama.ErrLimit, func(g *guarded) []error {
		_, err := g.m.Tokenize(strings.Repeat("\n", 600000), true, true)
		return []error{err}
	}},
	"a text full of control tokens": {llama.ErrLimit, func(g *guarded) []error {
		_, err := g.m.Tokenize(strings.Repeat("</s>", 100000), true, true)
		return []error{err}
	}},
}

// tinyModels have one kind of tokenizer each.
func (g *guarded) tinyModels() []*llama.Model {
	return []*llama.Model{g.m, g.model(testgguf.Encoder(1, testgguf.PoolingMean)), g.model(testgguf.EncoderDecoder(1))}
}

// longTexts have n bytes, and nothing at which a tokenizer could split them, or much of
// it.
func longTexts(n int) []string {
	random := rand.New(rand.NewPCG(1, 1))
	letters, noise := make([]byte, n), make([]byte, n)
	for i := range n {
		letters[i], noise[i] = byte('a'+random.IntN(26)), byte(random.Uint32())
	}
	return []string{strings.Repeat("a", n), strings.Repeat(" ", n), strings.Repeat("1", n), string(letters), strings.ToValidUTF8(string(noise[:n/4]), "é")}
}
