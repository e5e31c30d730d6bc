package engine

import (
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/llama"
)

// reply turns generated text into events: plain text as it is, other syntaxes
// through the engine's parser.
type reply struct {
	parser *llama.Reply // nil: plain text
	emit   func(chat.Event)
}

func newReply(syntax string, emit func(chat.Event)) (*reply, error) {
	r := &reply{emit: emit}
	if syntax == "" {
		return r, nil
	}
	var err error
	r.parser, err = llama.NewReply(syntax)
	return r, err
}

// add passes text on; final: nothing follows.
func (r *reply) add(text string, final bool) {
	if r.parser == nil {
		if text != "" {
			r.emit(chat.Event{Kind: chat.KindText, Text: text})
		}
		return
	}
	if text == "" && !final {
		return
	}
	pieces, err := r.parser.Add(text, final)
	if err != nil {
		// The model broke its own format: what follows is shown as it came.
		r.close()
		r.add(text, final)
		return
	}
	for _, p := range pieces {
		r.emit(pieceEvent(p))
	}
}

func pieceEvent(p llama.Piece) chat.Event {
	switch {
	case p.Call != nil:
		return chat.Event{Kind: chat.KindToolCall, ToolCall: &chat.ToolCallFragment{Index: *p.Call, ID: p.ID, Name: p.Name, Arguments: p.Arguments}}
	case p.Reasoning != "":
		return chat.Event{Kind: chat.KindReasoning, Text: p.Reasoning}
	}
	return chat.Event{Kind: chat.KindText, Text: p.Text}
}

func (r *reply) close() {
	if r.parser != nil {
		r.parser.Close()
		r.parser = nil
	}
}
