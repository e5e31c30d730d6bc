package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/sampler"
)

// TestGroup: in blocks and side by side the figures are what the definitions say.
func TestGroup(t *testing.T) {
	const vocab = 300
	for _, size := range []int{4, 5, 32, 33} {
		text := newText(t, words(3*size+2, vocab), size, 7)
		for _, rows := range []int{1, 3, 16, 100} {
			reference := &fake{vocab: vocab, rows: 100}
			levels := []*fake{{vocab: vocab, rows: rows, noise: 0.1}, {vocab: vocab, rows: 100, noise: 1}}
			for _, workers := range []int{1, 4} {
				g, err := NewGroup(reference, []Scorer{levels[0], levels[1]}, workers)
				if err != nil {
					t.Fatal(err)
				}
				own, got, err := g.Window(context.Background(), text, 2)
				if err != nil {
					t.Fatal(err)
				}
				window := text.window(nil, 2)
				if window[0] != 7 || own.Tokens != text.Scored() {
					t.Fatalf("the window begins with %d, %d tokens were scored", window[0], own.Tokens)
				}
				for i, l := range levels {
					want := plainly(&fake{vocab: vocab}, &fake{vocab: vocab, noise: l.noise}, window)
					want.Chunk = 2
					alike(t, got[i], want)
					if math.Abs(own.NLL-want.Against.ReferenceNLL) > 1e-6 {
						t.Errorf("the reference's own sum is %v, beside the level %v", own.NLL, want.Against.ReferenceNLL)
					}
				}
			}
		}
	}
}

// alike compares results, with what floats leave.
func alike(t *testing.T, got, want ChunkResult) {
	t.Helper()
	flat := func(c ChunkResult) []float64 {
		a := c.Against
		v := []float64{float64(c.Chunk), float64(c.Tokens), c.NLL, c.NLL2, a.ReferenceNLL, a.ReferenceNLL2, a.CrossNLL, a.KLD, a.KLD2, float64(a.Same), a.DeltaP, a.DeltaP2, a.DeltaP4, a.MaxDeltaP}
		for _, x := range a.Values {
			v = append(v, float64(x))
		}
		return v
	}
	g, w := flat(got), flat(want)
	if len(g) != len(w) {
		t.Fatalf("%d numbers, want %d", len(g), len(w))
	}
	for i := range g {
		if math.Abs(g[i]-w[i]) > 2e-5*(1+math.Abs(w[i])) {
			t.Errorf("number %d is %v, want %v", i, g[i], w[i])
		}
	}
}

// TestGroupAlone: without a reference there is perplexity, and models need not be alike.
func TestGroupAlone(t *testing.T) {
	a, b := &fake{vocab: 50, rows: 4}, &fake{vocab: 70, rows: 9}
	g, err := NewGroup(nil, []Scorer{a, b}, 2)
	if err != nil {
		t.Fatal(err)
	}
	text := newText(t, words(40, 50), 20, -1)
	own, got, err := g.Window(context.Background(), text, 0)
	if err != nil || own != nil || len(got) != 2 || got[0].Against != nil {
		t.Fatalf("%v %v %v", own, got, err)
	}
	want := plainly(&fake{vocab: 50}, &fake{vocab: 50}, text.window(nil, 0))
	if math.Abs(got[0].NLL-want.NLL) > 1e-5 {
		t.Errorf("sum %v, want %v", got[0].NLL, want.NLL)
	}
	if _, err := NewGroup(a, []Scorer{b}, 1); !errors.Is(err, ErrVocabulary) {
		t.Errorf("a reference of another vocabulary: %v", err)
	}
	if _, err := NewGroup(nil, nil, 1); err == nil {
		t.Error("a group of nobody")
	}
	if _, _, err := g.Window(context.Background(), text, 2); err == nil {
		t.Error("a window that is not there")
	}
}

