package engine

import (
	"math"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestLogprobs compares with the softmax of the engine's own sampler.
func TestLogprobs(t *testing.T) {
	const prompt, n, top = "The capital of France is", 8, 5
	for _, model := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		e := openModel(t, model, Options{Context: 256})
		r := greedy(chat.Request{Prompt: prompt, Logprobs: top, NoReuse: true, IgnoreEOG: true}, n)
		var got []chat.TokenLogprob
		for ev, err := range e.Generate(background, r) {
			if err != nil {
				t.Fatal(err)
			}
			if ev.Kind == chat.KindToken {
				got = append(got, *ev.Token)
			}
		}
		tokens, err := e.Tokenize(prompt, true, true)
		if err != nil {
			t.Fatal(err)
		}
		want, err := reference.Logprobs(model, tokens, n, top, DefaultThreads())
		if err != nil || len(got) != n || len(want) != n {
			t.Fatalf("%d events, %d from the reference, %v", len(got), len(want), err)
		}
		for i, g := range got {
			for k, w := range want[i] {
				if llama.Token(g.Top[k].ID) != w.Token && math.Abs(g.Top[k].Logprob-float64(w.Logprob)) > 1e-4 ||
					math.Abs(g.Top[k].Logprob-float64(w.Logprob)) > 1e-3 {
					t.Errorf("token %d, place %d: %d %v, the engine says %d %v", i, k, g.Top[k].ID, g.Top[k].Logprob, w.Token, w.Logprob)
				}
			}
			if g.ID != g.Top[0].ID || g.Logprob != g.Top[0].Logprob || len(g.Text) == 0 {
				t.Errorf("token %d: %+v", i, g)
			}
		}
	}
}
