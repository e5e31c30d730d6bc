package score

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/sampler"
)

var background = context.Background()

// prose has more than a hundred tokens in the tiny vocabularies.
var prose = strings.Repeat("the river is green and the world is old; hello world, said the bird. ", 12)

func openModel(t testing.TB, path string, o Options) *Model {
	t.Helper()
	o.Engine.Threads = 1
	m, err := Open(background, path, o)
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

// TestRows: read in blocks, a window has the rows that the engine gives when it reads the
// same tokens in one piece.
func TestRows(t *testing.T) {
	for name, file := range map[string]*testgguf.File{"decoder": testgguf.Decoder(1), "recurrent": testgguf.Recurrent(1), "sliding window": testgguf.Windowed(1), "bytes": testgguf.BytePairs(1)} {
		path := file.Write(t, "model.gguf")
		for _, rows := range []int{0, 1, 5} {
			m := openModel(t, path, Options{Window: 48, Rows: rows})
			text, err := m.Text(prose)
			if err != nil {
				t.Fatal(err)
			}
			g, err := Compare(nil, []*Model{m}, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, window := range []int{1, 0} {
				_, got, err := g.Window(background, text, window)
				if err != nil {
					t.Fatal(err)
				}
				tokens := make([]llama.Token, 48)
				for i := range tokens {
					tokens[i] = llama.Token(text.Tokens[48*window+i])
				}
				if text.BOS >= 0 {
					tokens[0] = llama.Token(text.BOS)
				}
				all, vocab, err := llama.Logits(background, path, tokens, llama.LogitsParams{Device: llama.CPUAlone, Threads: 1, Prompt: 48, Batch: 48})
				if err != nil {
					t.Fatal(err)
				}
				want := 0.0
				for p := 24; p < 47; p++ {
					row, sum := all[p*vocab:(p+1)*vocab], 0.0
					for _, x := range row {
						sum += math.Exp(float64(x))
					}
					want += math.Log(sum) - float64(row[tokens[p+1]])
				}
				if got[0].Tokens != 23 || math.Abs(got[0].NLL-want) > 2e-3 {
					t.Errorf("%s, %d rows at once, window %d: %d tokens, sum of -log p %v, want %v", name, rows, window, got[0].Tokens, got[0].NLL, want)
				}
			}
		}
	}
}

// TestBeginning: BOS stands first in a window where the model wants it in front of a text.
func TestBeginning(t *testing.T) {
	for _, add := range []bool{true, false} {
		m := openModel(t, testgguf.Decoder(1).Set("tokenizer.ggml.add_bos_token", add).Write(t, "model.gguf"), Options{Window: 32})
		text, err := m.Text(prose)
		if err != nil {
			t.Fatal(err)
		}
		if want := m.Info().BOS; add != (text.BOS == int32(want)) || add != (text.Tokens[0] == int32(want)) {
			t.Errorf("add BOS %v: windows begin with %d, the text with %d, BOS is %d", add, text.BOS, text.Tokens[0], want)
		}
	}
	ends := openModel(t, testgguf.Decoder(1).Set("tokenizer.ggml.add_eos_token", true).Write(t, "model.gguf"), Options{Window: 32})
	text, err := ends.Text(prose)
	if err != nil {
		t.Fatal(err)
	}
	if last := text.Tokens[len(text.Tokens)-1]; last == int32(ends.Info().EOS) {
		t.Error("the token that ends a text stands behind the last window")
	}
}

func TestCompare(t *testing.T) {
	a := openModel(t, testgguf.Decoder(1).Write(t, "a.gguf"), Options{Window: 32})
	b := openModel(t, testgguf.Decoder(2).Write(t, "b.gguf"), Options{Window: 32, Rows: 3})
	other := openModel(t, testgguf.BytePairs(1).Write(t, "c.gguf"), Options{Window: 32})
	if _, err := Compare(a, []*Model{b, other}, 1); !errors.Is(err, eval.ErrVocabulary) || !strings.Contains(err.Error(), "c.gguf") {
		t.Errorf("another vocabulary: %v", err)
	}
	g, err := Compare(a, []*Model{a, b}, 2)
	if err == nil {
		t.Error("a model beside itself, which can hold one window alone")
	}
	if g, err = Compare(a, []*Model{b}, 2); err != nil {
		t.Fatal(err)
	}
	if want := int64(4 * a.Vocab()); g.BytesPerPosition() != want || g.Resident() != 2*3*want {
		t.Errorf("%d bytes a position, %d in memory", g.BytesPerPosition(), g.Resident())
	}
	text, err := a.Text(prose)
	if err != nil {
		t.Fatal(err)
	}
	var chunks []eval.ChunkResult
	order := eval.Order(text.Windows(), 3)
	if err := g.Measure(background, text, order, func(reference *eval.ChunkResult, levels []eval.ChunkResult) (bool, error) {
		chunks = append(chunks, levels...)
		return len(chunks) < 3, nil
	}); err != nil {
		t.Fatal(err)
	}
	q, err := eval.Summarize(chunks, 0.95)
	if err != nil || q.Windows != 3 || chunks[1].Chunk != order[1] || q.Divergence.KLD.Value < 0.01 || q.Divergence.SameTop.Value > 0.9 {
		t.Errorf("models that have nothing in common: %+v, %v", q.Divergence, err)
	}
}

func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		name, want string
		file       *testgguf.File
		o          Options
	}{
		{"an encoder", "makes embeddings", testgguf.Encoder(1, testgguf.PoolingMean), Options{}},
		{"an encoder with a decoder", "encoder-decoder", testgguf.EncoderDecoder(1), Options{}},
		{"a header", "no tensors", testgguf.NoTensors(), Options{}},
		{"an unknown architecture", "architecture", testgguf.UnknownArchitecture(), Options{}},
		{"a window of three", "at least 4", testgguf.Decoder(1), Options{Window: 3}},
		{"a KV type", "KV cache type", testgguf.Decoder(1), Options{Engine: engine.Options{KeyType: "q9"}}},
	} {
		if m, err := Open(background, c.file.Write(t, "model.gguf"), c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
			if m != nil {
				m.Close()
			}
		}
	}
	m := openModel(t, testgguf.Decoder(1).Write(t, "model.gguf"), Options{Window: 64})
	if _, err := m.Text("hello world"); !errors.Is(err, eval.ErrShort) {
		t.Errorf("a short text: %v", err)
	}
	if _, err := m.Prompts([]eval.Prompt{{Text: "hello"}}); !errors.Is(err, eval.ErrShort) {
		t.Errorf("short prompts: %v", err)
	}
	if err := m.Extend(background, make([]int32, 65)); err == nil {
		t.Error("more rows than there is room for")
	}
	if err := m.Start(background, make([]int32, 65)); err == nil {
		t.Error("more tokens than a window")
	}
	if err := m.Start(background, []int32{-5}); err == nil {
		t.Error("a token that there is not")
	}
}

