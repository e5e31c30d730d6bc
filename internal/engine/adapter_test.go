package engine

import (
	"errors"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// TestAdapters: an adapter of zeros changes nothing and a random one does, scaled and
// switched between requests, and what memory holds of another is not used.
func TestAdapters(t *testing.T) {
	base := testmodel.SmolLM2(t)
	header := testgguf.ReadHeader(t, base)
	zeros := chat.Adapter{Path: testgguf.LoRA(t, header, 1, true).Write(t, "zeros.gguf"), Scale: 1}
	random := chat.Adapter{Path: testgguf.LoRA(t, header, 2, false).Write(t, "random.gguf"), Scale: 1}
	vector := chat.Adapter{Path: testgguf.ControlVector("llama", 576, 30, 3).Write(t, "vector.gguf"), Scale: 5}

	r := greedy(chat.Request{Prompt: "The capital of France is", NoReuse: true}, 12)
	want := mustGenerate(t, openModel(t, base, Options{Context: 256}), r).text
	e := openModel(t, base, Options{Context: 256, LoRA: []chat.Adapter{zeros, random}, ControlVectors: []chat.Adapter{vector}})
	with := func(adapters ...chat.Adapter) string {
		r := r
		r.Adapters = adapters
		return mustGenerate(t, e, r).text
	}
	off, half := random, random
	off.Scale, half.Scale = 0, 0.5
	if got := with(zeros); got != want {
		t.Errorf("zeros: %q, want %q", got, want)
	}
	if got := with(); got == want { // nil: as the model was opened
		t.Errorf("all of them: %q", got)
	}
	changed := with(random)
	if changed == want || with(half) == changed || with(vector) == want {
		t.Errorf("random: %q, half of it: %q, vector: %q", changed, with(half), with(vector))
	}
	if got := with(off); got != want {
		t.Errorf("scale 0: %q, want %q", got, want)
	}
	r.Adapters = []chat.Adapter{}
	if got := mustGenerate(t, e, r).text; got != want {
		t.Errorf("none: %q, want %q", got, want)
	}
	// The prompt is in memory, but of another adapter.
	r.NoReuse, r.Adapters = false, []chat.Adapter{random}
	if a := mustGenerate(t, e, r); a.text != changed || a.usage.CachedTokens != 0 {
		t.Errorf("%q with %d tokens from memory, want %q", a.text, a.usage.CachedTokens, changed)
	}
	if a := mustGenerate(t, e, r); a.usage.CachedTokens == 0 {
		t.Error("the same adapter again: nothing came from memory")
	}
	r.Adapters = []chat.Adapter{{Path: "unknown", Scale: 1}}
	if a := generate(t, e, background, r); !errors.Is(a.err, chat.ErrRequest) {
		t.Error(a.err)
	}
}

func TestBadAdapters(t *testing.T) {
	base := testmodel.SmolLM2(t)
	header := testgguf.ReadHeader(t, base)
	for name, o := range map[string]Options{
		"missing":           {LoRA: []chat.Adapter{{Path: "/no/such/file", Scale: 1}}},
		"a model":           {LoRA: []chat.Adapter{{Path: base, Scale: 1}}},
		"another width":     {LoRA: []chat.Adapter{{Path: testgguf.LoRA(t, header.Widened(), 1, false).Write(t, "wide.gguf"), Scale: 1}}},
		"another model":     {LoRA: []chat.Adapter{{Path: testgguf.LoRA(t, testgguf.ReadHeader(t, testmodel.Gemma3(t)), 1, false).Write(t, "gemma.gguf"), Scale: 1}}},
		"a vector":          {LoRA: []chat.Adapter{{Path: testgguf.ControlVector("llama", 576, 30, 3).Write(t, "vector.gguf"), Scale: 1}}},
		"vector: a model":   {ControlVectors: []chat.Adapter{{Path: base, Scale: 1}}},
		"vector: too short": {ControlVectors: []chat.Adapter{{Path: testgguf.ControlVector("llama", 64, 30, 3).Write(t, "short.gguf"), Scale: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			o.Context = 256
			e, err := Open(background, base, o)
			if err == nil {
				e.Close()
				t.Fatal("it was taken")
			}
			t.Log(err)
		})
	}
}

// TestModelsThatOnlyEmbed: an encoder makes embeddings and says that it does nothing
// else; other kinds are refused with what they are.
func TestModelsThatOnlyEmbed(t *testing.T) {
	for _, pooling := range []uint32{testgguf.PoolingMean, testgguf.PoolingCLS} {
		e := openModel(t, testgguf.Encoder(1, pooling).Write(t, "encoder.gguf"), Options{})
		got, err := e.Embed(background, chat.EmbedRequest{Texts: []string{"a b", "b a", "a b"}})
		if err != nil || len(got.Vectors) != 3 || distance(got.Vectors[0], got.Vectors[2]) != 0 || distance(got.Vectors[0], got.Vectors[1]) == 0 {
			t.Errorf("%v", err)
		}
		if a := generate(t, e, background, greedy(chat.Request{Prompt: "a"}, 2)); !errors.Is(a.err, chat.ErrUnsupported) {
			t.Error(a.err)
		}
		if err := e.SaveState(background, "/dev/null", nil); !errors.Is(err, chat.ErrUnsupported) {
			t.Error(err)
		}
	}
	for name, c := range map[string]struct {
		file *testgguf.File
		want error
	}{
		"encoder-decoder":      {testgguf.EncoderDecoder(1), chat.ErrUnsupported},
		"unknown architecture": {testgguf.UnknownArchitecture(), chat.ErrUnsupported},
		"projector":            {testgguf.Projector(), ErrNotModel},
		"no tensors":           {testgguf.NoTensors(), ErrNotModel},
		"vocabulary":           {testgguf.VocabularyOnly(), ErrNotModel},
		"adapter":              {testgguf.LoRA(t, testgguf.ReadHeader(t, testmodel.SmolLM2(t)), 1, true), ErrNotModel},
		"control vector":       {testgguf.ControlVector("llama", 576, 30, 3), ErrNotModel},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Open(background, c.file.Write(t, "model.gguf"), Options{})
			if err == nil {
				e.Close()
			}
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			t.Log(err)
		})
	}
}

// TestRecurrent: a model whose memory is a state continues, saves and resumes.
func TestRecurrent(t *testing.T) {
	path := testgguf.Recurrent(1).Write(t, "recurrent.gguf")
	e := openModel(t, path, Options{})
	r := greedy(chat.Request{Prompt: "a b a b"}, 8)
	r.IgnoreEOG = true
	first := mustGenerate(t, e, r)
	file := t.TempDir() + "/state"
	if err := e.SaveState(background, file, nil); err != nil {
		t.Fatal(err)
	}
	again := openModel(t, path, Options{})
	if _, err := again.LoadState(background, file); err != nil {
		t.Fatal(err)
	}
	r.Prompt += first.text + " a"
	if a, b := mustGenerate(t, e, r), mustGenerate(t, again, r); a.text != b.text {
		t.Errorf("%q, resumed %q", a.text, b.text)
	}
}
