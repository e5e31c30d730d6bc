package llama_test

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// sequence is one of several in a context.
type sequence struct {
	prompt    string
	generated []llama.Token
	logits    [][]float32 // behind the prompt and each token but the last
}

var sequencePrompts = []string{"hello world", "the river is green", "one red house and two", "a"}

// TestSequencesTogether: sequences in one batch give what each gives alone, in a cache
// of their own and in one for all.
func TestSequencesTogether(t *testing.T) {
	m := load(t, testgguf.Decoder(1).Write(t, "decoder.gguf"))
	const steps = 8
	var alone []*sequence
	for _, prompt := range sequencePrompts {
		s := &sequence{prompt: prompt}
		generateTogether(t, m, newContext(t, m, nil), steps, s)
		alone = append(alone, s)
	}
	for _, unified := range []bool{false, true} {
		c := newContext(t, m, func(p *llama.ContextParams) { p.Sequences, p.UnifiedKV, p.Context = 4, unified, 1024 })
		var together []*sequence
		for _, prompt := range sequencePrompts {
			together = append(together, &sequence{prompt: prompt})
		}
		generateTogether(t, m, c, steps, together...)
		for i, s := range together {
			if !slices.Equal(s.generated, alone[i].generated) {
				t.Errorf("unified %v, %q: %v, alone %v", unified, s.prompt, s.generated, alone[i].generated)
			}
			if d := distance(s.logits, alone[i].logits); d > 0.01 {
				t.Errorf("unified %v, %q: logits differ by %v", unified, s.prompt, d)
			}
		}
		if slices.Equal(together[0].generated, together[1].generated) {
			t.Error("two prompts have one reply")
		}
		checkSequences(t, m, c, together)
	}
}

// checkSequences copies, removes and keeps sequences of a context, whose memory holds
// some, and looks that the others stay as they are.
func checkSequences(t *testing.T, m *llama.Model, c *llama.Context, all []*sequence) {
	t.Helper()
	mem := c.Memory()
	last := func(i int) int {
		_, last, err := mem.Range(i)
		if err != nil {
			t.Fatal(err)
		}
		return last
	}
	ends := []int{last(0), last(1), last(2), last(3)}
	if ok, err := mem.Remove(3, -1, -1); !ok || err != nil {
		t.Errorf("remove: %v, %v", ok, err)
	}
	if err := mem.Copy(1, 3, -1, -1); err != nil {
		t.Error(err)
	}
	if got := []int{last(0), last(1), last(2), last(3)}; !slices.Equal(got, []int{ends[0], ends[1], ends[2], ends[1]}) {
		t.Errorf("after a copy of 1 to 3, sequences end at %v; before at %v", got, ends)
	}
	b := newBatch(t, 2, 1)
	next := all[1].generated[len(all[1].generated)-1]
	for _, i := range []int{1, 3} {
		if err := b.Add(next, ends[1]+1, true, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Decode(b); err != nil {
		t.Fatal(err)
	}
	if d := distance([][]float32{row(t, c, 0)}, [][]float32{row(t, c, 1)}); d > 0.01 {
		t.Errorf("a sequence and its copy differ by %v", d)
	}
	if err := mem.Keep(2); err != nil {
		t.Error(err)
	}
	if got := []int{last(0), last(1), last(2), last(3)}; !slices.Equal(got, []int{-1, -1, ends[2], -1}) {
		t.Errorf("kept 2 of %v: %v", ends, got)
	}
}

// generateTogether decodes all prompts in one batch, then a token of each a step, always
// the likeliest.
func generateTogether(t *testing.T, m *llama.Model, c *llama.Context, steps int, all ...*sequence) {
	t.Helper()
	b := newBatch(t, 64, 1)
	var rows, ends []int
	for i, s := range all {
		tokens, err := m.Tokenize(s.prompt, true, false)
		if err != nil {
			t.Fatal(err)
		}
		for pos, token := range tokens {
			if err := b.Add(token, pos, pos == len(tokens)-1, i); err != nil {
				t.Fatal(err)
			}
		}
		rows, ends = append(rows, b.Len()-1), append(ends, len(tokens))
	}
	for step := range steps {
		if err := c.Decode(b); err != nil {
			t.Fatal(err)
		}
		for i, s := range all {
			s.logits = append(s.logits, row(t, c, rows[i]))
		}
		b.Clear()
		for i, s := range all {
			logits := s.logits[step]
			best := llama.Token(slices.Index(logits, slices.Max(logits)))
			s.generated = append(s.generated, best)
			rows[i] = i
			if err := b.Add(best, ends[i]+step, true, i); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func row(t *testing.T, c *llama.Context, i int) []float32 {
	t.Helper()
	logits, err := c.Logits(i)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(logits)
}

// distance is the largest difference of two tables of the same size.
func distance(a, b [][]float32) (d float64) {
	for i := range a {
		for j := range a[i] {
			d = max(d, math.Abs(float64(a[i][j]-b[i][j])))
		}
	}
	return d
}
