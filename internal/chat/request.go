package chat

import "encoding/json"

// Role is who says a message.
type Role string

// The roles that templates know.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
	ToolRole  Role = "tool"
)

// Message is one turn of a conversation.
type Message struct {
	Role      Role
	Content   string
	Reasoning string // what an assistant thought before it answered
	// ToolCalls are what an assistant asked for; ToolCallID says which of them a
	// message of role tool answers.
	ToolCalls  []ToolCall
	ToolCallID string
}

// Tool is a function that the model may ask for.
type Tool struct {
	Name        string
	Description string
	Parameters  json.RawMessage // JSON schema of the arguments; empty: none
}

// ToolCall is a request of the model to call a tool.
type ToolCall struct {
	ID        string
	Name      string
	Arguments string // JSON text
}

// ToolChoice says whether the model may, must or must not call tools.
type ToolChoice string

// The choices.
const (
	ToolAuto     ToolChoice = "auto"
	ToolRequired ToolChoice = "required"
	ToolNone     ToolChoice = "none"
)

var toolChoices = []ToolChoice{ToolAuto, ToolRequired, ToolNone}

// MaxLogprobs bounds Request.Logprobs.
const MaxLogprobs = 1000

// Request asks for one reply: to Messages, or, when there are none, the
// continuation of Prompt.
type Request struct {
	Prompt   string
	Messages []Message

	Tools      []Tool
	ToolChoice ToolChoice // empty: auto
	NoThinking bool       // ask a reasoning model not to reason

	// Grammar (GBNF, with a rule "root") or Schema (a JSON schema) is what the reply
	// must match; one of them at most. A reply that ends at MaxTokens or with a full
	// context may be incomplete: see its Stop.
	Grammar string
	Schema  json.RawMessage
	// Logprobs is for how many of the likeliest tokens each KindToken event carries
	// log-probabilities; negative: of the generated token only, 0: no such events.
	Logprobs int
	// Adapters are applied while this request is served, from those the model was
	// opened with; nil: as the model was opened.
	Adapters []Adapter

	MaxTokens int      // tokens to generate at most; 0 or less: until the context is full
	Stop      []string // the reply ends before the first of these
	IgnoreEOG bool     // go on after end-of-generation tokens
	// NoReuse evaluates the whole prompt, even what is in memory from an earlier
	// request. Batches of other sizes round differently: only a prompt that is
	// evaluated as a whole gives the very same logits each time.
	NoReuse  bool
	Sampling Sampling
	Overflow Overflow
	// Keep is how many tokens at the start survive when something must be dropped.
	// Negative: BOS and the leading system message.
	Keep int
}

// Adapter is a LoRA adapter or a control vector that was loaded with the model.
type Adapter struct {
	Path  string
	Scale float64 // 1: as trained; 0: off
}

// Overflow says what happens when a conversation does not fit the context. Nothing
// is ever dropped without a Dropped event.
type Overflow string

// The policies.
const (
	// OverflowError refuses a prompt that is too long, and ends a reply that
	// fills the context (StopContextFull).
	OverflowError Overflow = "error"
	// OverflowShift drops the oldest tokens after the kept ones: of a prompt that
	// is too long, and, half of them at a time, when a reply fills the context.
	OverflowShift Overflow = "shift"
	// OverflowTruncateMiddle drops the middle of a prompt that is too long, and
	// ends a reply that fills the context.
	OverflowTruncateMiddle Overflow = "truncate-middle"
)

// Overflows lists the policies.
var Overflows = []Overflow{OverflowError, OverflowShift, OverflowTruncateMiddle}
