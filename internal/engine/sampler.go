package engine

import (
	"math/rand/v2"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// Sampler chooses tokens. The logits are borrowed and must not be written to.
type Sampler interface {
	Sample(logits []float32) (llama.Token, error)
	Accept(token llama.Token, generated bool) error
	Constrain(grammar, text string) error
	Close() error
}

// newSampler makes the engine's own chain and lets it see as much of the prompt as
// its penalties look back, which is the context of size tokens at most.
func newSampler(m *llama.Model, s chat.Sampling, prompt []llama.Token, size int) (Sampler, error) {
	if s.RepeatLast < 0 || s.RepeatLast > size {
		s.RepeatLast = size
	}
	for s.Seed == chat.RandomSeed {
		s.Seed = rand.Uint32()
	}
	smpl, err := m.NewSampler(llama.SamplerParams{
		Seed: s.Seed, Temperature: float32(s.Temperature), TopK: s.TopK, TopP: float32(s.TopP), MinP: float32(s.MinP),
		TypicalP: float32(s.TypicalP), PenaltyLast: s.RepeatLast, RepeatPenalty: float32(s.RepeatPenalty),
		FrequencyPenalty: float32(s.FrequencyPenalty), PresencePenalty: float32(s.PresencePenalty),
	})
	if err != nil {
		return nil, err
	}
	for _, t := range prompt[max(0, len(prompt)-s.RepeatLast):] {
		if err := smpl.Accept(t, false); err != nil {
			smpl.Close()
			return nil, err
		}
	}
	return smpl, nil
}
