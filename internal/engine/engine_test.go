package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/testmodel"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/llama/reference"
)

func openModel(t testing.TB, path string, o Options) *Engine {
	t.Helper()
	before := llama.Live()
	e, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if n := llama.Live(); n != before { // what was opened later is closed already
			t.Errorf("%d handles of the engine are open, %d before", n, before)
		}
	})
	return e
}

// greedy is a request whose answer is always the same.
func greedy(r chat.Request, maxTokens int) chat.Request {
	r.Sampling = chat.DefaultSampling()
	r.Sampling.Temperature = 0
	r.MaxTokens = maxTokens
	return r
}

func ask(text string) chat.Request {
	return chat.Request{Messages: []chat.Message{{Role: chat.User, Content: text}}}
}

type answer struct {
	text    string
	dropped []chat.Dropped
	tokens  []chat.TokenLogprob
	usage   chat.Usage
	stop    chat.Stop
	err     error
}

// generate runs a request and checks the order of its events.
func generate(t testing.TB, e *Engine, ctx context.Context, r chat.Request) (a answer) {
	t.Helper()
	last := chat.Kind(0)
	for ev, err := range e.Generate(ctx, r) {
		if err != nil {
			a.err = err
			continue
		}
		if a.err != nil || last == chat.KindStop || last == chat.KindUsage && ev.Kind != chat.KindStop {
			t.Errorf("%v after %v", ev.Kind, last)
		}
		last = ev.Kind
		switch ev.Kind {
		case chat.KindText:
			a.text += ev.Text
		case chat.KindDropped:
			a.dropped = append(a.dropped, *ev.Dropped)
		case chat.KindToken:
			a.tokens = append(a.tokens, *ev.Token)
		case chat.KindUsage:
			a.usage = *ev.Usage
		case chat.KindStop:
			a.stop = *ev.Stop
		}
	}
	if a.err == nil && last != chat.KindStop {
		t.Errorf("the last event is %v", last)
	}
	return a
}

// mustGenerate is generate for requests that cannot fail.
func mustGenerate(t testing.TB, e *Engine, r chat.Request) answer {
	t.Helper()
	a := generate(t, e, context.Background(), r)
	if a.err != nil {
		t.Fatal(a.err)
	}
	return a
}

