package testgguf_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

func load(t *testing.T, path string) *llama.Model {
	t.Helper()
	m, err := llama.LoadModel(path, llama.DefaultModelParams())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func newContext(t *testing.T, m *llama.Model, embeddings bool) *llama.Context {
	t.Helper()
	p := llama.DefaultContextParams()
	p.Context, p.Batch, p.Ubatch, p.Threads, p.ThreadsBatch, p.Embeddings = testgguf.Context, 64, 64, 1, 1, embeddings
	c, err := m.NewContext(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// prompt are the tokens of a text, in a batch whose last token asks for its output.
func prompt(t *testing.T, m *llama.Model, text string) (*llama.Batch, []llama.Token) {
	t.Helper()
	tokens, err := m.Tokenize(text, true, false)
	if err != nil {
		t.Fatal(err)
	}
	b, err := llama.NewBatch(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	for i, token := range tokens {
		if err := b.Add(token, i, true, 0); err != nil {
			t.Fatal(err)
		}
	}
	return b, tokens
}

// generate decodes n tokens, always the likeliest.
func generate(t *testing.T, m *llama.Model, c *llama.Context, n int) (generated []llama.Token) {
	t.Helper()
	b, tokens := prompt(t, m, "hello world, the river is green")
	for pos := len(tokens); ; pos++ {
		if err := c.Decode(b); err != nil {
			t.Fatal(err)
		}
		logits, err := c.Logits(-1)
		if err != nil {
			t.Fatal(err)
		}
		best := llama.Token(0)
		for i, l := range logits {
			if math.IsNaN(float64(l)) || math.IsInf(float64(l), 0) {
				t.Fatalf("logit %d is %v", i, l)
			}
			if l > logits[best] {
				best = llama.Token(i)
			}
		}
		if generated = append(generated, best); len(generated) == n {
			return generated
		}
		b.Clear()
		if err := b.Add(best, pos, true, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDecoders: the models that generate do so, the same for the same seed.
func TestDecoders(t *testing.T) {
	for name, build := range map[string]func(uint64) *testgguf.File{"decoder": testgguf.Decoder, "recurrent": testgguf.Recurrent} {
		t.Run(name, func(t *testing.T) {
			var replies [3][]llama.Token
			for i, seed := range []uint64{1, 1, 2} {
				m := load(t, build(seed).Write(t, "model.gguf"))
				info := m.Info()
				if !info.Decoder || info.Encoder || info.Recurrent != (name == "recurrent") || info.Embedding != testgguf.Embedding ||
					info.Layers != testgguf.Layers || info.ContextTrain != testgguf.Context {
					t.Fatalf("%+v", info)
				}
				replies[i] = generate(t, m, newContext(t, m, false), 8)
			}
			if !slices.Equal(replies[0], replies[1]) || slices.Equal(replies[0], replies[2]) {
				t.Errorf("%v", replies)
			}
		})
	}
}

// TestTokenizers: words are single tokens, all other text comes back as well.
func TestTokenizers(t *testing.T) {
	for _, c := range []struct {
		name string
		file *testgguf.File
		text string
		want string
	}{
		{"decoder", testgguf.Decoder(1), "the green River, 東京 🚆\n", "the green River, 東京 🚆\n"},
		{"encoder", testgguf.Encoder(1, testgguf.PoolingMean), "The green river.", "the green river."},
		{"encoder-decoder", testgguf.EncoderDecoder(1), "the green River.", "the green River."},
	} {
		m := load(t, c.file.Write(t, "model.gguf"))
		tokens, err := m.Tokenize(c.text, false, false)
		if err != nil {
			t.Fatal(err)
		}
		text, err := m.Detokenize(tokens)
		if err != nil || strings.TrimPrefix(text, " ") != c.want {
			t.Errorf("%s: %v is %q, %v", c.name, tokens, text, err)
		}
		if one, err := m.Tokenize("river", false, false); err != nil || len(one) != 1 {
			t.Errorf("%s: a word is %v, %v", c.name, one, err)
		}
	}
}

// TestEncoders: their embeddings have a direction that depends on text and pooling.
func TestEncoders(t *testing.T) {
	seen := map[float32]bool{}
	for _, pooling := range []uint32{testgguf.PoolingMean, testgguf.PoolingCLS, testgguf.PoolingRank} {
		m := load(t, testgguf.Encoder(1, pooling).Write(t, "encoder.gguf"))
		c := newContext(t, m, true)
		if got := c.Info().Pooling; uint32(got) != pooling || c.Info().Memory {
			t.Errorf("pooling %v, %+v", got, c.Info())
		}
		for _, text := range []string{"the green river", "one red house"} {
			b, _ := prompt(t, m, text)
			if err := c.Encode(b); err != nil {
				t.Fatal(err)
			}
			v, err := c.SequenceEmbedding(0)
			if err != nil || (pooling == testgguf.PoolingRank) != (len(v) == 1) || v[0] == 0 || math.IsNaN(float64(v[0])) || seen[v[0]] {
				t.Fatalf("pooling %d, %q: %v, %v", pooling, text, v, err)
			}
			seen[v[0]] = true
		}
	}
}

func TestEncoderDecoder(t *testing.T) {
	m := load(t, testgguf.EncoderDecoder(1).Write(t, "t5.gguf"))
	if i := m.Info(); !i.Encoder || !i.Decoder {
		t.Fatalf("%+v", i)
	}
	c := newContext(t, m, false)
	b, _ := prompt(t, m, "the green river")
	if err := c.Encode(b); err != nil {
		t.Fatal(err)
	}
	b.Clear()
	if err := b.Add(0, 0, true, 0); err != nil { // the decoder's start token
		t.Fatal(err)
	}
	if err := c.Decode(b); err != nil {
		t.Fatal(err)
	}
	if l, err := c.Logits(-1); err != nil || math.IsNaN(float64(l[0])) {
		t.Errorf("%v", err)
	}
}

// TestRefused: files that are no models are errors.
func TestRefused(t *testing.T) {
	decoder := testgguf.Decoder(1)
	base := testgguf.ReadHeader(t, decoder.Write(t, "decoder.gguf"))
	for name, file := range map[string]*testgguf.File{
		"no tensors":           testgguf.NoTensors(),
		"vocabulary only":      testgguf.VocabularyOnly(),
		"projector":            testgguf.Projector(),
		"unknown architecture": testgguf.UnknownArchitecture(),
		"LoRA adapter":         testgguf.LoRA(t, base, 1, false),
		"control vector":       testgguf.ControlVector("llama", testgguf.Embedding, testgguf.Layers, 1),
		"nothing":              {},
	} {
		m, err := llama.LoadModel(file.Write(t, "model.gguf"), llama.DefaultModelParams())
		if err == nil {
			m.Close()
		}
		if !errors.Is(err, llama.ErrEngine) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAdapters: they fit the model that they are for, and no other.
func TestAdapters(t *testing.T) {
	path := testgguf.Decoder(1).Write(t, "decoder.gguf")
	m := load(t, path)
	base := testgguf.ReadHeader(t, path)
	c := newContext(t, m, false)
	plain := generate(t, m, c, 8)
	for _, a := range []struct {
		name    string
		load    func(string) (*llama.Adapter, error)
		file    *testgguf.File
		changes bool
	}{
		{"LoRA of zeros", m.LoadLoRA, testgguf.LoRA(t, base, 1, true), false},
		{"LoRA", m.LoadLoRA, testgguf.LoRA(t, base, 1, false), true},
		{"control vector", m.LoadControlVector, testgguf.ControlVector(base.Architecture, testgguf.Embedding, testgguf.Layers, 1), true},
	} {
		adapter, err := a.load(a.file.Write(t, "adapter.gguf"))
		if err != nil {
			t.Fatalf("%s: %v", a.name, err)
		}
		if err := errors.Join(c.Memory().Clear(), c.Adapt(llama.ScaledAdapter{Adapter: adapter, Scale: 1})); err != nil {
			t.Fatal(err)
		}
		if got := generate(t, m, c, 8); slices.Equal(got, plain) == a.changes {
			t.Errorf("%s: %v, without it %v", a.name, got, plain)
		}
		if err := errors.Join(c.Adapt(), adapter.Close()); err != nil {
			t.Error(err)
		}
	}
	other := base
	other.Architecture = "bert"
	for name, file := range map[string]*testgguf.File{
		"another architecture": testgguf.LoRA(t, other, 1, false),
		"other shapes":         testgguf.LoRA(t, base.Widened(), 1, false),
		"a model":              testgguf.Decoder(1),
	} {
		if a, err := m.LoadLoRA(file.Write(t, "adapter.gguf")); !errors.Is(err, llama.ErrEngine) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
	}
	for name, file := range map[string]*testgguf.File{
		"another width": testgguf.ControlVector("llama", testgguf.Embedding+1, testgguf.Layers, 1),
		"a model":       testgguf.Decoder(1),
	} {
		if a, err := m.LoadControlVector(file.Write(t, "vector.gguf")); !errors.Is(err, llama.ErrEngine) && !errors.Is(err, llama.ErrInvalid) {
			t.Errorf("control vector, %s: %v, %v", name, a, err)
		}
	}
}

// TestReadHeader reads the header of a real model.
func TestReadHeader(t *testing.T) {
	h := testgguf.ReadHeader(t, testmodel.SmolLM2(t))
	if h.Architecture != "llama" || len(h.Shapes) < 200 || !slices.Equal(h.Shapes["blk.0.attn_q.weight"], []int{576, 576}) {
		t.Errorf("%s, %d tensors, %v", h.Architecture, len(h.Shapes), h.Shapes["blk.0.attn_q.weight"])
	}
	m := load(t, testmodel.SmolLM2(t))
	a, err := m.LoadLoRA(testgguf.LoRA(t, h, 1, false).Write(t, "lora.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
