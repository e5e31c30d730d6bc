package engine

import (
	"context"
	"sync"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// Tokenizer is a model as far as its vocabulary goes. Its methods may be called
// from any goroutine.
type Tokenizer struct {
	model *llama.Model

	life   sync.RWMutex // held for reading while a caller uses the model
	closed bool
}

// OpenTokenizer loads the vocabulary of the model at path, and no weights.
func OpenTokenizer(ctx context.Context, path string) (*Tokenizer, error) {
	if _, err := CheckModel(path, false, nil); err != nil {
		return nil, err
	}
	model, err := loadModel(ctx, path, nil, llama.ModelParams{VocabOnly: true, LoadMode: llama.LoadAuto})
	if err != nil {
		return nil, err
	}
	return &Tokenizer{model: model}, nil
}

// Close frees the vocabulary.
func (t *Tokenizer) Close() error {
	t.shut()
	t.life.Lock() // after the last caller that still uses the model
	defer t.life.Unlock()
	return t.model.Close()
}

// shut refuses new callers.
func (t *Tokenizer) shut() {
	t.life.Lock()
	defer t.life.Unlock()
	t.closed = true
}

// use runs f while the model cannot be closed.
func (t *Tokenizer) use(f func() error) error {
	t.life.RLock()
	defer t.life.RUnlock()
	if t.closed {
		return chat.ErrClosed
	}
	return f()
}

// Tokenize splits text. addSpecial adds BOS and EOS where the model wants them;
// parseSpecial reads control tokens in the text as such.
func (t *Tokenizer) Tokenize(text string, addSpecial, parseSpecial bool) (tokens []llama.Token, err error) {
	err = t.use(func() error {
		tokens, err = t.model.Tokenize(text, addSpecial, parseSpecial)
		return err
	})
	return tokens, err
}

// Detokenize is the text of tokens, control tokens included.
func (t *Tokenizer) Detokenize(tokens []llama.Token) (text string, err error) {
	err = t.use(func() error {
		text, err = t.model.Detokenize(tokens)
		return err
	})
	return text, err
}

// Piece is the bytes of one token, control tokens included: perhaps a part of a
// UTF-8 character.
func (t *Tokenizer) Piece(token llama.Token) (piece []byte, err error) {
	err = t.use(func() error {
		piece, err = t.model.AppendPiece(nil, token, true)
		return err
	})
	return piece, err
}
