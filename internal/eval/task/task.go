package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Message is one turn of a conversation.
type Message struct {
	Role    string // "system", "user" or "assistant"
	Content string
}

// Prompt is what is asked: Messages for a model with a chat template, or else Text to be
// continued.
type Prompt struct {
	Messages  []Message
	Text      string
	MaxTokens int
	Schema    json.RawMessage // what the answer must be, where the engine can hold it to that; nil: anything
	Stop      []string        // where an answer ends, not part of it
}

// Answerer is a model that answers prompts greedily: the same answer to the same prompt. It
// is used by one goroutine at a time.
type Answerer interface {
	Answer(ctx context.Context, p Prompt) (string, error)
}

// Kind says what a case asks for.
type Kind string

// The generated kinds, and that of a user's own cases.
const (
	Arithmetic  Kind = "arithmetic"
	Copy        Kind = "copy"
	Reverse     Kind = "reverse"
	Extract     Kind = "extract"
	Variables   Kind = "variables"
	Needle      Kind = "needle"
	MultiNeedle Kind = "multi-needle"
	Instruction Kind = "instruction"
	Suite       Kind = "suite"
)

// Kinds are the generated kinds, in the order in which they are reported.
func Kinds() []Kind {
	return []Kind{Arithmetic, Copy, Reverse, Extract, Variables, Instruction, Needle, MultiNeedle}
}

// Case is one question whose answer can be checked.
type Case struct {
	ID     string
	Kind   Kind
	Rung   int // of the ladder of difficulty, from 1; 0: no ladder
	Length int // tokens that the prompt may have at most; 0: not a case of length
	Prompt Prompt
	Check  Check
}

// Digest identifies cases with their prompts and what is expected: outcomes can be compared, or
// a run go on, where it is the same.
func Digest(cases []Case) string {
	h := sha256.New()
	for i := range cases {
		c := &cases[i]
		fmt.Fprintf(h, "%q %q %d %d %d %q %q %q\n", c.ID, c.Kind, c.Rung, c.Length, c.Prompt.MaxTokens, c.Prompt.text(), c.Prompt.Schema, c.Prompt.Stop)
		for _, m := range c.Prompt.Messages {
			fmt.Fprintf(h, "%q ", m)
		}
		fmt.Fprintf(h, "%s\n", c.Check.rule())
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Outcome is what came of a case.
type Outcome struct {
	ID      string  `json:"id"`
	Kind    Kind    `json:"kind"`
	Rung    int     `json:"rung,omitempty"`
	Length  int     `json:"length,omitempty"` // tokens
	Right   bool    `json:"right"`
	Why     string  `json:"why,omitempty"` // why it is wrong
	Answer  string  `json:"answer"`
	Seconds float64 `json:"seconds"`
}

// Run has a model answer cases in their order and hands each outcome to done, whose error
// ends the run, as does an error of the model; the error says at which case. Outcomes that
// were handed out before an error are good: a run can go on with the cases behind them.
func Run(ctx context.Context, a Answerer, cases []Case, done func(Outcome) error) error {
	for i := range cases {
		c := &cases[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		answer, err := a.Answer(ctx, c.Prompt)
		if err != nil {
			return fmt.Errorf("case %s: %w", c.ID, err)
		}
		o := Outcome{ID: c.ID, Kind: c.Kind, Rung: c.Rung, Length: c.Length, Answer: answer, Seconds: time.Since(began).Seconds()}
		o.Why = c.Check.Wrong(answer)
		o.Right = o.Why == ""
		if err := done(o); err != nil {
			return fmt.Errorf("case %s: %w", c.ID, err)
		}
	}
	return nil
}
