package worker

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
)

// TestSameAsInProcess: the same answers, event by event, and the same errors, word by
// word.
func TestSameAsInProcess(t *testing.T) {
	here, err := engine.Open(context.Background(), testmodel.SmolLM2(t), small)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	m := mustOpen(t, small, Config{})
	question := prompt("", 12)
	question.Messages = []chat.Message{{Role: chat.System, Content: "Be brief."}, {Role: chat.User, Content: "What is <b>2+2</b>?\u2028"}}
	tools := question
	tools.Tools = []chat.Tool{{Name: "weather", Parameters: []byte(`{ "type":"object", "properties":{"city":{"type":"string"}}}`)}}
	long := prompt(strings.Repeat("All work and no play. ", 100), 4)
	shifted := long
	shifted.Overflow = chat.OverflowShift
	badText, badPolicy, badSampling, badTool := prompt("a\xff", 4), prompt("a", 4), prompt("a", 4), question
	badPolicy.Overflow = "throw away"
	badSampling.Sampling.Temperature = math.NaN()
	badTool.Tools = []chat.Tool{{Name: "x", Parameters: []byte(`{"type"`)}}
	infinite := prompt("a", 4)
	infinite.Sampling.PresencePenalty = math.Inf(1)
	stop, likely := prompt("1, 2, 3,", 12), prompt("The sky is", 4)
	stop.Stop = []string{" 6"}
	likely.Logprobs = 3
	schema := question
	schema.Schema, schema.IgnoreEOG, schema.MaxTokens = []byte(`{"type":"object", "properties":{"n":{"type":"integer"}},"required":["n"]}`), false, 24
	noSchema := schema
	noSchema.Schema = []byte(`{"type`)
	for _, r := range []chat.Request{prompt("Once upon a time", 12), prompt("日本の首都は", 12), question, tools, stop, likely, schema, noSchema, shifted, long, badText, badPolicy, badSampling, badTool, infinite} {
		want := collect(t, here.Generate(context.Background(), r))
		got := generate(t, m, r)
		for _, a := range []answer{want, got} {
			if a.usage != nil { // what a clock says differs
				a.usage.Queued, a.usage.Prompt, a.usage.FirstToken, a.usage.Generation = 0, 0, 0, 0
			}
		}
		if !reflect.DeepEqual(got.events, want.events) {
			t.Errorf("%.20q: %+v\n%+v", r.Prompt, got.events, want.events)
		}
		if !sameError(got.err, want.err) {
			t.Errorf("%.20q: error %v, in process %v", r.Prompt, got.err, want.err)
		}
	}
	var full *chat.ErrContextFull
	var text *chat.TextError
	if err := generate(t, m, long).err; !errors.As(err, &full) || full.Size != 256 {
		t.Error(err)
	}
	if err := generate(t, m, badText).err; !errors.As(err, &text) || text.Offset != 1 {
		t.Error(err)
	}
	if got, want := m.Info(), here.Info(); got.Context != want.Context || got.Model != want.Model || got.Path != want.Path || !reflect.DeepEqual(got.Memory, want.Memory) {
		t.Errorf("%+v\n%+v", got, want)
	}
	compareTokenizers(t, m, here)
	compareEmbeddings(t, m, here)
	compareStates(t, m, here)
}