// TestNaN: a weight that is not a number makes an error that says where.
func TestNaN(t *testing.T) {
	file := testgguf.Decoder(1)
	weights := make([]float32, testgguf.Embedding)
	weights[7] = float32(math.NaN())
	bad := file.Clone().RemoveTensor("output_norm.weight").Add("output_norm.weight", weights, testgguf.Embedding)
	reference := openModel(t, file.Write(t, "a.gguf"), Options{Window: 32})
	level := openModel(t, bad.Write(t, "b.gguf"), Options{Window: 32})
	g, err := Compare(reference, []*Model{level}, 1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := reference.Text(prose)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = g.Window(background, text, 0)
	var at *eval.RowError
	if !errors.Is(err, sampler.ErrNaN) || !errors.As(err, &at) || at.Level != 0 || at.Position != 16 {
		t.Errorf("NaN: %v", err)
	}
}

func TestCancel(t *testing.T) {
	m := openModel(t, testgguf.Decoder(1).Write(t, "model.gguf"), Options{Window: 32})
	ctx, cancel := context.WithCancelCause(background)
	why := errors.New("enough")
	cancel(why)
	if err := m.Start(ctx, make([]int32, 8)); !errors.Is(err, why) {
		t.Errorf("canceled: %v", err)
	}
	if err := m.Start(background, make([]int32, 8)); err != nil {
		t.Errorf("after it: %v", err)
	}
	if _, err := Open(ctx, testgguf.Decoder(1).Write(t, "model.gguf"), Options{}); !errors.Is(err, why) {
		t.Errorf("opening: %v", err)
	}
}

// TestGenerated: the same seed writes the same text, another one another, and how many
// windows are asked for does not change the first ones.
func TestGenerated(t *testing.T) {
	m := openModel(t, testgguf.Decoder(1).Write(t, "model.gguf"), Options{Window: 24})
	generate := func(windows int, seed uint64) *eval.Text {
		done := 0
		text, err := m.Generated(background, windows, seed, func(n, total int) {
			if n <= done || total != windows*24 {
				t.Fatalf("progress %d of %d after %d", n, total, done)
			}
			done = n
		})
		if err != nil {
			t.Fatal(err)
		}
		if text.Windows() != windows || done != windows*24 {
			t.Fatalf("%d windows, progress %d", text.Windows(), done)
		}
		return text
	}
	a, b, c := generate(10, 1), generate(10, 1), generate(10, 2)
	if a.Hash() != b.Hash() || a.Hash() == c.Hash() {
		t.Error("a seed does not say what is written")
	}
	few := generate(3, 1)
	for i, token := range few.Tokens {
		if a.Tokens[i] != token {
			t.Fatalf("token %d of three windows is another than that of ten", i)
		}
	}
	for i := range 10 {
		if a.Tokens[24*i] != int32(m.Info().BOS) {
			t.Errorf("window %d begins with %d", i, a.Tokens[24*i])
		}
	}
	if _, err := m.Generated(background, 0, 1, nil); err == nil {
		t.Error("no window")
	}
	none := openModel(t, testgguf.Recurrent(1).Write(t, "model.gguf"), Options{Window: 24})
	if none.beginning() == llama.NoToken {
		t.Error("a model with an end of text cannot begin one")
	}
}

// TestSmolLM2: a real model is not away from itself, and q8_0 in its KV cache is a little;
// conversations are rendered with its template.
func TestSmolLM2(t *testing.T) {
	path := testmodel.SmolLM2(t)
	a := openModel(t, path, Options{Window: 64})
	b := openModel(t, path, Options{Window: 64})
	c := openModel(t, path, Options{Window: 64, Engine: engine.Options{KeyType: "q8_0", ValueType: "q8_0"}})
	chat := `{"messages":[{"role":"user","content":"` + prose + `"},{"role":"assistant","content":"Green, you say?"}],"add_generation_prompt":false}`
	text, err := a.Prompts([]eval.Prompt{{Text: "Once upon a time there was a king."}, {Chat: []byte(chat)}})
	if err != nil {
		t.Fatal(err)
	}
	var marks int
	for _, token := range text.Tokens {
		if a.model.IsControl(llama.Token(token)) {
			marks++
		}
	}
	if marks < 4 {
		t.Errorf("%d control tokens in a conversation", marks)
	}
	g, err := Compare(a, []*Model{b, c}, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, levels, err := g.Window(background, text, 1)
	if err != nil {
		t.Fatal(err)
	}
	if d := levels[0].Against; d.KLD != 0 || d.Same != levels[0].Tokens {
		t.Errorf("away from itself by %v, the same token in %d of %d", d.KLD, d.Same, levels[0].Tokens)
	}
	if d := levels[1].Against.KLD / float64(levels[1].Tokens); d <= 0 || d > 0.05 {
		t.Errorf("with a KV cache of q8_0 away by %v", d)
	}
}
