package reference_test

import (
	"flag"
	"maps"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/internal/testsampler"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
	"github.com/seed-f87006eb/llm/sampler"
)

// make test-sampler takes more.
var (
	samplerSteps      = flag.Int("sampler.steps", 500, "steps of each chain on the logits of SmolLM2")
	samplerGemmaSteps = flag.Int("sampler.gemma", 25, "steps of each chain on the logits of Gemma 3")
)

// vocabulary is a model's, with another end of a turn.
type vocabulary struct {
	engine.Vocabulary
	end int32
}

func (v vocabulary) EndOfTurn() int32 { return v.end }

// text is one that a model writes, from token to token.
type text struct {
	*llama.Context
	batch   *llama.Batch
	pos     int
	begun   int
	context int
}

func write(t *testing.T, m *llama.Model) *text {
	t.Helper()
	p := llama.DefaultContextParams()
	p.Context, p.Batch, p.Ubatch, p.Threads, p.ThreadsBatch = 256, 64, 64, 2, 2
	c, err := m.NewContext(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	b, err := llama.NewBatch(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return &text{Context: c, batch: b, context: p.Context}
}

// next are the logits after a token. A text that is full, or ends, is followed by
// another, which begins with another token.
func (x *text) next(t *testing.T, token int32, ends bool) []float32 {
	t.Helper()
	if x.pos == x.context || ends {
		if err := x.Memory().Clear(); err != nil {
			t.Fatal(err)
		}
		x.begun++
		x.pos, token = 0, int32(1000+37*x.begun%10000)
	}
	x.batch.Clear()
	if err := x.batch.Add(llama.Token(token), x.pos, true, 0); err != nil {
		t.Fatal(err)
	}
	if err := x.Decode(x.batch); err != nil {
		t.Fatal(err)
	}
	x.pos++
	logits, err := x.Logits(0)
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

// TestSamplerOnModels: the same tokens as the engine's, on the logits of models. The
// chains take turns in going on with the text, and all see it.
func TestSamplerOnModels(t *testing.T) {
	t.Run("SmolLM2", func(t *testing.T) { compareOn(t, testmodel.SmolLM2(t), *samplerSteps, true) })
	t.Run("Gemma3", func(t *testing.T) { compareOn(t, testmodel.Gemma3(t), *samplerGemmaSteps, false) })
}

func compareOn(t *testing.T, path string, steps int, vocabularySteps bool) {
	m, err := llama.LoadModel(path, llama.DefaultModelParams())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	n := m.Info().Vocab
	var sides []*side
	chains := testsampler.Chains()
	for _, name := range slices.Sorted(maps.Keys(chains)) {
		sides = append(sides, beside(t, name, n, chains[name]))
	}
	if vocabularySteps {
		sides = append(sides, withVocabulary(t, m, path)...)
	}
	x := write(t, m)
	token, ends := int32(0), true
	for i := range steps {
		logits := x.next(t, token, ends)
		leads := i / 16 % len(sides)
		for j, s := range sides {
			if chosen := s.step(t, logits); j == leads {
				token = chosen
			}
		}
		for _, s := range sides {
			s.accept(token)
		}
		ends = m.IsEOG(llama.Token(token))
	}
	for _, s := range sides {
		s.report(t, min(1000, steps))
	}
}

// withVocabulary are the chains that ask for pieces of text.
func withVocabulary(t *testing.T, m *llama.Model, path string) (sides []*side) {
	t.Helper()
	v := vocabulary{engine.Vocabulary{Model: m}, 0}
	if !v.EndsText(v.end) {
		t.Fatalf("token %d does not end a text", v.end)
	}
	infill := testsampler.Bare()
	infill.Order, infill.TopK, infill.TopP = []sampler.Step{sampler.TopK, sampler.TopP, sampler.Infill, sampler.Temperature}, 40, 0.99
	infill.Temperature, infill.Vocabulary = 1.2, v
	dry := testsampler.Bare()
	dry.DRY.Multiplier, dry.TopK, dry.DRY.Last = 1.5, 40, 200
	breakers := []string{"\n", ":", "\"", "*", "<|im_", "the end"}
	dry.DRY.Breakers = sampler.DRYBreakers(v, breakers)
	for name, p := range map[string]sampler.Params{"infill": infill, "dry with breakers": dry} {
		ours, err := sampler.New(v.Tokens(), p)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := reference.NewChain(v.Tokens(), p, path, false, breakers...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(theirs.Close)
		sides = append(sides, &side{name: name, ours: ours, theirs: theirs})
	}
	return sides
}
