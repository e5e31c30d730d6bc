package llama_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

func collecting(t *testing.T, f *testgguf.File, what llama.Collect) (*llama.Model, *llama.Context, *llama.Batch) {
	t.Helper()
	m := load(t, f.Write(t, "model.gguf"))
	return m, newContext(t, m, func(p *llama.ContextParams) { p.Collect = what }), newBatch(t, 64, 1)
}

// entry finds one by name.
func entry(entries []llama.Collected, name string) *llama.Collected {
	for i := range entries {
		if entries[i].Name == name {
			return &entries[i]
		}
	}
	return nil
}

// TestCollected: what the first layer's matrices see follows from the weights: tokens of
// length √n after normalization, so that a token's squares have the sum n.
func TestCollected(t *testing.T) {
	_, c, b := collecting(t, testgguf.Mixture(1), llama.CollectOutput)
	const n = 24
	fillAll(t, b, n)
	for range 2 {
		if err := errors.Join(c.Memory().Clear(), c.Decode(b)); err != nil {
			t.Fatal(err)
		}
	}
	entries := c.Collector().Entries()
	for _, name := range []string{"blk.0.attn_q.weight", "blk.0.ffn_gate_inp.weight", "output.weight"} {
		e := entry(entries, name)
		if e == nil || len(e.Counts) != 1 || e.Counts[0] != 2*n || len(e.Sums) != testgguf.Embedding {
			t.Fatalf("%s: %+v", name, e)
		}
		sum := 0.0
		for _, s := range e.Sums {
			sum += float64(s)
		}
		if want := 2.0 * n * testgguf.Embedding; math.Abs(sum-want) > 0.01*want {
			t.Errorf("%s: the sums come to %g, want %g", name, sum, want)
		}
	}
	// Two experts work on each token.
	up := entry(entries, "blk.0.ffn_up_exps.weight")
	if up == nil || len(up.Counts) != 4 || len(up.Sums) != 4*testgguf.Embedding {
		t.Fatalf("experts: %+v", up)
	}
	var routed int64
	for i, count := range up.Counts {
		routed += count
		sum := 0.0
		for _, s := range up.Sums[i*testgguf.Embedding : (i+1)*testgguf.Embedding] {
			sum += float64(s)
		}
		if want := float64(count) * testgguf.Embedding; math.Abs(sum-want) > 0.01*want {
			t.Errorf("expert %d of %d tokens: the sums come to %g, want %g", i, count, sum, want)
		}
	}
	if routed != 2*2*n {
		t.Errorf("the experts saw %d tokens, want %d", routed, 2*2*n)
	}
}

// fillAll asks for the logits of all tokens.
func fillAll(t *testing.T, b *llama.Batch, n int) {
	t.Helper()
	b.Clear()
	for i := range n {
		if err := b.Add(llama.Token(100+i), i, true, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCollectorContinues: what was taken out and put back adds up to the same bits.
func TestCollectorContinues(t *testing.T) {
	m, c, b := collecting(t, testgguf.Decoder(1), llama.CollectLayers)
	other := newContext(t, m, func(p *llama.ContextParams) { p.Collect = llama.CollectLayers })
	fillAll(t, b, 40)
	decode := func(c *llama.Context) {
		t.Helper()
		if err := errors.Join(c.Memory().Clear(), c.Decode(b)); err != nil {
			t.Fatal(err)
		}
	}
	decode(c)
	if err := other.Collector().Restore(c.Collector().Entries()); err != nil {
		t.Fatal(err)
	}
	decode(c)
	decode(other)
	want, got := c.Collector().Entries(), other.Collector().Entries()
	if len(want) == 0 || len(got) != len(want) || entry(want, "output.weight") != nil {
		t.Fatalf("%d and %d entries", len(got), len(want))
	}
	for _, w := range want {
		g := entry(got, w.Name)
		for i := range w.Sums {
			if g == nil || g.Sums[i] != w.Sums[i] || g.Counts[0] != w.Counts[0] {
				t.Fatalf("%s differs", w.Name)
			}
		}
	}
}

func TestCollectorLeavesOut(t *testing.T) {
	m, c, b := collecting(t, testgguf.Decoder(1), llama.CollectLayers)
	fillAll(t, b, 15)
	if err := c.Decode(b); err != nil {
		t.Fatal(err)
	}
	if n := len(c.Collector().Entries()); n != 0 {
		t.Errorf("%d entries of a batch of 15 tokens", n)
	}
	c.Cancel(true)
	if err := c.Decode(b); !errors.Is(err, llama.ErrCanceled) {
		t.Errorf("cancelled: %v", err)
	}
	c.Cancel(false)
	plain := newContext(t, m, nil)
	if plain.Collector() != nil {
		t.Error("a context that was not asked collects")
	}
}

// TestCollectorSaysWhatIsNotFinite: and goes on when it is emptied.
func TestCollectorSaysWhatIsNotFinite(t *testing.T) {
	f := testgguf.Decoder(1)
	damaged := make([]float32, testgguf.Embedding)
	damaged[3] = float32(math.NaN())
	f.RemoveTensor("blk.1.attn_norm.weight").Add("blk.1.attn_norm.weight", damaged, testgguf.Embedding)
	_, c, b := collecting(t, f, llama.CollectLayers)
	fillAll(t, b, 32)
	for range 2 {
		err := errors.Join(c.Memory().Clear(), c.Decode(b))
		if !errors.Is(err, llama.ErrDecode) || !strings.Contains(err.Error(), "blk.1.attn_") || !strings.Contains(err.Error(), "not finite") {
			t.Fatalf("%v", err)
		}
		if err := c.Collector().Restore(nil); err != nil {
			t.Fatal(err)
		}
	}
}
