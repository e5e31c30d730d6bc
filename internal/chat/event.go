package chat

import (
	"fmt"
	"time"
)

// Kind says which part of an Event is filled.
type Kind int

// The kinds of events, in the order in which they can come: any number of the
// first five, then one Usage, then one Stop.
const (
	KindText      Kind = iota + 1 // Text: part of the answer
	KindReasoning                 // Text: part of what the model thinks
	KindToolCall                  // ToolCall: a fragment of a call
	KindDropped                   // Dropped: tokens left out of the context
	KindToken                     // Token: a generated token, where Request.Logprobs asks for them
	KindUsage                     // Usage
	KindStop                      // Stop
)

// String is the kind's name in JSON output.
func (k Kind) String() string {
	switch k {
	case KindText:
		return "text"
	case KindReasoning:
		return "reasoning"
	case KindToolCall:
		return "tool_call"
	case KindDropped:
		return "dropped"
	case KindToken:
		return "token"
	case KindUsage:
		return "usage"
	case KindStop:
		return "stop"
	}
	return "unknown"
}

// Event is one step of a reply. Text is always whole UTF-8 characters.
type Event struct {
	Kind     Kind
	Text     string
	ToolCall *ToolCallFragment
	Dropped  *Dropped
	Token    *TokenLogprob
	Usage    *Usage
	Stop     *Stop
}

// ToolCallFragment is a part of a tool call: ID and Name come once, Arguments in
// fragments that concatenate to JSON text.
type ToolCallFragment struct {
	Index     int // which call of the reply
	ID        string
	Name      string
	Arguments string
}

// TokenLogprob is a token that was generated, with its likelihood before sampling:
// natural logarithms of the softmax over the whole vocabulary.
type TokenLogprob struct {
	ID      int32
	Text    []byte // perhaps part of a UTF-8 character; control tokens as written
	Logprob float64
	Top     []TokenLogprob // the likeliest tokens, best first; their Top is empty
	Steps   []Step         // of the sampler, for this token
}

// Step is a step of the sampler: how many candidates it found, and how many it left.
type Step struct {
	Name          string
	Before, After int
}

// Dropped reports tokens that were left out: [From, To) of the conversation as it
// was then.
type Dropped struct {
	From, To int
	Policy   Overflow
}

// Usage is what a reply took.
type Usage struct {
	PromptTokens     int // of the prompt as evaluated
	CachedTokens     int // of these, found in memory from an earlier request
	CompletionTokens int // tokens generated, end-of-generation token not counted
	DroppedTokens    int
	ContextSize      int // tokens

	Queued     time.Duration // until the engine began
	Prompt     time.Duration // evaluating the prompt
	FirstToken time.Duration // from the beginning of the request to the first token
	Generation time.Duration // all tokens after the first

	SampledTokens int    // also the one that ended the text
	Steps         []Step // of the sampler, summed over these
}

// StopReason is why a reply ended.
type StopReason string

// The reasons.
const (
	StopEnd         StopReason = "end"          // the model ended it
	StopLength      StopReason = "length"       // MaxTokens
	StopSequence    StopReason = "stop"         // one of Request.Stop
	StopCanceled    StopReason = "canceled"     // the context was cancelled
	StopContextFull StopReason = "context-full" // no room for another token
)

// Stop is why a reply ended.
type Stop struct {
	Reason   StopReason
	Sequence string // the stop string that was found
}

func (s *Stop) String() string {
	if s.Sequence == "" {
		return string(s.Reason)
	}
	return fmt.Sprintf("%s %q", s.Reason, s.Sequence)
}