func compareEmbeddings(t *testing.T, m *Model, here *engine.Engine) {
	t.Helper()
	for _, r := range []chat.EmbedRequest{{Texts: []string{"Hello", "a longer text"}}, {Texts: []string{"Hello"}, Raw: true}, {}, {Texts: []string{"\xff"}}, {Texts: []string{strings.Repeat("long ", 300)}}} {
		got, err := m.Embed(context.Background(), r)
		want, werr := here.Embed(context.Background(), r)
		if !reflect.DeepEqual(got, want) || !sameError(err, werr) {
			t.Errorf("%.1q: %v, in process %v", r.Texts, err, werr)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.Embed(ctx, chat.EmbedRequest{Texts: []string{"Hello"}}); err != context.Canceled {
		t.Error(err)
	}
}

// compareStates saves in one process and loads in the other, from another folder.
func compareStates(t *testing.T, m *Model, here *engine.Engine) {
	t.Helper()
	r := prompt("Once upon a time there was a", 4)
	r.NoReuse = false
	want := generate(t, m, r)
	t.Chdir(t.TempDir())
	ctx, note := context.Background(), []byte("a note\xff")
	if err := m.SaveState(ctx, "state", note); err != nil {
		t.Fatal(err)
	}
	generate(t, m, prompt("Something else", 1))
	for name, model := range map[string]interface {
		LoadState(context.Context, string) ([]byte, error)
	}{"isolated": m, "in process": here} {
		if got, err := model.LoadState(ctx, "state"); err != nil || !bytes.Equal(got, note) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if got := generate(t, m, r); got.text != want.text || got.usage.CachedTokens < 5 {
		t.Errorf("%q, %+v; before %q", got.text, got.usage, want.text)
	}
	if err := os.WriteFile("state", []byte("no state"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := m.LoadState(ctx, "state")
	if _, werr := here.LoadState(ctx, "state"); !errors.Is(err, chat.ErrState) || strings.ReplaceAll(err.Error(), mustGetwd(t)+"/", "") != werr.Error() {
		t.Errorf("%v; in process %v", err, werr)
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	for _, sentinel := range sentinels {
		if errors.Is(a, sentinel) != errors.Is(b, sentinel) {
			return false
		}
	}
	return a.Error() == b.Error()
}

func compareTokenizers(t *testing.T, m *Model, here *engine.Engine) {
	t.Helper()
	for _, text := range []string{"", "Hello, world", "<|im_start|>", "日本", "\xe6\x97", "a\x00b"} {
		got, err := m.Tokenize(text, true, true)
		want, werr := here.Tokenize(text, true, true)
		if !slices.Equal(got, want) || !sameError(err, werr) {
			t.Errorf("%q: %v, %v; in process %v, %v", text, got, err, want, werr)
		}
		back, err := m.Detokenize(got)
		if wback, werr := here.Detokenize(want); back != wback || !sameError(err, werr) {
			t.Errorf("%q: %q, %v; in process %q, %v", text, back, err, wback, werr)
		}
	}
	for _, token := range []llama.Token{0, 1, 300, -1, 1 << 30} {
		got, err := m.Piece(token)
		if want, werr := here.Piece(token); !bytes.Equal(got, want) || !sameError(err, werr) {
			t.Errorf("piece %d: %q, %v; in process %q, %v", token, got, err, want, werr)
		}
	}
	if text, err := m.Detokenize(nil); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestOpenErrors are those of the engine.
func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.gguf")
	if err := os.WriteFile(text, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	huge := small
	huge.Context = 1 << 30
	broken := small
	broken.ChatTemplate = "{% for %}"
	for _, c := range []struct {
		path string
		o    engine.Options
		is   error
	}{
		{filepath.Join(dir, "none\xff.gguf"), small, fs.ErrNotExist},
		{text, small, engine.ErrNotModel},
		{dir, small, engine.ErrNotModel},
		{testmodel.SmolLM2(t), huge, nil},
		{testmodel.SmolLM2(t), broken, nil},
	} {
		_, err := Open(context.Background(), c.path, c.o, Config{})
		_, want := engine.Open(context.Background(), c.path, c.o)
		if err == nil || !sameError(err, want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%v; in process %v", err, want)
		}
	}
}

func TestProgressAndCancelOfALoad(t *testing.T) {
	var fractions []float32
	o := small
	o.Progress = func(f float32) { fractions = append(fractions, f) }
	m := mustOpen(t, o, Config{})
	if len(fractions) == 0 || !slices.IsSorted(fractions) || fractions[len(fractions)-1] != 1 {
		t.Errorf("%v", fractions)
	}
	mustAnswer(t, m)
	gone := errors.New("the user left")
	ctx, cancel := context.WithCancelCause(context.Background())
	o.Progress = func(float32) { cancel(gone) }
	if m, err := Open(ctx, testmodel.SmolLM2(t), o, Config{}); !errors.Is(err, gone) || !strings.Contains(err.Error(), "loading was stopped: the user left") {
		t.Errorf("%v, %v", m, err)
	}
	if _, err := Open(ctx, testmodel.SmolLM2(t), o, Config{}); !errors.Is(err, gone) {
		t.Error(err)
	}
}

// TestCancel: what comes before the cause, the cause itself, and that it is quick.
func TestCancel(t *testing.T) {
	m := mustOpen(t, small, Config{Grace: time.Minute})
	first := pid(m)
	gone := errors.New("the user left")
	for _, text := range []string{"Once upon a time", strings.Repeat("All work and no play. ", 35)} {
		ctx, cancel := context.WithCancelCause(context.Background())
		var at time.Time
		time.AfterFunc(30*time.Millisecond, func() { at = time.Now(); cancel(gone) })
		a := collect(t, m.Generate(ctx, prompt(text, 0)))
		if a.err != gone || a.stop == nil || a.stop.Reason != chat.StopCanceled || a.usage == nil {
			t.Errorf("%v, %+v", a.err, a.stop)
		}
		if took := time.Since(at); took > 20*time.Second {
			t.Errorf("a cancel took %v", took)
		}
		if a := collect(t, m.Generate(ctx, prompt(text, 0))); a.err != gone || a.stop == nil || a.usage.PromptTokens != 0 {
			t.Errorf("%v, %+v", a.err, a.stop)
		}
		cancel(nil)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if a := collect(t, m.Generate(ctx, prompt("Once", 0))); a.err != context.DeadlineExceeded {
		t.Error(a.err)
	}
	mustAnswer(t, m)
	if pid(m) != first {
		t.Error("a cancelled request cost the child its life")
	}
}

// TestBreak leaves the loop at the first event, again and again; a slow consumer, and
// one that asks the model in its own loop, hold nobody up.
func TestBreak(t *testing.T) {
	m := mustOpen(t, small, Config{Grace: time.Minute})
	first := pid(m)
	for range 5 {
		for range m.Generate(context.Background(), prompt("Once upon a time", 0)) {
			break
		}
	}
	events := 0
	for _, err := range m.Generate(context.Background(), prompt("Once upon a time", 5)) {
		if err != nil {
			t.Fatal(err)
		}
		events++
		mustAnswer(t, m)
	}
	if events != 7 || pid(m) != first {
		t.Errorf("%d events", events)
	}
}

// TestGoroutines has many of them use and cancel one model.
func TestGoroutines(t *testing.T) {
	m := mustOpen(t, small, Config{Grace: time.Minute})
	want := generate(t, m, prompt("The sky is", 6)).text
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 4 {
				if (i+j)%4 == 0 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(j)*5*time.Millisecond)
					collect(t, m.Generate(ctx, prompt("The sea is", 8)))
					cancel()
				}
				if a := generate(t, m, prompt("The sky is", 6)); a.err != nil || a.text != want {
					t.Errorf("%q, %v; alone %q", a.text, a.err, want)
				}
				if tokens, err := m.Tokenize("Hello", false, false); err != nil || len(tokens) != 1 {
					t.Errorf("%v, %v", tokens, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestClose(t *testing.T) {
	m := mustOpen(t, small, Config{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if a := generate(t, m, prompt("Once upon a time", 0)); !errors.Is(a.err, chat.ErrClosed) {
				t.Errorf("%v", a.err)
			}
		})
	}
	for range m.Generate(context.Background(), prompt("", 1)) { // the others run or wait
		break
	}
	time.Sleep(100 * time.Millisecond)
	process := m.child.process
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := m.Close(); err != nil || !process.ended(time.Second) {
		t.Error(err)
	}
	if a := generate(t, m, prompt("Once", 1)); a.err != chat.ErrClosed {
		t.Error(a.err)
	}
	if _, err := m.Tokenize("x", false, false); err != chat.ErrClosed {
		t.Error(err)
	}
	// From within a loop.
	m = mustOpen(t, small, Config{})
	var last error
	for _, err := range m.Generate(context.Background(), prompt("Once", 0)) {
		if last = err; err == nil && m.Close() != nil {
			t.Error("Close in a loop")
		}
	}
	if !errors.Is(last, chat.ErrClosed) {
		t.Error(last)
	}
}
