package engine

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestSampling: what of a request's sampling reaches the sampler.
func TestSampling(t *testing.T) {
	e := openModel(t, testgguf.Decoder(1).Write(t, "decoder.gguf"), Options{Context: 64})
	for want, change := range map[string]func(*chat.Sampling){
		"there is no step":         func(s *chat.Sampling) { s.Order = []string{"top_k", "nonsense"} },
		"put top_k before it":      func(s *chat.Sampling) { s.Order = []string{"infill"} },
		"bias of token 1000000":    func(s *chat.Sampling) { s.Bias = []chat.TokenBias{{Token: 1000000, Bias: 1}} },
		"bias of token -1":         func(s *chat.Sampling) { s.Forbid = []int32{-1} },
		"mirostat 3":               func(s *chat.Sampling) { s.Mirostat = 3 },
		"DRY base -1":              func(s *chat.Sampling) { s.DRY.Base = -1 },
		"it contains a NUL":        func(s *chat.Sampling) { s.DRY.Breakers = []string{"\x00"} },
		"adaptive decay 1":         func(s *chat.Sampling) { s.AdaptiveDecay = 1 },
		"must be a finite number":  func(s *chat.Sampling) { s.TopNSigma = 1e300 },
		"dynamic temperature rang": func(s *chat.Sampling) { s.DynatempRange = -1 },
	} {
		r := chat.Request{Prompt: "a", MaxTokens: 1, Sampling: chat.DefaultSampling()}
		change(&r.Sampling)
		if a := generate(t, e, background, r); !errors.Is(a.err, chat.ErrRequest) || !strings.Contains(fmt.Sprint(a.err), want) {
			t.Errorf("%v; want %q", a.err, want)
		}
	}
	for name, change := range map[string]func(*chat.Sampling){
		"steps":    func(s *chat.Sampling) { s.Order = []string{"temperature", "top-k"} },
		"no steps": func(s *chat.Sampling) { s.Order = []string{} },
		"dry":      func(s *chat.Sampling) { s.DRY.Multiplier, s.DRY.Last = 1, -1 },
		"mirostat": func(s *chat.Sampling) { s.Mirostat = 2 },
		"adaptive": func(s *chat.Sampling) { s.Order, s.AdaptiveTarget = []string{"adaptive_p"}, 0.3 },
	} {
		r := chat.Request{Prompt: "a", MaxTokens: 4, IgnoreEOG: true, Sampling: chat.DefaultSampling()}
		change(&r.Sampling)
		a := mustGenerate(t, e, r)
		if len(a.usage.Steps) == 0 || a.usage.SampledTokens != 4 {
			t.Errorf("%s: %d tokens by %v", name, a.usage.SampledTokens, a.usage.Steps)
		}
	}
}

// TestForbiddenTokens: neither a request's nor the file's are generated.
func TestForbiddenTokens(t *testing.T) {
	model := testgguf.Decoder(1)
	e := openModel(t, model.Write(t, "free.gguf"), Options{Context: 64})
	r := chat.Request{Prompt: "a", MaxTokens: 8, IgnoreEOG: true, Logprobs: 1, Sampling: chat.DefaultSampling()}
	r.Sampling.Temperature = 0
	free := mustGenerate(t, e, r)
	favourite := free.tokens[0].ID

	model.Set("tokenizer.ggml.suppress_tokens", []int32{favourite})
	suppressing := openModel(t, model.Write(t, "suppressing.gguf"), Options{Context: 64})
	forbidding := r
	forbidding.Sampling.Forbid = []int32{favourite}
	for name, a := range map[string]answer{"the file": mustGenerate(t, suppressing, r), "the request": mustGenerate(t, e, forbidding)} {
		for _, token := range a.tokens {
			if token.ID == favourite {
				t.Errorf("token %d, which %s forbids", favourite, name)
			}
		}
		if len(a.tokens) != 8 {
			t.Errorf("%s: %d tokens", name, len(a.tokens))
		}
	}
}

// make test-sampler takes more.
var schemaOutputs = flag.Int("schema.outputs", 3, "outputs for each schema")

// schemas are bounded: their longest text is short.
var schemas = []string{
	`{"type":"object","properties":{"name":{"type":"string","maxLength":20},"age":{"type":"integer","minimum":0,"maximum":150}},"required":["name","age"],"additionalProperties":false}`,
	`{"type":"array","items":{"type":"integer","minimum":-50,"maximum":50},"minItems":2,"maxItems":6}`,
	`{"type":"object","properties":{"colour":{"enum":["red","green","blue"]},"shades":{"type":"array","items":{"type":"string","maxLength":10},"maxItems":3}},"required":["colour","shades"],"additionalProperties":false}`,
	`{"anyOf":[{"type":"string","minLength":1,"maxLength":15},{"type":"boolean"},{"type":"null"}]}`,
	`{"type":"object","properties":{"point":{"type":"object","properties":{"x":{"type":"integer","minimum":0,"maximum":999},"y":{"type":"integer","minimum":0,"maximum":999}},"required":["x","y"],"additionalProperties":false}},"required":["point"],"additionalProperties":false}`,
	`{"type":"string","pattern":"^[A-Z]{2}-[0-9]{3,5}$"}`,
	`{"type":"array","items":{"type":"object","properties":{"id":{"type":"integer","minimum":1,"maximum":99},"done":{"type":"boolean"}},"required":["id","done"],"additionalProperties":false},"minItems":1,"maxItems":3}`,
	`{"type":"object","properties":{"kind":{"const":"circle"},"tags":{"type":"array","items":{"enum":["a","b","c"]},"maxItems":4}},"required":["kind"],"additionalProperties":false}`,
	`{"$defs":{"word":{"type":"string","maxLength":8}},"type":"object","properties":{"first":{"$ref":"#/$defs/word"},"last":{"$ref":"#/$defs/word"}},"required":["first","last"],"additionalProperties":false}`,
	`{"type":"array","prefixItems":[{"type":"string","maxLength":12},{"type":"boolean"}],"minItems":2,"maxItems":2}`,
}

// TestOutputsOfSchemas has a schema hold a model that hardly knows what it says, and a
// validator of others judge the texts.
func TestOutputsOfSchemas(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 1024})
	all, cut := 0, 0
	for i, text := range schemas {
		validator := compileSchema(t, text)
		for seed := range *schemaOutputs {
			r := ask("Invent something, as JSON.")
			r.Schema, r.MaxTokens = json.RawMessage(text), 400
			r.Sampling = chat.DefaultSampling()
			r.Sampling.Temperature, r.Sampling.Seed = 1.5, uint32(seed)
			a := mustGenerate(t, e, r)
			all++
			if a.stop.Reason != chat.StopEnd {
				cut++
				continue
			}
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(a.text))
			if err == nil {
				err = validator.Validate(value)
			}
			if err != nil {
				t.Errorf("schema %d, seed %d: %q: %v", i, seed, a.text, err)
			}
		}
	}
	if 50*cut >= all && cut > 0 {
		t.Errorf("%d of %d outputs were cut", cut, all)
	}
	t.Logf("%d outputs, %d cut", all, cut)
}

func compileSchema(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", value); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}