func TestGroupRefusesRows(t *testing.T) {
	const vocab = 20
	row := func(at int, x float32) func(int) []float32 {
		return func(p int) []float32 {
			if p != at {
				return nil
			}
			r := make([]float32, vocab)
			r[3] = x
			return r
		}
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name           string
		reference, bad func(int) []float32
		want           error
		level          int
	}{
		{"NaN of a level", nil, row(13, nan), sampler.ErrNaN, 1},
		{"NaN of the reference", row(13, nan), nil, sampler.ErrNaN, -1},
		{"an infinite logit", nil, row(13, inf), sampler.ErrNoDistribution, 1},
		{"a token ruled out", nil, row(13, -inf), ErrInfinite, 1},
	} {
		reference := &fake{vocab: vocab, rows: 4, bad: c.reference}
		level := &fake{vocab: vocab, rows: 4, bad: c.bad}
		g, err := NewGroup(reference, []Scorer{&fake{vocab: vocab, rows: 4}, level}, 2)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = g.Window(context.Background(), newText(t, words(20, vocab), 20, -1), 0)
		var at *RowError
		if !errors.Is(err, c.want) || !errors.As(err, &at) || at.Level != c.level || at.Position != 13 || at.Window != 0 {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Behind the last position that is scored nothing is looked at.
	g, _ := NewGroup(nil, []Scorer{&fake{vocab: vocab, rows: 4, bad: row(19, nan)}}, 1)
	if _, _, err := g.Window(context.Background(), newText(t, words(20, vocab), 20, -1), 0); err != nil {
		t.Errorf("the row behind the last token: %v", err)
	}
	g, _ = NewGroup(nil, []Scorer{&fake{vocab: vocab, rows: 4}}, 1)
	if _, _, err := g.Window(context.Background(), newText(t, words(20, 30), 20, -1), 0); err == nil || !strings.Contains(err.Error(), "not in the vocabulary") {
		t.Errorf("a token that is not in the vocabulary: %v", err)
	}
}

func TestGroupCanceled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("enough")
	cancel(why)
	g, _ := NewGroup(nil, []Scorer{&fake{vocab: 9, rows: 4}}, 1)
	if _, _, err := g.Window(ctx, newText(t, words(20, 9), 20, -1), 0); !errors.Is(err, why) {
		t.Errorf("canceled: %v", err)
	}
}

func TestText(t *testing.T) {
	if _, err := NewText(words(511, 9), 512, -1); !errors.Is(err, ErrShort) || !strings.Contains(err.Error(), "511") {
		t.Errorf("a short text: %v", err)
	}
	if _, err := NewText(words(5, 9), 3, -1); err == nil {
		t.Error("windows of three tokens")
	}
	a, b := newText(t, words(64, 9), 16, 1), newText(t, words(70, 9), 16, 1)
	if a.Hash() != b.Hash() {
		t.Error("what fills no window changes the hash")
	}
	for _, other := range []*Text{newText(t, words(80, 9), 16, 1), newText(t, words(64, 9), 16, 2), newText(t, words(64, 9), 32, 1)} {
		if a.Hash() == other.Hash() {
			t.Errorf("another text has the same hash: %d tokens in windows of %d", len(other.Tokens), other.Size)
		}
	}
	if full := newText(t, words(512, 9), 512, -1); full.Scored() != 255 {
		t.Errorf("%d tokens of a window of 512 are scored; llama-perplexity scores 255", full.Scored())
	}
}

func TestChunkJSON(t *testing.T) {
	c := plainly(&fake{vocab: 30}, &fake{vocab: 30, noise: 1}, words(20, 30))
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var back ChunkResult
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, c) {
		t.Errorf("written and read: %v, %v", back, err)
	}
	for _, bad := range []string{`"AAAA"`, `"AAAAAA"`, `"!"`, `3`, `"AADAfw=="`} { // the last one is NaN
		var f Floats
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s was read as %v", bad, f)
		}
	}
}

func TestJournal(t *testing.T) {
	var file bytes.Buffer
	c := plainly(&fake{vocab: 30}, &fake{vocab: 30, noise: 1}, words(20, 30))
	for i, e := range []Entry{{"a", "Q4_0", c}, {"b", "Q4_0", c}, {"a", "Q8_0", c}, {"a", "Q4_0", c}} {
		e.Chunk.Chunk = i
		if err := Append(&file, e); err != nil {
			t.Fatal(err)
		}
	}
	whole := file.Len()
	file.WriteString(`{"under":"a","level":"Q4`)
	levels, n, err := ReadJournal(bytes.NewReader(file.Bytes()), "a")
	if err != nil || n != int64(whole) || len(levels["Q4_0"]) != 2 || len(levels["Q8_0"]) != 1 || levels["Q4_0"][1].Chunk != 3 {
		t.Errorf("%d of %d bytes, %v, %v", n, whole, levels, err)
	}
	for _, bad := range []string{"{}\n", "what\n", `{"under":"a","level":"x","result":{"chunk":0,"tokens":-1}}` + "\n", `{"under":"a","result":{"chunk":0,"tokens":1},"more":1}` + "\n",
		`{"under":"a","level":"x","result":{"chunk":0,"tokens":2,"against":{"values":"AACAPw=="}}}` + "\n"} {
		if _, _, err := ReadJournal(strings.NewReader(bad), "a"); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(`{"under":"a","level":"x","result":{"chunk":0,"tokens":1,"nll":1,"nll2":1,"against":{"same":1,"values":"AACAPw=="}}}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		levels, n, err := ReadJournal(bytes.NewReader(b), "a")
		if err != nil {
			return
		}
		if n > int64(len(b)) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		for _, chunks := range levels {
			if q, err := Summarize(chunks, 0.95); err == nil && q.Tokens < 1 {
				t.Fatalf("figures of %d tokens", q.Tokens)
			}
		}
	})
}
