package main

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/seed-f87006eb/llm"
)

// chatModel is what a session needs of a model.
type chatModel interface {
	Info() llm.Info
	Chat(context.Context, []llm.Message, ...llm.RequestOption) iter.Seq2[llm.Event, error]
	Generate(context.Context, string, ...llm.RequestOption) iter.Seq2[llm.Event, error]
	SaveState(ctx context.Context, path string, note []byte) error
	LoadState(ctx context.Context, path string) ([]byte, error)
}

// session is a model with what was said to it.
type session struct {
	*app
	model    chatModel
	printer  printer
	raw      bool                // no chat template
	fixed    []llm.RequestOption // what no command changes
	settings settings
	chat     conversation
	noteOf   func(path string) ([]byte, error) // llm.ReadStateNote
}

// checkTemplate goes on without a chat template where the model has none.
func (s *session) checkTemplate() error {
	if s.raw || s.model.Info().ChatTemplate {
		return nil
	}
	if problem := s.model.Info().ChatTemplateProblem; problem != "" {
		return fmt.Errorf("the model's own chat template cannot be used: %s; give another with --chat-template-file, or complete the prompt as it is with --no-chat", problem)
	}
	if s.chat.system != "" {
		return fmt.Errorf("%w, so it takes no system prompt; leave out -sys, or give a template with --chat-template-file", llm.ErrNoTemplate)
	}
	fmt.Fprintln(s.err, "llm: the model has no chat template: the prompt is completed as it is, as with --no-chat")
	s.raw = true
	return nil
}

// answerOne prints the reply to one prompt. Ctrl-C stops it.
func (s *session) answerOne(prompt string) error {
	ctx, release := interruptible()
	defer release()
	return s.ask(ctx, prompt)
}

// ask prints the reply to a prompt. What came is in the conversation even when it
// was stopped; when nothing came, neither is the prompt.
func (s *session) ask(ctx context.Context, prompt string, more ...llm.RequestOption) error {
	options := append(append(s.settings.options(), s.fixed...), more...)
	s.chat.last = prompt
	var replies iter.Seq2[llm.Event, error]
	if s.raw {
		replies = s.model.Generate(ctx, prompt, options...)
	} else {
		replies = s.model.Chat(ctx, s.chat.with(prompt), options...)
	}
	r, err := s.show(replies)
	if !s.raw && (err == nil || r.text != "") {
		s.chat.add(prompt, r)
	}
	return s.explain(err)
}

// show prints a reply.
func (s *session) show(replies iter.Seq2[llm.Event, error]) (r reply, err error) {
	s.printer.begin(s.settings.think)
	for ev, err := range replies {
		if err != nil {
			return r, errors.Join(s.printer.end(), err)
		}
		switch ev.Kind {
		case llm.KindText:
			r.text += ev.Text
		case llm.KindReasoning:
			r.reasoning += ev.Text
		case llm.KindUsage:
			s.chat.used = ev.Usage.PromptTokens + ev.Usage.CompletionTokens
		}
		if err := s.printer.event(ev); err != nil {
			return r, writeError{err}
		}
	}
	if err := s.printer.end(); err != nil {
		return r, writeError{err}
	}
	return r, nil
}

// writeError is a failure of standard output, not of the model.
type writeError struct{ err error }

func (e writeError) Error() string { return e.err.Error() }
func (e writeError) Unwrap() error { return e.err }

// explain adds the remedy to errors that have one on the command line.
func (s *session) explain(err error) error {
	var overflow *llm.ErrContextFull
	switch {
	case errors.As(err, &overflow):
		return fmt.Errorf("%w; give a larger context (-c %d, the model was trained on %d), a shorter prompt, or --context-policy shift or truncate-middle",
			err, overflow.Need, s.model.Info().Model.ContextTrain)
	case errors.Is(err, llm.ErrRequest):
		return usageError{err}
	}
	return err
}