// TestGreedyEqualsReference compares with a plain loop over the upstream API, on
// prompts of different kinds, raw and chat, on a model with plain attention and one
// with a sliding window.
func TestGreedyEqualsReference(t *testing.T) {
	prompts := []string{
		"Once upon a time",
		"def fibonacci(n):\n",
		"Le ciel est bleu parce que",
		"日本の首都は",
		"1, 1, 2, 3, 5, 8, 13,",
	}
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)} {
		e := openModel(t, path, Options{})
		for _, p := range prompts {
			requests := []chat.Request{{Prompt: p}}
			if e.Info().ChatTemplate {
				requests = append(requests, ask(p))
			}
			for _, r := range requests {
				compareWithReference(t, e, path, r)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func compareWithReference(t *testing.T, e *Engine, path string, r chat.Request) {
	t.Helper()
	prompt := r.Prompt
	if len(r.Messages) > 0 {
		rendered, err := e.apply(templateRequest(&r))
		if err != nil {
			t.Fatal(err)
		}
		prompt = rendered.Text
	}
	want, err := reference.Greedy(path, prompt, 4096, 64, e.Info().Threads)
	if err != nil {
		t.Fatal(err)
	}
	if want == "" {
		t.Fatalf("the reference says nothing to %q", prompt)
	}
	r.NoReuse = true
	got := mustGenerate(t, e, greedy(r, 64)).text
	if got != strings.ToValidUTF8(want, "\uFFFD") {
		t.Errorf("prompt %q\n got %q\nwant %q", prompt, got, want)
	}
}

func TestSecondTurnEvaluatesOnlyWhatIsNew(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	r := greedy(ask("Name three colours."), 40)
	first := mustGenerate(t, e, r)
	if first.usage.CachedTokens != 0 {
		t.Errorf("%d tokens from memory in the first turn", first.usage.CachedTokens)
	}
	r.Messages = append(r.Messages,
		chat.Message{Role: chat.Assistant, Content: first.text}, chat.Message{Role: chat.User, Content: "And two more?"})
	second := mustGenerate(t, e, r)
	// All of the first prompt and the reply, but its last token, were evaluated.
	if want := first.usage.PromptTokens + first.usage.CompletionTokens - 1; second.usage.CachedTokens < want-2 {
		t.Errorf("%d tokens from memory in the second turn, want about %d", second.usage.CachedTokens, want)
	}
	// Reuse changes nothing but the rounding.
	r.Logprobs = 1
	fresh := openFresh(t, testmodel.SmolLM2(t), r)
	again := mustGenerate(t, e, r)
	if a, b := fresh.tokens[0].Top[0], again.tokens[0].Top[0]; again.usage.CachedTokens == 0 || a.ID != b.ID || math.Abs(a.Logprob-b.Logprob) > 0.2 {
		t.Errorf("with reuse  %+v\nwithout it  %+v", b, a)
	}
}

// openFresh answers a request on a model with an empty memory.
func openFresh(t *testing.T, path string, r chat.Request) answer {
	t.Helper()
	e, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	return mustGenerate(t, e, r)
}

// TestRewindOfSlidingWindow goes back further than the window of the model, which
// its memory cannot: the answer must not depend on that.
func TestRewindOfSlidingWindow(t *testing.T) {
	path := testmodel.Gemma3(t)
	e := openModel(t, path, Options{})
	window := e.Info().Model.SlidingWindow
	if window == 0 {
		t.Fatal("the model has no sliding window")
	}
	common := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 20)
	long := greedy(chat.Request{Prompt: common + strings.Repeat("All work and no play makes Jack a dull boy. ", 2*window/10)}, 8)
	if n := mustGenerate(t, e, long).usage.PromptTokens; n < 2*window {
		t.Fatalf("the prompt has %d tokens, the window %d", n, window)
	}
	short := greedy(chat.Request{Prompt: common + "Then the"}, 24)
	got, want := mustGenerate(t, e, short), openFresh(t, path, short)
	if got.usage.CachedTokens != 0 {
		t.Errorf("%d tokens are said to be in memory; the window has left them", got.usage.CachedTokens)
	}
	if got.text != want.text {
		t.Errorf("after a rewind %q\nfresh          %q", got.text, want.text)
	}
}

func TestEightGoroutines(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	want := make([]string, 8)
	for i := range want {
		want[i] = mustGenerate(t, e, greedy(ask(fmt.Sprint("Count to ", i)), 12)).text
	}
	var wg sync.WaitGroup
	for i := range want {
		wg.Go(func() {
			for range 2 {
				if got := mustGenerate(t, e, greedy(ask(fmt.Sprint("Count to ", i)), 12)).text; got != want[i] {
					t.Errorf("goroutine %d: %q, want %q", i, got, want[i])
				}
				if _, err := e.Tokenize("some text", true, true); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// longPrompt takes much longer than a second to evaluate on a small machine.
func longPrompt(t *testing.T, e *Engine) chat.Request {
	t.Helper()
	r := chat.Request{Prompt: strings.Repeat("All work and no play makes Jack a dull boy. ", 120)}
	tokens, err := e.Tokenize(r.Prompt, true, true)
	if err != nil || len(tokens) < 1000 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	return r
}

func TestCancelInPrompt(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Ubatch: 16})
	r := greedy(longPrompt(t, e), 4)
	ctx, cancel := context.WithCancel(context.Background())
	var cancelled time.Time
	time.AfterFunc(800*time.Millisecond, func() { cancelled = time.Now(); cancel() })
	a := generate(t, e, ctx, r)
	if d := time.Since(cancelled); d > 200*time.Millisecond {
		t.Errorf("it went on for %v", d)
	}
	if !errors.Is(a.err, context.Canceled) || a.stop.Reason != chat.StopCanceled || a.usage.CompletionTokens != 0 {
		t.Errorf("stop %v, usage %+v, error %v", &a.stop, a.usage, a.err)
	}
	// What was evaluated is kept: the same request goes on from there.
	again := mustGenerate(t, e, r)
	if again.usage.CachedTokens == 0 {
		t.Error("nothing was kept of the cancelled prompt")
	}
	if fresh := openFresh(t, testmodel.SmolLM2(t), r); fresh.text != again.text {
		t.Errorf("after a cancel %q, fresh %q", again.text, fresh.text)
	}
}

func TestCancelWhileQueued(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	busy, stopBusy := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { generate(t, e, busy, greedy(longPrompt(t, e), 0)) })
	time.Sleep(100 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	a := generate(t, e, ctx, greedy(ask("hello"), 4))
	if d := time.Since(begin); d > 150*time.Millisecond {
		t.Errorf("it waited for %v", d)
	}
	if !errors.Is(a.err, context.DeadlineExceeded) || a.stop.Reason != chat.StopCanceled {
		t.Errorf("stop %v, error %v", &a.stop, a.err)
	}
	stopBusy()
	wg.Wait()
}

func TestFairQueue(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	var order []int
	var wg sync.WaitGroup
	wg.Go(func() { mustGenerate(t, e, greedy(longPrompt(t, e), 1)) })
	for i := range 6 {
		time.Sleep(100 * time.Millisecond) // each queues after the one before
		wg.Go(func() {
			// What the owner runs is a request like any other, without its preparation.
			if err := e.do(background, func(*owner) error { order = append(order, i); return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range order {
		if order[i] != i {
			t.Fatalf("served in the order %v", order)
		}
	}
	if len(order) != 6 {
		t.Errorf("served %v", order)
	}
}

func TestBreakCancels(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	var left time.Time
	for ev, err := range e.Generate(context.Background(), greedy(ask("Tell me a long story."), 0)) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind == chat.KindText {
			left = time.Now()
			break
		}
	}
	if d := time.Since(left); d > 200*time.Millisecond {
		t.Errorf("leaving the loop took %v", d)
	}
	// The engine is free at once.
	if a := mustGenerate(t, e, greedy(ask("hello"), 1)); a.usage.Queued > 200*time.Millisecond {
		t.Errorf("the next request waited for %v", a.usage.Queued)
	}
}

func TestStopReasons(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 256})
	free := mustGenerate(t, e, greedy(chat.Request{Prompt: "1, 2, 3, 4, 5,"}, 24))
	if free.stop.Reason != chat.StopLength || free.usage.CompletionTokens != 24 {
		t.Fatalf("stop %v after %d tokens", &free.stop, free.usage.CompletionTokens)
	}
	// A stop string that lies across token borders, for every place in the text.
	for i := 2; i+5 < len(free.text); i += 3 {
		stop := free.text[i : i+5]
		r := greedy(chat.Request{Prompt: "1, 2, 3, 4, 5,", Stop: []string{stop}}, 24)
		a := mustGenerate(t, e, r)
		want, _, _ := strings.Cut(free.text, stop)
		if a.stop.Reason != chat.StopSequence || a.stop.Sequence != stop || a.text != want {
			t.Errorf("stop at %q: %v, text %q, want %q", stop, &a.stop, a.text, want)
		}
	}
	if a := mustGenerate(t, e, greedy(ask("Say only: hello"), 0)); a.stop.Reason != chat.StopEnd && a.stop.Reason != chat.StopContextFull {
		t.Errorf("stop %v", &a.stop)
	}
	r := greedy(chat.Request{Prompt: "1, 2, 3,", IgnoreEOG: true}, 0)
	a := mustGenerate(t, e, r)
	if n := a.usage.PromptTokens + a.usage.CompletionTokens; a.stop.Reason != chat.StopContextFull || n != 257 {
		t.Errorf("stop %v after %d tokens in a context of 256", &a.stop, n)
	}
}

func TestContextPolicies(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 256})
	r := greedy(chat.Request{Prompt: strings.Repeat("All work and no play makes Jack a dull boy. ", 60), Keep: 4}, 8)
	n := promptTokens(t, e, r)

	var ce *chat.ErrContextFull
	if a := generate(t, e, context.Background(), r); !errors.As(a.err, &ce) || ce.Need != n+1 || ce.Size != 256 {
		t.Errorf("error %v; want one that says %d and 256", a.err, n+1)
	}
	for _, policy := range []chat.Overflow{chat.OverflowShift, chat.OverflowTruncateMiddle} {
		r.Overflow = policy
		a := mustGenerate(t, e, r)
		if len(a.dropped) != 1 || a.usage.PromptTokens+a.usage.DroppedTokens != n || a.dropped[0].To-a.dropped[0].From != a.usage.DroppedTokens || a.dropped[0].From < 4 {
			t.Errorf("%s: dropped %v, usage %+v of %d tokens", policy, a.dropped, a.usage, n)
		}
		if a.text == "" {
			t.Errorf("%s: no answer", policy)
		}
	}
}

func promptTokens(t *testing.T, e *Engine, r chat.Request) int {
	t.Helper()
	p, err := e.prepare(&r)
	if err != nil {
		t.Fatal(err)
	}
	return len(p.tokens)
}

func TestShiftWhileGenerating(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 256, KeyType: "q8_0", ValueType: "q8_0"})
	r := greedy(chat.Request{Prompt: "1, 2, 3, 4,", Overflow: chat.OverflowShift, Keep: 3, IgnoreEOG: true}, 600)
	a := mustGenerate(t, e, r)
	if a.stop.Reason != chat.StopLength || a.usage.CompletionTokens != 600 {
		t.Errorf("stop %v after %d tokens", &a.stop, a.usage.CompletionTokens)
	}
	sum := 0
	for _, d := range a.dropped {
		sum += d.To - d.From
		if d.From != 3 {
			t.Errorf("dropped %+v although 3 tokens are kept", d)
		}
	}
	if len(a.dropped) < 3 || sum != a.usage.DroppedTokens {
		t.Errorf("dropped %v, usage says %d", a.dropped, a.usage.DroppedTokens)
	}
}

func TestSystemMessageIsKept(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 256})
	r := greedy(chat.Request{Keep: -1, Overflow: chat.OverflowShift, Messages: []chat.Message{
		{Role: chat.System, Content: "You always answer with the word banana."},
		{Role: chat.User, Content: strings.Repeat("All work and no play makes Jack a dull boy. ", 60)},
	}}, 8)
	p, err := e.prepare(&r)
	if err != nil {
		t.Fatal(err)
	}
	head, err := e.Detokenize(p.tokens[:p.keep])
	if err != nil || !strings.Contains(head, "banana") || strings.Contains(head, "Jack") {
		t.Errorf("kept %q, %v", head, err)
	}
}

func TestCloseWhileGenerating(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	var wg sync.WaitGroup
	for range 3 { // one runs, two wait
		wg.Go(func() {
			if a := generate(t, e, context.Background(), greedy(longPrompt(t, e), 0)); !errors.Is(a.err, chat.ErrClosed) {
				t.Errorf("error %v", a.err)
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if a := generate(t, e, context.Background(), greedy(ask("hello"), 1)); !errors.Is(a.err, chat.ErrClosed) {
		t.Errorf("after Close: error %v", a.err)
	}
	if _, err := e.Tokenize("x", true, true); !errors.Is(err, chat.ErrClosed) {
		t.Errorf("Tokenize after Close: %v", err)
	}
}

func TestCloseInsideTheLoop(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	var last error
	for _, err := range e.Generate(context.Background(), greedy(ask("Tell me a long story."), 0)) {
		if last = err; err == nil {
			time.Sleep(50 * time.Millisecond) // the engine fills the buffer
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !errors.Is(last, chat.ErrClosed) {
		t.Errorf("error %v", last)
	}
}

// TestNestedRequest asks the model again in the middle of a reply: nobody waits for
// anybody in a circle.
func TestNestedRequest(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	inner := answer{}
	for ev, err := range e.Generate(context.Background(), greedy(ask("Tell me a long story."), 60)) {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind == chat.KindText && inner.text == "" {
			inner = mustGenerate(t, e, greedy(ask("hello"), 4))
		}
	}
	if inner.text == "" {
		t.Error("there was no inner reply")
	}
}

// TestPenaltyOverTheContext: a look-back of -1 is the context, not nothing.
func TestPenaltyOverTheContext(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{Context: 512})
	reply := func(last int, penalty float64) string {
		r := greedy(chat.Request{Prompt: "one two three one two three one two", NoReuse: true}, 24)
		r.Sampling.RepeatLast, r.Sampling.RepeatPenalty = last, penalty
		return mustGenerate(t, e, r).text
	}
	plain := reply(-1, 1)
	if all, huge := reply(-1, 1.8), reply(1<<31-1, 1.8); all == plain || all != huge {
		t.Errorf("plain %q, over the context %q, over more than that %q", plain, all, huge)
	}
}

func TestRequestsThatAreWrong(t *testing.T) {
	e := openModel(t, testmodel.SmolLM2(t), Options{})
	for _, r := range []chat.Request{
		{Prompt: "a\x00b"}, {Prompt: "\xff"}, {Prompt: "x", Stop: []string{""}}, {Prompt: ""},
		{Messages: []chat.Message{{Content: "no role"}}},
	} {
		if a := generate(t, e, context.Background(), greedy(r, 4)); !errors.Is(a.err, chat.ErrRequest) {
			t.Errorf("%+v: error %v", r, a.err)
		}
	}
}

func TestTokenizeRoundTrip(t *testing.T) {
	tok, err := OpenTokenizer(context.Background(), testmodel.SmolLM2(t))
	if err != nil {
		t.Fatal(err)
	}
	defer tok.Close()
	for _, text := range []string{"", "Hello, world!", "日本語 😀 naïve", "<|im_start|>user\nhi<|im_end|>", "\t  spaces\n\n", strings.Repeat("a", 100000)} {
		for _, special := range []bool{true, false} {
			tokens, err := tok.Tokenize(text, false, special)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tok.Detokenize(tokens)
			if err != nil || got != text {
				t.Errorf("%.40q came back as %.40q, %v", text, got, err)
			}
		}
	}
	if _, err := tok.Detokenize([]llama.Token{-5}); !errors.Is(err, llama.ErrInvalid) {
		t.Errorf("a token that is none: %v", err)
	}
}

// TestStepAllocatesNothing holds the hot path to no allocation on the Go heap.
func TestStepAllocatesNothing(t *testing.T) {
	model, err := llama.LoadModel(testmodel.SmolLM2(t), llama.DefaultModelParams())
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	e := &Engine{Tokenizer: Tokenizer{model: model}, options: Options{Context: 512}}
	o, err := e.setUp("")
	if err != nil {
		t.Fatal(err)
	}
	defer e.templates.Close()
	defer o.ctx.Close()
	defer o.batch.Close()
	e.info.Context.ContextSeq, e.info.Model = 512, model.Info()
	sampling := chat.DefaultSampling()
	params, err := e.samplerParams(&sampling)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := o.chain(params, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &generation{owner: o, job: &job{}, sampler: chain}
	if err := o.evaluate([]llama.Token{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		token, err := g.next()
		if err != nil {
			t.Fatal(err)
		}
		if err := g.step(token); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a token", n)
	}
}
