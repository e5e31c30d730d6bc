package engine

import "github.com/seed-f87006eb/llm/llama"

// Tokenize splits text. addSpecial adds BOS and EOS where the model wants them;
// parseSpecial reads control tokens in the text as such.
func (e *Engine) Tokenize(text string, addSpecial, parseSpecial bool) (tokens []llama.Token, err error) {
	err = e.use(func() error {
		tokens, err = e.model.Tokenize(text, addSpecial, parseSpecial)
		return err
	})
	return tokens, err
}

// Detokenize is the text of tokens, control tokens included.
func (e *Engine) Detokenize(tokens []llama.Token) (text string, err error) {
	err = e.use(func() error {
		text, err = e.model.Detokenize(tokens)
		return err
	})
	return text, err
}

// Piece is the text of one token, control tokens included. It may be a part of a
// UTF-8 character.
func (e *Engine) Piece(token llama.Token) (piece []byte, err error) {
	err = e.use(func() error {
		piece, err = e.model.AppendPiece(nil, token, true)
		return err
	})
	return piece, err
}
