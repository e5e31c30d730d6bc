package speed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/golden"
	"github.com/seed-f87006eb/llm/llama"
)

// fake is a machine that computes nothing: its speeds are a function of the test and of the
// place in the order. It checks that a test is made ready before it is run.
type fake struct {
	t      *testing.T
	speed  func(t Test, place int) float64 // tokens a second; 0: an error
	refuse map[string]error                // by the test's name
	facts  Facts
	loads  []string
	order  []string
	ready  Test
	place  int
	onRun  func(place int) error
}

func (f *fake) Ready(_ context.Context, t Test) (Facts, error) {
	if err := f.refuse[t.Name()]; err != nil {
		return Facts{}, err
	}
	if f.ready.Load != t.Load {
		f.loads = append(f.loads, t.Load.Model)
	}
	f.ready = t
	facts := f.facts
	for range f.loads {
		facts.LoadTimes = append(facts.LoadTimes, 120*time.Millisecond)
	}
	return facts, nil
}

func (f *fake) Run(_ context.Context, t Test) (time.Duration, error) {
	if f.ready != t {
		f.t.Errorf("%s was not made ready", t.Name())
	}
	f.place++
	f.order = append(f.order, filepath.Base(t.Load.Model)+" "+t.Name())
	if f.onRun != nil {
		if err := f.onRun(f.place); err != nil {
			return 0, err
		}
	}
	return time.Duration(float64(t.Tokens()) / f.speed(t, f.place) * 1e9), nil
}

// quiet is a sensor that sees what it is told to.
type quiet struct {
	see   func(n int) Conditions
	n     int
	begun bool
}

func (q *quiet) Begin(bool) { q.begun = true }

func (q *quiet) End() Conditions {
	if !q.begun {
		return Conditions{}
	}
	q.begun = false
	q.n++
	if q.see == nil {
		return Conditions{}
	}
	return q.see(q.n)
}

func clock() func() time.Time {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	return func() time.Time { return at }
}

func of[T any](v T) *T { return &v }

// kept are runs on a fake machine whose tables are kept, in all formats.
func kept(t *testing.T, name string) *Result {
	noisy := rand.New(rand.NewPCG(1, 1))
	base := func(x Test) float64 {
		v := 40.0
		if x.Prompt > 0 {
			v = 300
		}
		if x.Setup.Threads > 0 {
			v *= math.Sqrt(float64(x.Setup.Threads))
		}
		return v / (1 + float64(x.Depth)/8192)
	}
	f := &fake{t: t, facts: Facts{ModelType: "llama 135M Q4_1", ModelSize: 96 << 20, ModelParams: 134515008, Batch: 2048, Ubatch: 512,
		Memory: []Memory{{Device: hostName, Weights: 96 << 20, KV: 12 << 20, Compute: 30 << 20}}},
		speed: func(x Test, _ int) float64 { return base(x) * (1 + 0.02*noisy.NormFloat64()) }}
	q, g, o := &quiet{}, plainGrid("models/one.gguf"), Options{Rounds: 6, Now: clock()}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	switch name {
	case "plain":
	case "grid":
		g.Models = []string{"models/one.gguf", "models/a second model with a \x1b[31mlong name.gguf"}
		g.Threads, g.Depths, g.KeyTypes, g.PromptsAndTexts = []int{1, 2}, []int{0, 4096}, []string{"q8_0"}, []Pair{{256, 64}}
		f.refuse = map[string]error{"pp512 @ d4096": errors.New("it needs a context of 4608 tokens, and the model was trained on 4096; give fewer with -p, -n and -d")}
		o.Rounds = 9
	case "disturbed":
		o.Rounds = 12
		f.speed = func(x Test, place int) float64 {
			v := base(x) * (1 - 0.01*float64(place))
			if place == 7 {
				v /= 3
			}
			return v
		}
		q.see = func(n int) Conditions {
			return Conditions{Others: of(0.1 * float64(n%3)), Stolen: of(0.2), Held: of(0.01), MHz: of(4200 - 40*float64(n)), Celsius: of(50 + float64(n)), Throttles: of(uint64(n % 2))}
		}
	case "energy":
		f.facts.OnDevice = true
		f.facts.Memory = []Memory{{Device: "CUDA0", Weights: 90 << 20, KV: 3 << 30, Compute: 30 << 20}, {Device: hostName, Weights: 6 << 20, Compute: 2 << 20}}
		g.GPULayers = []int{0, 33}
		q.see = func(n int) Conditions {
			if n%4 == 0 {
				return Conditions{} // too short to be read
			}
			return Conditions{Energy: []Energy{{"package-0", 12}, {"GPUs", 30}}}
		}
	case "interrupted":
		f.onRun = func(place int) error {
			if place == 8 {
				cancel(errors.New("interrupted"))
				return llama.ErrCanceled
			}
			return nil
		}
	case "precise":
		o.Rounds, o.Precision = 20, 0.02
		f.speed = func(x Test, place int) float64 {
			if x.Prompt > 0 {
				return base(x) * (1 + 0.001*noisy.NormFloat64())
			}
			return base(x) * (1 + 0.2*noisy.NormFloat64())
		}
	default:
		t.Fatal(name)
	}
	tests, err := g.Tests()
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(ctx, f, q, tests, o)
	if (err != nil) != (name == "interrupted") {
		t.Fatal(err)
	}
	r.Build = Build{LLM: "v1", Engine: "0.5.0", Tree: "c0ffee", Backend: "cpu", System: "AVX2 = 1"}
	r.System = System{CPU: "A Processor", CPUs: 4}
	return r
}

