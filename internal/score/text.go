package score

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/llama"
)

// bos is what stands first in each window: BOS where the model wants it in front of a
// text, as in llama-perplexity (tools/perplexity/perplexity.cpp@v0.5.0); negative:
// nothing.
func (m *Model) bos() int32 {
	if m.info.AddBOS && m.info.BOS != llama.NoToken {
		return int32(m.info.BOS)
	}
	return -1
}

// Text cuts a text into windows: tokenized in one piece, control tokens in it being plain
// text, as llama-perplexity does. eval.ErrShort.
func (m *Model) Text(text string) (*eval.Text, error) {
	tokens, err := m.tokenize(text, false)
	if err != nil {
		return nil, err
	}
	return eval.NewText(tokens, m.window, m.bos())
}

// tokenize leaves out the end token that some models want behind a text: a window is the
// middle of one.
func (m *Model) tokenize(text string, special bool) ([]int32, error) {
	tokens, err := m.model.Tokenize(text, true, special)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.path, err)
	}
	if n := len(tokens); m.info.AddEOS && n > 0 && tokens[n-1] == m.info.EOS {
		tokens = tokens[:n-1]
	}
	ids := make([]int32, len(tokens))
	for i, t := range tokens {
		ids[i] = int32(t)
	}
	return ids, nil
}

// Prompts cuts a user's prompts into windows: one after the other, each as the model would
// get it, conversations rendered with its template. eval.ErrShort.
func (m *Model) Prompts(prompts []eval.Prompt) (*eval.Text, error) {
	var templates *llama.ChatTemplates
	if slices.ContainsFunc(prompts, func(p eval.Prompt) bool { return p.Chat != nil }) {
		var err error
		if templates, err = m.model.NewChatTemplates(m.options.Engine.ChatTemplate); err != nil {
			if errors.Is(err, llama.ErrInvalid) {
				return nil, fmt.Errorf("%s has no chat template: give prompts as text instead of messages", m.path)
			}
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		defer templates.Close()
	}
	var all []int32
	for i, p := range prompts {
		text := p.Text
		if p.Chat != nil {
			rendered, err := templates.Apply(p.Chat)
			if err != nil {
				return nil, fmt.Errorf("prompt %d: %w", i+1, err)
			}
			text = rendered.Text
		}
		tokens, err := m.tokenize(text, true)
		if err != nil {
			return nil, fmt.Errorf("prompt %d: %w", i+1, err)
		}
		all = append(all, tokens...)
	}
	return eval.NewText(all, m.window, m.bos())
}

// Compare makes a group of a reference and levels, whose vocabularies must be the same.
// reference nil: perplexity alone, of models that need not be alike.
func Compare(reference *Model, levels []*Model, workers int) (*eval.Group, error) {
	scorers := make([]eval.Scorer, len(levels))
	for i, l := range levels {
		if l == reference || slices.Contains(levels[:i], l) {
			return nil, fmt.Errorf("compare %s with itself: a model holds one window; open it twice", l.path)
		}
		if reference != nil {
			if err := reference.vocabulary.Same(l.vocabulary); err != nil {
				return nil, fmt.Errorf("compare %s with %s: %w", l.path, reference.path, err)
			}
		}
		scorers[i] = l
	}
	if reference == nil {
		return eval.NewGroup(nil, scorers, workers)
	}
	return eval.NewGroup(reference, scorers, workers)
}
