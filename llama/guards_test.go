package llama_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/llama"
)

// A guardCase does what would end or hang the process if the engine saw it. All errors
// that it returns must be of one kind; nil: the engine takes it, and must live on.
type guardCase struct {
	want error
	run  func(g *guarded) []error
}

// guarded is what the cases work on: a tiny decoder, a context of two sequences in one
// cache, and a batch.
type guarded struct {
	*testing.T
	m *llama.Model
	c *llama.Context
	b *llama.Batch
}

// guardEnv names the case that a child process runs.
const guardEnv = "LLAMA_TEST_GUARD"

// TestGuards runs each case in a process of its own: it must end by itself, in time,
// with the error that is expected and with a model that still works.
func TestGuards(t *testing.T) {
	cases := map[string]guardCase{}
	for _, some := range []map[string]guardCase{decodeGuards, memoryGuards, contextGuards, stateGuards, adapterGuards, grammarGuards, schemaGuards, closeGuards, chatGuards, replyGuards, vocabularyGuards, imatrixGuards, nativeGuards, quantizeGuards} {
		for name, c := range some {
			if _, twice := cases[name]; twice {
				t.Fatalf("two cases are called %q", name)
			}
			cases[name] = c
		}
	}
	if name := os.Getenv(guardEnv); name != "" {
		runGuard(t, cases[name])
		return
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) { startGuard(t, name, cases[name].want) })
	}
}

func startGuard(t *testing.T, name string, want error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestGuards$")
	child.Env = append(os.Environ(), guardEnv+"="+name, "GOTRACEBACK=single")
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), guardReport(want)) {
		t.Errorf("%v (%v): %.3000s", err, ctx.Err(), out)
	}
}

// guardReport is what a child says when all went as expected.
func guardReport(want error) string { return fmt.Sprintf("guarded: %v\n", want) }

func runGuard(t *testing.T, c guardCase) {
	path := testgguf.Decoder(1).Write(t, "decoder.gguf")
	m := load(t, path)
	g := &guarded{t, m, newContext(t, m, func(p *llama.ContextParams) { p.Sequences, p.UnifiedKV, p.Ubatch = 2, true, 32 }), newBatch(t, 80, 2)}
	errs := c.run(g)
	if len(errs) == 0 {
		t.Error("nothing was tried")
	}
	for i, err := range errs {
		if !errors.Is(err, c.want) {
			t.Errorf("call %d: %.500v, want: %v", i, err, c.want)
		}
	}
	g.works()
	if !t.Failed() {
		fmt.Print(guardReport(c.want))
	}
}

// works decodes a token in the context of the case, or in a new one where it was
// closed.
func (g *guarded) works() {
	g.Helper()
	m, c := g.m, g.c
	if _, err := m.Tokenize("x", true, true); err != nil {
		m = g.model(testgguf.Decoder(1))
	}
	if err := c.Memory().Clear(); err != nil {
		c = newContext(g.T, m, nil)
	}
	b := newBatch(g.T, 1, 1)
	if err := errors.Join(b.Add(300, 0, true, 0), c.Decode(b)); err != nil {
		g.Fatalf("a good token afterwards: %v", err)
	}
	logits, err := c.Logits(-1)
	if err != nil || math.IsNaN(float64(logits[0])) {
		g.Fatalf("logits afterwards: %v", err)
	}
}

// add puts one token into the empty batch.
func (g *guarded) add(token llama.Token, pos int, sequences ...int) {
	g.Helper()
	g.b.Clear()
	if err := g.b.Add(token, pos, true, sequences...); err != nil {
		g.Fatal(err)
	}
}

// decode computes n tokens of sequence 0 from position pos; the last asks for logits.
func (g *guarded) decode(n, pos int) error {
	g.Helper()
	fill(g.T, g.b, n, pos)
	return g.c.Decode(g.b)
}

// model loads another model, which is closed when the case ends.
func (g *guarded) model(f *testgguf.File) *llama.Model {
	g.Helper()
	m, err := llama.LoadModel(f.Write(g, "model.gguf"), llama.DefaultModelParams())
	g.must(err)
	g.Cleanup(func() {
		if err := m.Close(); err != nil {
			g.Error(err)
		}
	})
	return m
}

// must stops the case when its setting cannot be made.
func (g *guarded) must(errs ...error) {
	g.Helper()
	if err := errors.Join(errs...); err != nil {
		g.Fatal(err)
	}
}
