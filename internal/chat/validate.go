package chat

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Validate checks a request before anything is spent on it. Its errors are
// ErrRequest.
func (r *Request) Validate() error {
	if err := r.validateTexts(); err != nil {
		return err
	}
	switch {
	case r.Prompt != "" && len(r.Messages) > 0:
		return fmt.Errorf("%w: both a prompt and messages; give one", ErrRequest)
	case r.Overflow != "" && !slices.Contains(Overflows, r.Overflow):
		return fmt.Errorf("%w: context policy %q; use one of %v", ErrRequest, r.Overflow, Overflows)
	case r.ToolChoice == ToolRequired && len(r.Tools) == 0:
		return fmt.Errorf("%w: a tool call is required, and there are no tools", ErrRequest)
	case r.ToolChoice != "" && !slices.Contains(toolChoices, r.ToolChoice):
		return fmt.Errorf("%w: tool choice %q; use one of %v", ErrRequest, r.ToolChoice, toolChoices)
	case r.Logprobs > MaxLogprobs:
		return fmt.Errorf("%w: log-probabilities of %d tokens; the limit is %d", ErrRequest, r.Logprobs, MaxLogprobs)
	case slices.Contains(r.Stop, ""):
		return fmt.Errorf("%w: an empty stop string", ErrRequest)
	}
	if err := r.validateConstraint(); err != nil {
		return err
	}
	return r.Sampling.validate()
}

// validateConstraint checks what a reply must match, and what acts on it.
func (r *Request) validateConstraint() error {
	constraints := 0
	for _, on := range []bool{r.Grammar != "", len(r.Schema) > 0, len(r.Tools) > 0 && r.ToolChoice != ToolNone} {
		if on {
			constraints++
		}
	}
	switch {
	case constraints > 1:
		return fmt.Errorf("%w: more than one of a grammar, a schema and tools; give one", ErrRequest)
	case r.IgnoreEOG && (r.Grammar != "" || len(r.Schema) > 0 || r.ToolChoice == ToolRequired):
		return fmt.Errorf("%w: a reply that must match something cannot go on after its end", ErrRequest)
	}
	for _, a := range r.Adapters {
		if math.IsNaN(a.Scale) || math.IsInf(a.Scale, 0) {
			return fmt.Errorf("%w: the scale of adapter %s is not a finite number", ErrRequest, a.Path)
		}
	}
	return checkTexts("grammar", r.Grammar, string(r.Schema))
}

func (r *Request) validateTexts() error {
	if err := checkText("prompt", r.Prompt); err != nil {
		return err
	}
	for i, m := range r.Messages {
		if m.Role == "" {
			return fmt.Errorf("%w: message %d has no role", ErrRequest, i+1)
		}
		texts := []string{m.Content, m.Reasoning, m.ToolCallID}
		for _, c := range m.ToolCalls {
			texts = append(texts, c.ID, c.Name, c.Arguments)
		}
		if err := checkTexts(fmt.Sprintf("message %d", i+1), texts...); err != nil {
			return err
		}
	}
	for _, tool := range r.Tools {
		if err := checkTexts("tool", tool.Name, tool.Description, string(tool.Parameters)); err != nil {
			return err
		}
	}
	return checkTexts("stop string", r.Stop...)
}

func checkTexts(what string, texts ...string) error {
	for _, text := range texts {
		if err := checkText(what, text); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses what no tokenizer can be trusted with: bytes that are not
// UTF-8, and NUL, which ends a text for many of them.
func checkText(what, s string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return &TextError{What: what, Reason: "it contains a NUL character", Offset: i}
	}
	if utf8.ValidString(s) {
		return nil
	}
	for i, c := range s {
		if c == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return &TextError{What: what, Reason: "it is not valid UTF-8", Offset: i}
			}
		}
	}
	return nil
}
