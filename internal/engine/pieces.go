package engine

import "github.com/seed-f87006eb/llm/llama"

// pieces remembers the tokens that were generated, so that a token seen before does
// not cost calls into C: after each of them the Go runtime may take a processor from
// the compute threads. It is the owner's and grows to the vocabulary at most.
type pieces map[llama.Token]piece

// piece is what generation needs to know of a token.
type piece struct {
	text []byte // empty for control tokens
	eog  bool   // ends a generation
}

func (p pieces) of(m *llama.Model, token llama.Token) (piece, error) {
	if known, ok := p[token]; ok {
		return known, nil
	}
	text, err := m.AppendPiece(nil, token, false)
	if err != nil {
		return piece{}, err
	}
	p[token] = piece{text: text, eog: m.IsEOG(token)}
	return p[token], nil
}
