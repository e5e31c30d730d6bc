package pass

import (
	"fmt"

	"github.com/seed-f87006eb/llm/internal/score"
	"github.com/seed-f87006eb/llm/llama"
)

// findTokens cuts the text, or what the model generates, into chunks.
func (p *pass) findTokens(before *partial) error {
	if p.Text == "" {
		return p.findGenerated(before)
	}
	tokens, err := p.loaded.Model.Tokenize(p.Text, true, p.ParseSpecial)
	if err != nil {
		return err
	}
	all := len(tokens)
	tokens = tokens[min(p.Skip, len(tokens)/p.ChunkSize)*p.ChunkSize:]
	n := len(tokens) / p.ChunkSize
	if n == 0 && p.Skip > 0 {
		return fmt.Errorf("the text has %d tokens, and after the %d chunks of %d that are left out not another one is left: %w", all, p.Skip, p.ChunkSize, ErrText)
	}
	if n == 0 {
		return fmt.Errorf("the text has %d tokens, and a chunk takes %d; give a longer text, or smaller chunks: %w", all, p.ChunkSize, ErrText)
	}
	if p.Chunks > 0 {
		n = min(n, p.Chunks)
	}
	p.tokens = tokens[:n*p.ChunkSize]
	return nil
}

// findGenerated has the text generated, unless a pass before has. It is saved at once: it
// takes longer than reading it.
func (p *pass) findGenerated(before *partial) error {
	want := orDefault(p.Chunks, GeneratedChunks)
	if before != nil {
		for _, t := range before.tokens {
			if t < 0 || int(t) >= p.loaded.Model.Info().Vocab {
				return fmt.Errorf("%s: token %d is not in the vocabulary: %w", p.Output+PartialEnd, t, ErrResume)
			}
		}
		if len(before.tokens) != want*p.ChunkSize {
			return fmt.Errorf("%s: it has %d tokens of text, and %d chunks of %d take others: %w", p.Output+PartialEnd, len(before.tokens), want, p.ChunkSize, ErrResume)
		}
		p.tokens = before.tokens
		return nil
	}
	o := score.Options{Engine: p.loaded.Options, Window: p.ChunkSize}
	text, err := score.Generate(p.ctx, p.loaded.Model, p.loaded.Path, o, want, uint64(p.Seed), p.tellTokens)
	if err != nil {
		return fmt.Errorf("importance matrix: %w", err)
	}
	for _, t := range text.Tokens {
		p.tokens = append(p.tokens, llama.Token(t))
	}
	return nil
}

func (p *pass) tellTokens(done, total int) {
	if p.Progress != nil {
		p.Progress(Progress{Generating: true, Done: done, Total: total})
	}
}

// bosOf is what a text starts with: BOS where the model wants one, else nothing.
func bosOf(m *llama.Model) (llama.Token, bool) {
	info := m.Info()
	return info.BOS, info.AddBOS && info.BOS != llama.NoToken
}