// TestGolden holds tables, JSON and the rest to their record. -update writes it anew.
func TestGolden(t *testing.T) {
	for _, name := range []string{"plain", "grid", "disturbed", "energy", "interrupted", "precise"} {
		t.Run(name, func(t *testing.T) {
			r := kept(t, name)
			formats := []string{"table", "md"}
			if name == "energy" || name == "interrupted" {
				formats = Formats
			}
			var all strings.Builder
			for _, format := range formats {
				fmt.Fprintf(&all, "== %s\n", format)
				if err := r.Write(&all, format); err != nil {
					t.Fatal(err)
				}
			}
			golden.Compare(t, name+".txt", all.String())
			for line := range strings.Lines(r.Table()) {
				if utf8.RuneCountInString(line) > Width+1 {
					t.Errorf("longer than a screen: %q", line)
				}
			}
			if strings.ContainsRune(all.String(), '\x1b') {
				t.Error("a name commands the terminal")
			}
		})
	}
	if err := new(Result).Write(nil, "sql"); err == nil {
		t.Error("a format that is not known")
	}
}

// TestOrder: each round has all tests once; a model's stand together, and the one that is
// loaded comes first; the order is another in each round, and the same for a seed.
func TestOrder(t *testing.T) {
	run := func(seed uint64) *fake {
		g := plainGrid("a", "b", "c")
		g.Prompts, g.Generations = []int{1, 2, 3, 4}, []int{1}
		tests, err := g.Tests()
		if err != nil {
			t.Fatal(err)
		}
		f := &fake{t: t, speed: func(Test, int) float64 { return 1 }}
		if _, err := Run(context.Background(), f, &quiet{}, tests, Options{Rounds: 8, Seed: seed}); err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := run(1)
	rounds := slices.Collect(slices.Chunk(f.order, 15))
	for i, round := range rounds {
		sorted := slices.Compact(slices.Sorted(slices.Values(round)))
		if len(sorted) != 15 {
			t.Errorf("round %d has %v", i, sorted)
		}
		if i > 0 && slices.Equal(round, rounds[0]) {
			t.Errorf("round %d is as the first", i)
		}
	}
	if len(f.loads) != 3+7*2 {
		t.Errorf("%d loads: %v", len(f.loads), f.loads)
	}
	if !slices.Equal(f.order, run(1).order) || slices.Equal(f.order, run(2).order) {
		t.Error("the order does not depend on the seed, or on more")
	}
}

// TestStops: at a precision, tests end one by one; an assertion of the engine ends all.
func TestStops(t *testing.T) {
	r := kept(t, "precise")
	if n, m := len(r.Rows[0].Samples), len(r.Rows[1].Samples); n != EnoughRounds || m != 20 || r.Rounds != 20 {
		t.Errorf("%d and %d samples, %d rounds", n, m, r.Rounds)
	}
	tests, _ := plainGrid("a").Tests()
	f := &fake{t: t, speed: func(Test, int) float64 { return 1 }, onRun: func(place int) error {
		if place == 3 {
			return fmt.Errorf("decode: %w", llama.ErrAssertion)
		}
		return nil
	}}
	r, err := Run(context.Background(), f, &quiet{}, tests, Options{Rounds: 6})
	if !errors.Is(err, llama.ErrAssertion) || len(f.order) != 3 || r.Rounds != 1 || len(r.Notes) == 0 {
		t.Errorf("%v after %d, %d rounds, %q", err, len(f.order), r.Rounds, r.Notes)
	}
	f = &fake{t: t, speed: func(Test, int) float64 { return 1 }, onRun: func(int) error { return errors.New("decode failed") }}
	r, err = Run(context.Background(), f, &quiet{}, tests, Options{Rounds: 6})
	if err != nil || len(f.order) != 2 || r.Rows[0].Error != "decode failed" || r.Rows[0].Speed != nil {
		t.Errorf("%v after %d, %+v", err, len(f.order), r.Rows)
	}
}

// TestJSON: what was not measured is absent, never 0, and all of it can be read back.
func TestJSON(t *testing.T) {
	for _, name := range []string{"interrupted", "energy", "grid"} {
		var b strings.Builder
		if err := kept(t, name).Write(&b, "json"); err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(strings.NewReader(b.String()))
		d.DisallowUnknownFields()
		var back Result
		if err := d.Decode(&back); err != nil {
			t.Fatal(err)
		}
		var rows struct{ Rows []map[string]any }
		if err := json.Unmarshal([]byte(b.String()), &rows); err != nil {
			t.Fatal(err)
		}
		for _, row := range rows.Rows {
			_, failed := row["error"]
			_, has := row["median_ts"]
			if failed == has {
				t.Errorf("%s: %v", name, row)
			}
			_, joules := row["tokens_per_joule"]
			if joules != (name == "energy") {
				t.Errorf("%s: tokens per joule: %v", name, joules)
			}
		}
	}
}
