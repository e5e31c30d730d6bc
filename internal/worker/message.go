package worker

import (
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/oracle"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// magic and protocol begin every conversation, so that no other program is taken for
// a worker. Count protocol up when a message changes.
const (
	magic    = "llm-worker"
	protocol = 3
)

// hello is the child's first message.
type hello struct {
	Magic    string
	Protocol int
	Archive  string // of the engine, see llama.Archive
}

func ownHello() hello { return hello{magic, protocol, llama.Archive()} }

// request is what the parent sends: the number of a call, and what is asked. Text that
// need not be UTF-8 travels as bytes, because JSON would change it.
type request struct {
	ID         uint64
	Open       *openRequest       `json:",omitzero"`
	Generate   *generateRequest   `json:",omitzero"`
	Tokenize   *tokenizeRequest   `json:",omitzero"`
	Detokenize []llama.Token      `json:",omitzero"`
	Piece      *llama.Token       `json:",omitzero"`
	Embed      *chat.EmbedRequest `json:",omitzero"`
	Save       *stateRequest      `json:",omitzero"`
	Load       *stateRequest      `json:",omitzero"`
	Plan       *planRequest       `json:",omitzero"`
	Measure    *measureRequest    `json:",omitzero"`
	Close      bool               `json:",omitzero"`
	Cancel     *string            `json:",omitzero"` // stops call ID; the cause's words
}

type openRequest struct {
	Path        []byte
	Options     options
	MemoryLimit uint64
	Stall       time.Duration
}

// options are engine.Options without the function, which stays with the parent.
type options struct {
	engine.Options
	Progress bool // whether there is one
}

type tokenizeRequest struct {
	Text                     []byte
	AddSpecial, ParseSpecial bool
}

type stateRequest struct {
	Path []byte
	Note []byte
}

// planRequest makes the child one that plans for a model.
type planRequest struct {
	Header      *oracle.Header
	MemoryLimit uint64
	Stall       time.Duration
}

type measureRequest struct {
	Devices []plan.Device
	Request plan.Request
}

// reply is what the child sends. A call has any number of them; Done comes with the
// last.
type reply struct {
	ID         uint64        `json:",omitzero"`
	Hello      *hello        `json:",omitzero"`
	Beat       bool          `json:",omitzero"` // nothing but: the engine goes on
	Fraction   *float32      `json:",omitzero"` // of the model that is loaded
	Events     []event       `json:",omitzero"`
	Done       bool          `json:",omitzero"`
	Fault      *fault        `json:",omitzero"`
	Info       *engine.Info  `json:",omitzero"`
	Tokens     []llama.Token `json:",omitzero"`
	Bytes      []byte        `json:",omitzero"`
	Embeddings *embeddings   `json:",omitzero"`
	Memory     *plan.Memory  `json:",omitzero"`
}

// add lets r stand for itself and a later reply to the same call.
func (r *reply) add(later *reply) {
	events, fraction := append(r.Events, later.Events...), r.Fraction
	*r = *later
	r.Events = events
	if r.Fraction == nil {
		r.Fraction = fraction
	}
}
