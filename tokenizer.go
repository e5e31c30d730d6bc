package llm

import (
	"context"

	"github.com/seed-f87006eb/llm/internal/engine"
)

// Tokenizer turns text into tokens and back. A Model is one; OpenTokenizer loads
// the vocabulary alone. Its methods may be called from any goroutine.
type Tokenizer struct{ engine tokenizer }

type tokenizer interface {
	Tokenize(text string, addSpecial, parseSpecial bool) ([]Token, error)
	Detokenize([]Token) (string, error)
	Piece(Token) ([]byte, error)
	Close() error
}

// OpenTokenizer loads the vocabulary of the GGUF file at path, and no weights. The
// caller must Close it.
func OpenTokenizer(path string) (*Tokenizer, error) {
	t, err := engine.OpenTokenizer(context.Background(), path)
	if err != nil {
		return nil, err
	}
	return &Tokenizer{t}, nil
}

// Close frees the vocabulary.
func (t *Tokenizer) Close() error { return t.engine.Close() }

// Tokenize splits text into tokens, without BOS or EOS; control tokens in the text
// are read as plain text.
func (t *Tokenizer) Tokenize(text string) ([]Token, error) {
	return t.engine.Tokenize(text, false, false)
}

// TokenizePrompt splits text as Generate does: with the special tokens that the
// model wants around it, and control tokens in the text read as such.
func (t *Tokenizer) TokenizePrompt(text string) ([]Token, error) {
	return t.engine.Tokenize(text, true, true)
}

// Detokenize is the text of tokens, control tokens included.
func (t *Tokenizer) Detokenize(tokens []Token) (string, error) { return t.engine.Detokenize(tokens) }

// Piece is the bytes of one token, which may be part of a UTF-8 character.
func (t *Tokenizer) Piece(token Token) ([]byte, error) { return t.engine.Piece(token) }
