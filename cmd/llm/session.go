package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/seed-f87006eb/llm"
)

// session is a model with what was said to it.
type session struct {
	*app
	model    *llm.Model
	options  []llm.RequestOption
	raw      bool
	messages []llm.Message
	printer  printer
}

// start answers the prompt, or, when there is none, converses.
func (s *session) start(system, prompt string) error {
	if !s.raw && !s.model.Info().ChatTemplate {
		if system != "" {
			return fmt.Errorf("%w, so it takes no system prompt; leave out -sys, or give a template with --chat-template-file", llm.ErrNoTemplate)
		}
		fmt.Fprintln(s.err, "llm: the model has no chat template: the prompt is completed as it is, as with --no-chat")
		s.raw = true
	}
	if system != "" {
		s.messages = append(s.messages, llm.System(system))
	}
	if err := s.printer.opened(s.model.Info()); err != nil {
		return err
	}
	if prompt != "" {
		return s.answer(prompt)
	}
	return s.converse()
}

// answer prints the reply to one prompt. Ctrl-C stops it.
func (s *session) answer(prompt string) error {
	ctx, release := interruptible()
	defer release()
	replies := s.model.Generate(ctx, prompt, s.options...)
	if !s.raw {
		s.messages = append(s.messages, llm.User(prompt))
		replies = s.model.Chat(ctx, s.messages, s.options...)
	}
	var text strings.Builder
	for ev, err := range replies {
		if err != nil {
			return s.explain(errors.Join(s.printer.end(), err))
		}
		if ev.Kind == llm.KindText {
			text.WriteString(ev.Text)
		}
		if err := s.printer.event(ev); err != nil {
			return err
		}
	}
	if !s.raw {
		s.messages = append(s.messages, llm.Assistant(text.String()))
	}
	return s.printer.end()
}

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

// converse answers line after line until the end of input.
func (s *session) converse() error {
	in := bufio.NewReader(s.in)
	fmt.Fprintln(s.err, "Ctrl-C stops a reply, Ctrl-D ends the conversation.")
	for {
		fmt.Fprint(s.err, ">>> ")
		line, err := in.ReadString('\n')
		if line = strings.TrimSpace(line); line != "" {
			if err := s.turn(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			fmt.Fprintln(s.err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the prompt: %w", err)
		}
	}
}

// turn answers one line of a conversation. What can be said better, or was stopped
// with Ctrl-C, is taken back and does not end it.
func (s *session) turn(line string) error {
	before := len(s.messages)
	err := s.answer(line)
	var interrupted errInterrupted
	var overflow *llm.ErrContextFull
	switch {
	case err == nil:
		return nil
	case errors.As(err, &interrupted) && interrupted.isCtrlC():
	case errors.As(err, &overflow), errors.Is(err, llm.ErrRequest):
		fmt.Fprintf(s.err, "llm: %s\n", oneLine(err))
	default:
		return err
	}
	s.messages = s.messages[:before]
	return nil
}
