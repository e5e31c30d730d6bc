package engine

import (
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// logprobs remembers the likelihood of a token until its event is made.
type logprobs struct {
	own  float32
	top  []llama.Token
	tops []float32
}

// measure is called while the logits are still there.
func (l *logprobs) measure(logits []float32, token llama.Token, n int) (err error) {
	if n = min(max(n, 0), len(logits)); len(l.top) != n {
		l.top, l.tops = make([]llama.Token, n), make([]float32, n)
	}
	l.own, err = llama.Logprobs(logits, token, l.top, l.tops)
	return err
}

func (l *logprobs) event(m *llama.Model, token llama.Token) (chat.Event, error) {
	own, err := tokenLogprob(m, token, l.own)
	if err != nil {
		return chat.Event{}, err
	}
	for i, t := range l.top {
		top, err := tokenLogprob(m, t, l.tops[i])
		if err != nil {
			return chat.Event{}, err
		}
		own.Top = append(own.Top, top)
	}
	return chat.Event{Kind: chat.KindToken, Token: &own}, nil
}

func tokenLogprob(m *llama.Model, token llama.Token, logprob float32) (chat.TokenLogprob, error) {
	text, err := m.AppendPiece(nil, token, true)
	return chat.TokenLogprob{ID: int32(token), Text: text, Logprob: float64(logprob)}, err
}
