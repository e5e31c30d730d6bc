package worker

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"github.com/seed-f87006eb/llm/internal/chat"
)

// generateRequest is a chat.Request on the wire. What its caller wrote in JSON goes as
// bytes: as JSON within JSON, none at all would become "null".
type generateRequest struct {
	chat.Request
	Schema []byte `json:",omitzero"`
	Tools  []tool `json:",omitzero"`
}

type tool struct {
	chat.Tool
	Parameters []byte `json:",omitzero"`
}

func newGenerateRequest(r *chat.Request) *generateRequest {
	w := &generateRequest{Request: *r, Schema: r.Schema}
	for _, t := range r.Tools {
		w.Tools = append(w.Tools, tool{t, t.Parameters})
	}
	return w
}

func (w *generateRequest) request() chat.Request {
	r := w.Request
	r.Schema = w.Schema
	for _, t := range w.Tools {
		t.Tool.Parameters = t.Parameters
		r.Tools = append(r.Tools, t.Tool)
	}
	return r
}

// event is a chat.Event on the wire.
type event struct {
	Kind     chat.Kind              `json:"k"`
	Text     string                 `json:"t,omitzero"`
	ToolCall *chat.ToolCallFragment `json:",omitzero"`
	Dropped  *chat.Dropped          `json:",omitzero"`
	Token    *logprob               `json:",omitzero"`
	Usage    *chat.Usage            `json:",omitzero"`
	Stop     *chat.Stop             `json:",omitzero"`
}

func newEvent(ev *chat.Event) event {
	e := event{Kind: ev.Kind, Text: ev.Text, ToolCall: ev.ToolCall, Dropped: ev.Dropped, Usage: ev.Usage, Stop: ev.Stop}
	if ev.Token != nil {
		token := newLogprob(ev.Token)
		e.Token = &token
	}
	return e
}

func (e *event) event() chat.Event {
	ev := chat.Event{Kind: e.Kind, Text: e.Text, ToolCall: e.ToolCall, Dropped: e.Dropped, Usage: e.Usage, Stop: e.Stop}
	if e.Token != nil {
		token := e.Token.logprob()
		ev.Token = &token
	}
	return ev
}

// logprob is a chat.TokenLogprob on the wire.
type logprob struct {
	ID      int32
	Text    []byte
	Logprob number
	Top     []logprob   `json:",omitzero"`
	Steps   []chat.Step `json:",omitzero"`
}

func newLogprob(t *chat.TokenLogprob) logprob {
	p := logprob{ID: t.ID, Text: t.Text, Logprob: number(t.Logprob), Steps: t.Steps}
	for i := range t.Top {
		p.Top = append(p.Top, newLogprob(&t.Top[i]))
	}
	return p
}

func (p *logprob) logprob() chat.TokenLogprob {
	t := chat.TokenLogprob{ID: p.ID, Text: p.Text, Logprob: float64(p.Logprob), Steps: p.Steps}
	for i := range p.Top {
		t.Top = append(t.Top, p.Top[i].logprob())
	}
	return t
}

// number is a float64 that may be infinite (the logarithm of 0), which JSON's may not.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	text := strconv.FormatFloat(f, 'g', -1, 64)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		text = strconv.Quote(text)
	}
	return []byte(text), nil
}

func (n *number) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(b) > 0 && b[0] == '"' {
		if err := json.Unmarshal(b, &text); err != nil {
			return err
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	*n = number(f)
	return err
}

// embeddings are chat.Embeddings on the wire: a vector is its float32s, little-endian,
// to the bit and four times shorter than their digits.
type embeddings struct {
	Vectors [][]byte
	Tokens  []int
	Pooling string
}

func newEmbeddings(e *chat.Embeddings) *embeddings {
	if e == nil {
		return nil
	}
	w := &embeddings{Tokens: e.Tokens, Pooling: e.Pooling}
	for _, v := range e.Vectors {
		b := make([]byte, 0, 4*len(v))
		for _, f := range v {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
		}
		w.Vectors = append(w.Vectors, b)
	}
	return w
}

func (w *embeddings) embeddings() *chat.Embeddings {
	if w == nil {
		return nil
	}
	e := &chat.Embeddings{Tokens: w.Tokens, Pooling: w.Pooling}
	for _, b := range w.Vectors {
		v := make([]float32, len(b)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		e.Vectors = append(e.Vectors, v)
	}
	return e
}
