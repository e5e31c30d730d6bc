package eval

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/seed-f87006eb/llm/gguf"
)

// ErrVocabulary: two models do not speak of the same tokens, so that their distributions
// cannot be compared.
var ErrVocabulary = errors.New("the vocabularies differ")

// Vocabulary are the texts of a model's tokens, in the order of their numbers.
type Vocabulary struct {
	Tokens int
	Hash   string // sha256 of the texts with their lengths
	texts  *gguf.Strings
}

// VocabularyOf reads the vocabulary in a header.
func VocabularyOf(f *gguf.File) (Vocabulary, error) {
	value, ok := f.Lookup("tokenizer.ggml.tokens")
	if !ok {
		return Vocabulary{}, errors.New("the file has no vocabulary (tokenizer.ggml.tokens)")
	}
	texts, err := value.Strings()
	if err != nil {
		return Vocabulary{}, fmt.Errorf("vocabulary: %w", err)
	}
	h := sha256.New()
	var length [8]byte
	for _, s := range texts.All() {
		binary.LittleEndian.PutUint64(length[:], uint64(len(s)))
		h.Write(length[:])
		h.Write([]byte(s))
	}
	return Vocabulary{Tokens: value.Len(), Hash: hex.EncodeToString(h.Sum(nil)), texts: texts}, nil
}

// Same is nil where both have the same tokens, else ErrVocabulary with the reason.
func (v Vocabulary) Same(other Vocabulary) error {
	switch {
	case v.Hash == other.Hash:
		return nil
	case v.Tokens != other.Tokens:
		return fmt.Errorf("%w: one has %d tokens, the other %d; a divergence is between distributions over the same tokens, compare levels of one model", ErrVocabulary, v.Tokens, other.Tokens)
	}
	for i, s := range v.texts.All() {
		if o := other.texts.At(i); o != s {
			return fmt.Errorf("%w: token %d is %s in one and %s in the other; a divergence is between distributions over the same tokens, compare levels of one model", ErrVocabulary, i, gguf.Quote(s), gguf.Quote(o))
		}
	}
	return ErrVocabulary
}
