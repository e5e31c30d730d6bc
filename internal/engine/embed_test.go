package engine

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

// TestEmbedEqualsReference: each of several texts gives what it gives alone through the
// upstream API.
func TestEmbedEqualsReference(t *testing.T) {
	texts := []string{"The sky is blue.", "Bread", "Une phrase en français, un peu plus longue que les autres.", "日本の首都は東京です"}
	for _, model := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		for _, pooling := range []llama.Pooling{llama.PoolingMean, llama.PoolingCLS, llama.PoolingLast} {
			e := openModel(t, model, Options{Context: 512, Pooling: pooling.String()})
			got, err := e.Embed(background, chat.EmbedRequest{Texts: texts})
			if err != nil || len(got.Vectors) != len(texts) || got.Pooling != pooling.String() {
				t.Fatal(err)
			}
			for i, text := range texts {
				want, err := reference.Embedding(model, text, pooling, DefaultThreads())
				if err != nil {
					t.Fatal(err)
				}
				if d := distance(got.Vectors[i], want); d > 1e-4 || math.Abs(length(got.Vectors[i])-1) > 1e-5 {
					t.Errorf("%s, %q: %g away, length %g", pooling, text, d, length(got.Vectors[i]))
				}
			}
		}
	}
}

// distance is the largest difference of two numbers at the same place.
func distance(a, b []float32) (d float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		d = max(d, math.Abs(float64(a[i]-b[i])))
	}
	return d
}

func length(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

func TestEmbed(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 64})
	// Generating and embedding do not disturb each other.
	want := mustGenerate(t, e, greedy(chat.Request{Prompt: "Once upon a time"}, 8))
	many := make([]string, 40)
	for i := range many {
		many[i] = strings.TrimSpace(strings.Repeat("word ", 1+i%20))
	}
	got, err := e.Embed(background, chat.EmbedRequest{Texts: many, Raw: true})
	if err != nil || len(got.Vectors) != 40 || got.Pooling != "mean" || got.Tokens[19] != 20 {
		t.Fatalf("%d vectors, %v", len(got.Vectors), err)
	}
	if d := distance(got.Vectors[3], got.Vectors[23]); d != 0 || math.Abs(length(got.Vectors[3])-1) < 1e-3 {
		t.Errorf("the same text twice: %g away, length %g", d, length(got.Vectors[3]))
	}
	if again := mustGenerate(t, e, greedy(chat.Request{Prompt: "Once upon a time"}, 8)); again.text != want.text || again.usage.CachedTokens == 0 {
		t.Errorf("%q with %d tokens from memory, want %q", again.text, again.usage.CachedTokens, want.text)
	}

	var full *chat.ErrContextFull
	if _, err := e.Embed(background, chat.EmbedRequest{Texts: []string{strings.Repeat("word ", 100)}}); !errors.As(err, &full) || full.Need < 100 || full.Size != 64 {
		t.Errorf("%v", err)
	}
	for _, texts := range [][]string{nil, {""}, {"a", "b\x00"}, {"\xff"}} {
		if _, err := e.Embed(background, chat.EmbedRequest{Texts: texts}); !errors.Is(err, chat.ErrRequest) {
			t.Errorf("%q: %v", texts, err)
		}
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(background)
	cancel(cause)
	if _, err := e.Embed(ctx, chat.EmbedRequest{Texts: []string{"a"}}); !errors.Is(err, cause) {
		t.Error(err)
	}
}

func TestEmbedPooling(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 64, Pooling: "none"})
	got, err := e.Embed(background, chat.EmbedRequest{Texts: []string{"one two", "three"}})
	if err != nil || len(got.Vectors) != got.Tokens[0]+got.Tokens[1] || len(got.Vectors[0]) != 576 {
		t.Errorf("%d vectors, %v, %v", len(got.Vectors), got.Tokens, err)
	}
	e = openModel(t, testmodel.SmolLM2(t), Options{Context: 64, Pooling: "rank"})
	if _, err := e.Embed(background, chat.EmbedRequest{Texts: []string{"a"}}); !errors.Is(err, chat.ErrUnsupported) {
		t.Error(err)
	}
	e = openModel(t, testmodel.SmolLM2(t), Options{Context: 64, Pooling: "median"})
	if _, err := e.Embed(background, chat.EmbedRequest{Texts: []string{"a"}}); !errors.Is(err, chat.ErrRequest) {
		t.Error(err)
	}
}
