package chat

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func valid() Request {
	return Request{Messages: []Message{{Role: User, Content: "hello"}}, Sampling: DefaultSampling()}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Request)
		want   string // part of the message; empty: valid
	}{
		{"as it is", func(*Request) {}, ""},
		{"prompt only", func(r *Request) { r.Messages, r.Prompt = nil, "x" }, ""},
		{"multibyte", func(r *Request) { r.Messages[0].Content = "日本 \uFFFD 😀" }, ""},
		{"prompt and messages", func(r *Request) { r.Prompt = "x" }, "both a prompt and messages"},
		{"NUL", func(r *Request) { r.Messages[0].Content = "a\x00b" }, "message 1: it contains a NUL character at byte 1"},
		{"broken UTF-8", func(r *Request) { r.Messages, r.Prompt = nil, "ab\xff" }, "prompt: it is not valid UTF-8 at byte 2"},
		{"half a character", func(r *Request) { r.Messages[0].Content = "日\xe6\x97" }, "not valid UTF-8 at byte 3"},
		{"tool arguments", func(r *Request) { r.Messages[0].ToolCalls = []ToolCall{{Arguments: "\xff"}} }, "message 1: it is not valid UTF-8"},
		{"tool description", func(r *Request) { r.Tools = []Tool{{Name: "f", Description: "a\x00"}} }, "tool: it contains a NUL"},
		{"stop", func(r *Request) { r.Stop = []string{"\xff"} }, "stop string: it is not valid UTF-8"},
		{"tool choice required", func(r *Request) { r.ToolChoice = ToolRequired }, "there are no tools"},
		{"tool choice", func(r *Request) { r.ToolChoice = "maybe" }, `tool choice "maybe"; use one of`},
		{"grammar and schema", func(r *Request) { r.Grammar, r.Schema = "root ::= \"a\"", []byte("{}") }, "give one"},
		{"grammar and tools", func(r *Request) { r.Grammar, r.Tools = "root ::= \"a\"", []Tool{{Name: "f"}} }, "give one"},
		{"grammar beyond its end", func(r *Request) { r.Grammar, r.IgnoreEOG = "root ::= \"a\"", true }, "cannot go on after its end"},
		{"NUL in a grammar", func(r *Request) { r.Grammar = "root\x00" }, "NUL"},
		{"too many log-probabilities", func(r *Request) { r.Logprobs = 1001 }, "the limit is 1000"},
		{"scale", func(r *Request) { r.Adapters = []Adapter{{Path: "a", Scale: math.NaN()}} }, "not a finite number"},
		{"no role", func(r *Request) { r.Messages[0].Role = "" }, "message 1 has no role"},
		{"empty stop", func(r *Request) { r.Stop = []string{"a", ""} }, "an empty stop string"},
		{"policy", func(r *Request) { r.Overflow = "drop" }, `context policy "drop"`},
		{"tool choice", func(r *Request) { r.ToolChoice = "maybe" }, `tool choice "maybe"`},
		{"temperature", func(r *Request) { r.Sampling.Temperature = -1 }, "temperature -1"},
		{"temperature NaN", func(r *Request) { r.Sampling.Temperature = math.NaN() }, "temperature NaN"},
		{"temperature without end", func(r *Request) { r.Sampling.Temperature = math.Inf(1) }, "finite"},
		{"penalty NaN", func(r *Request) { r.Sampling.PresencePenalty = math.NaN() }, "finite"},
		{"top-p", func(r *Request) { r.Sampling.TopP = 0 }, "top-p 0"},
		{"top-p NaN", func(r *Request) { r.Sampling.TopP = math.NaN() }, "top-p NaN"},
		{"min-p", func(r *Request) { r.Sampling.MinP = 1.5 }, "min-p 1.5"},
		{"typical", func(r *Request) { r.Sampling.TypicalP = 2 }, "typical-p 2"},
		{"top-k", func(r *Request) { r.Sampling.TopK = -1 }, "top-k -1"},
		{"repeat penalty", func(r *Request) { r.Sampling.RepeatPenalty = 0 }, "repeat penalty 0"},
		{"repeat last", func(r *Request) { r.Sampling.RepeatLast = -2 }, "repeat last -2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := valid()
			c.change(&r)
			err := r.Validate()
			switch {
			case c.want == "" && err != nil:
				t.Fatal(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Fatalf("got %v, want %q in it", err, c.want)
			case c.want != "" && !errors.Is(err, ErrRequest):
				t.Errorf("%v is not an ErrRequest", err)
			}
		})
	}
}

func TestKindNames(t *testing.T) {
	for k := KindText; k <= KindStop; k++ {
		if k.String() == "unknown" {
			t.Errorf("kind %d has no name", k)
		}
	}
}
