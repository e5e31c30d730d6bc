package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval/task"
)

// Cases is of levels.Lab.
func (l *Lab) Cases(ctx context.Context) ([]task.Case, error) {
	if l.asked || l.Tasks <= 0 && l.Suite == "" {
		return l.cases, nil
	}
	form := task.Completion
	if _, ok := l.File.Lookup("tokenizer.chat_template"); ok {
		form = task.Chat
	}
	cases, err := l.generatedCases(ctx, form)
	if err != nil {
		return nil, err
	}
	if l.Suite != "" {
		f, err := os.Open(l.Suite)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		own, err := task.ReadSuite(f, form)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", l.Suite, err)
		}
		cases = append(cases, own...)
	}
	l.cases, l.asked = cases, true
	return cases, nil
}

func (l *Lab) generatedCases(ctx context.Context, form task.Form) (cases []task.Case, err error) {
	if l.Tasks <= 0 {
		return nil, nil
	}
	tokenizer, err := engine.OpenTokenizer(ctx, l.Model.Path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tokenizer.Close()) }()
	o := task.Options{Seed: l.Seed, Form: form, PerRung: l.Tasks, Count: func(text string) (int, error) {
		tokens, err := tokenizer.Tokenize(text, false, false)
		return len(tokens), err
	}}
	if l.Longest > 0 {
		o.Lengths = task.Lengths(l.Longest)
	}
	return task.Generate(o)
}

// contextOf is what the longest case needs: its prompt, a template's own words, and the answer.
func contextOf(cases []task.Case) int {
	const shortest, template = 2048, 256
	n := shortest
	for i := range cases {
		c := &cases[i]
		length := c.Length
		if length == 0 {
			length = len(c.Prompt.Text)
			for _, m := range c.Prompt.Messages {
				length += len(m.Content)
			}
		}
		n = max(n, length+template+c.Prompt.MaxTokens)
	}
	return n
}

// Answer is of levels.Lab.
func (l *Lab) Answer(ctx context.Context, t levels.Target, cases []task.Case, done func(task.Outcome) error) (err error) {
	if err := l.closeGroup(); err != nil {
		return err
	}
	size := contextOf(l.cases)
	if trained := l.trained(); trained > 0 {
		size = min(size, trained)
	}
	e, err := engine.Open(ctx, t.Path, l.engineOptions(t.KV, size))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return task.Run(ctx, greedy{e}, cases, done)
}

func (l *Lab) trained() int {
	h, err := l.File.Hyper()
	if err != nil {
		return 0
	}
	return h.Context
}

// greedy answers with the likeliest tokens.
type greedy struct{ engine *engine.Engine }

// Answer is of task.Answerer.
func (g greedy) Answer(ctx context.Context, p task.Prompt) (string, error) {
	r := chat.Request{Prompt: p.Text, MaxTokens: p.MaxTokens, Stop: p.Stop, Schema: p.Schema, NoThinking: true, Sampling: chat.DefaultSampling()}
	r.Sampling.Temperature = 0
	for _, m := range p.Messages {
		r.Messages = append(r.Messages, chat.Message{Role: chat.Role(m.Role), Content: m.Content})
	}
	var b strings.Builder
	for e, err := range g.engine.Generate(ctx, r) {
		if err != nil {
			return "", err
		}
		if e.Kind == chat.KindText {
			b.WriteString(e.Text)
		}
	}
	return b.String(), nil
}
