package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"testing"

	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
	"github.com/seed-f87006eb/llm/plan"
)

// fill gives every field a value of its own, so that one that is lost is missed.
func fill(v reflect.Value, n *int, depth int) {
	*n++
	switch v.Kind() {
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), n, depth-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n, depth)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes(fmt.Appendf(nil, `{"n":%d}`, *n))
		} else if depth > 0 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
			fill(v.Index(0), n, depth-1)
			fill(v.Index(1), n, depth-1)
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("<%d>\u2028 \"", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(*n) + 0.1)
	case reflect.Int, reflect.Int8, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n) & 0x7f)
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n) & 0xff)
	}
}

func roundTrip[T any](t *testing.T, in T) (out T) {
	t.Helper()
	b, err := json.Marshal(in)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNothingIsLost: every field of what travels arrives as it was.
func TestNothingIsLost(t *testing.T) {
	var n int
	var ev chat.Event
	fill(reflect.ValueOf(&ev).Elem(), &n, 3)
	sent := newEvent(&ev)
	sent = roundTrip(t, sent)
	if got := sent.event(); !reflect.DeepEqual(got, ev) {
		t.Errorf("%+v\n%+v", got, ev)
	}
	var o options
	fill(reflect.ValueOf(&o).Elem(), &n, 3)
	if got := roundTrip(t, o); !reflect.DeepEqual(got, o) || o.Threads == 0 {
		t.Errorf("%+v\n%+v", got, o)
	}
	var r, none chat.Request
	fill(reflect.ValueOf(&r).Elem(), &n, 3)
	none.Tools = []chat.Tool{{}}
	for _, r := range []chat.Request{r, none, {}} {
		if got := roundTrip(t, newGenerateRequest(&r)).request(); !reflect.DeepEqual(got, r) {
			t.Errorf("%+v\n%+v", got, r)
		}
	}
	var e chat.EmbedRequest
	fill(reflect.ValueOf(&e).Elem(), &n, 3)
	if got := roundTrip(t, e); !reflect.DeepEqual(got, e) {
		t.Errorf("%+v\n%+v", got, e)
	}
	var measure measureRequest
	fill(reflect.ValueOf(&measure).Elem(), &n, 3)
	if got := roundTrip(t, measure); !reflect.DeepEqual(got, measure) {
		t.Errorf("%+v\n%+v", got, measure)
	}
	var memory plan.Memory
	fill(reflect.ValueOf(&memory).Elem(), &n, 3)
	if got := roundTrip(t, memory); !reflect.DeepEqual(got, memory) {
		t.Errorf("%+v\n%+v", got, memory)
	}
	var info engine.Info
	fill(reflect.ValueOf(&info).Elem(), &n, 3)
	if got := roundTrip(t, info); !reflect.DeepEqual(got, info) {
		t.Errorf("%+v\n%+v", got, info)
	}
}

// TestNilAndEmpty mean different things in a request.
func TestNilAndEmpty(t *testing.T) {
	for _, adapters := range [][]chat.Adapter{nil, {}} {
		if got := roundTrip(t, newGenerateRequest(&chat.Request{Adapters: adapters})).request(); (got.Adapters == nil) != (adapters == nil) {
			t.Errorf("%#v became %#v", adapters, got.Adapters)
		}
	}
	for _, tokens := range [][]llama.Token{nil, {}} {
		if got := roundTrip(t, reply{Tokens: tokens}); (got.Tokens == nil) != (tokens == nil) {
			t.Errorf("%#v became %#v", tokens, got.Tokens)
		}
	}
}

func TestNumbersThatJSONHasNot(t *testing.T) {
	ev := chat.Event{Kind: chat.KindToken, Token: &chat.TokenLogprob{Text: []byte{0xe2}, Logprob: math.Inf(-1), Top: []chat.TokenLogprob{{Logprob: -0.1}}}}
	sent := newEvent(&ev)
	sent = roundTrip(t, sent)
	if got := sent.event(); !reflect.DeepEqual(got, ev) {
		t.Errorf("%+v", got.Token)
	}
	e := &chat.Embeddings{Vectors: [][]float32{{1, float32(math.Inf(1)), math.SmallestNonzeroFloat32}, {}}, Tokens: []int{3, 0}, Pooling: "mean"}
	if got := roundTrip(t, newEmbeddings(e)).embeddings(); !reflect.DeepEqual(got, e) {
		t.Errorf("%+v", got)
	}
	var n number
	if err := json.Unmarshal([]byte(`"NaN"`), &n); err != nil || !math.IsNaN(float64(n)) {
		t.Errorf("%v, %v", n, err)
	}
}

func TestFaults(t *testing.T) {
	full, text := &chat.ErrContextFull{Need: 300, Size: 256}, &chat.TextError{What: "prompt", Reason: "it is not valid UTF-8", Offset: 7}
	memory := &chat.ErrOutOfMemory{What: "a context", Need: 1 << 40, Free: 1 << 30}
	no := &plan.Impossible{Reason: "the engine refuses it"}
	for _, err := range []error{
		chat.ErrClosed, chat.ErrNoTemplate, fmt.Errorf("%w: no", chat.ErrRequest), fmt.Errorf("no %w", chat.ErrUnsupported), chat.ErrState,
		fmt.Errorf("open model x\xff: %w; check the path", fs.ErrNotExist), fmt.Errorf("y, %w", engine.ErrNotModel),
		context.DeadlineExceeded, &llama.Error{Op: "load", Kind: llama.ErrInvalid, Message: "no"},
		full, memory, fmt.Errorf("open: %w", memory), text, errors.New("any"), no, fmt.Errorf("plan: %w", no),
	} {
		got := roundTrip(t, newFault(err)).error(nil)
		if got.Error() != err.Error() {
			t.Errorf("%q became %q", err, got)
		}
		for _, sentinel := range sentinels {
			if errors.Is(err, sentinel) != errors.Is(got, sentinel) {
				t.Errorf("%v: %v is lost or found", err, sentinel)
			}
		}
		var f *chat.ErrContextFull
		var m *chat.ErrOutOfMemory
		var x *chat.TextError
		var i *plan.Impossible
		if errors.As(got, &i) && *i != *no || errors.As(got, &i) != errors.As(err, &i) {
			t.Errorf("%v: %v", err, i)
		}
		if errors.As(got, &f) && *f != *full || errors.As(got, &m) && *m != *memory || errors.As(got, &x) && *x != *text ||
			errors.As(got, &f) != errors.As(err, &f) || errors.As(got, &m) != errors.As(err, &m) || errors.As(got, &x) != errors.As(err, &x) {
			t.Errorf("%v: %v %v %v", err, f, m, x)
		}
	}
	if (*fault)(nil).error(nil) != nil {
		t.Error("no fault is an error")
	}
	// A cause of the parent is itself again, alone or in a message.
	cause := errors.New("the user left")
	f := roundTrip(t, newFault(fmt.Errorf("loading was stopped: %w", &parentCause{cause.Error()})))
	if err := f.error(cause); !errors.Is(err, cause) || err.Error() != "loading was stopped: the user left" {
		t.Error(err)
	}
	if err := roundTrip(t, newFault(&parentCause{cause.Error()})).error(cause); err != cause {
		t.Error(err)
	}
}
