package engine

import (
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

// logprobs remembers the likelihood of a token until its event is made.
type logprobs struct {
	own   float32
	top   []int32
	tops  []float32
	steps []chat.Step
}

// measure is called while the logits are still there.
func (l *logprobs) measure(c *sampler.Chain, logits []float32, token int32, n int) (err error) {
	l.steps = nil
	for _, s := range c.Trace() {
		l.steps = append(l.steps, chat.Step{Name: s.Step, Before: s.Before, After: s.After})
	}
	if n = min(max(n, 0), len(logits)); len(l.top) != n {
		l.top, l.tops = make([]int32, n), make([]float32, n)
	}
	l.own, err = c.Logprobs(logits, token, l.top, l.tops)
	return err
}

func (l *logprobs) event(m *llama.Model, token llama.Token) (chat.Event, error) {
	own, err := tokenLogprob(m, token, l.own)
	if err != nil {
		return chat.Event{}, err
	}
	own.Steps = l.steps
	for i, t := range l.top {
		top, err := tokenLogprob(m, llama.Token(t), l.tops[i])
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
