package speed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/seed-f87006eb/llm/internal/stat"
	"github.com/seed-f87006eb/llm/llama"
)

// Machine is what tests are measured on. One goroutine, and one thread, calls it.
type Machine interface {
	// Ready loads, opens, warms up and fills what a test needs. Nothing of it is timed. An
	// error is about this test alone, but for the context's and llama.ErrAssertion.
	Ready(ctx context.Context, t Test) (Facts, error)
	// Run does the test that is ready, once, and says how long it took.
	Run(ctx context.Context, t Test) (time.Duration, error)
}

// Facts are what is known of a test once it is ready.
type Facts struct {
	ModelType    string // "llama 135M Q4_1", as the engine says it
	ModelSize    uint64 // bytes of all tensors
	ModelParams  uint64
	LoadTimes    []time.Duration // of each load so far
	Batch        int             // as the engine took it, and so with Ubatch
	Ubatch       int
	Memory       []Memory
	OnDevice     bool // a device beside the CPU has a part in it
	ContextTrain int
}

// Memory is what a test takes of one memory, in bytes.
type Memory struct {
	Device  string `json:"device"` // as the engine names it, or host
	Weights uint64 `json:"weights_bytes"`
	KV      uint64 `json:"kv_bytes"`
	Compute uint64 `json:"compute_bytes"` // with the buffer that logits are handed out in
}

// Total is all of it.
func (m Memory) Total() uint64 { return m.Weights + m.KV + m.Compute }

// Sensor watches the machine while something is measured.
type Sensor interface {
	Begin(onDevice bool)
	End() Conditions
}

// EnoughRounds is the fewest that give an interval of 95 %.
const EnoughRounds = 6

// Options are how tests are measured.
type Options struct {
	Rounds     int
	Confidence float64       // of intervals; 0: 0.95
	Precision  float64       // end a test when half its interval is within this share of its median; 0: never before Rounds
	Seed       uint64        // of the order of the tests
	Delay      time.Duration // before each measurement
	Now        func() time.Time
	// Progress, where it is not nil, is told before each measurement which test is next.
	Progress func(done, total int, round int, t Test)
}

// run is the state of Run.
type run struct {
	Options
	machine Machine
	sensor  Sensor
	rows    []*row
	begun   time.Time
	loaded  Load
	done    int
}

// row is a test with what was measured of it.
type row struct {
	test    Test
	facts   Facts
	date    time.Time
	samples []Sample
	err     error // why it is measured no more
	tight   bool  // as precise as was asked for
}

// Run measures the tests in rounds, each of which has all of them, in an order of its own.
// Tests of one model stand together in a round, so that it is loaded once. A test that cannot
// be done is a row with the reason. When ctx is done, or the engine failed for good, the
// result has what was measured before, beside the error. The thread is the caller's alone
// while it works: the engine keeps compute threads for each thread that calls it.
func Run(ctx context.Context, m Machine, sensor Sensor, tests []Test, o Options) (*Result, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &run{Options: o, machine: m, sensor: sensor, begun: o.Now().UTC()}
	for _, t := range tests {
		r.rows = append(r.rows, &row{test: t})
	}
	rounds := 0
	var err error
	for round := 1; round <= o.Rounds && err == nil; round++ {
		active := r.active()
		if len(active) == 0 {
			break
		}
		if err = r.round(ctx, round, active); err == nil {
			rounds = round
		}
	}
	return r.result(rounds, err), err
}

// active are the rows that are to be measured again.
func (r *run) active() (active []*row) {
	for _, w := range r.rows {
		if w.err == nil && !w.tight {
			active = append(active, w)
		}
	}
	return active
}

func (r *run) round(ctx context.Context, round int, active []*row) error {
	for _, w := range r.order(round, active) {
		if r.Progress != nil {
			left := len(active) * (r.Rounds - round + 1)
			r.Progress(r.done, max(r.done+left-r.doneIn(round), r.done), round, w.test)
		}
		err := r.measure(ctx, round, w)
		r.done++
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, llama.ErrAssertion):
			w.err = err
			return fmt.Errorf("%s: %w", w.test.Name(), err)
		case err != nil:
			w.err = err
		}
		if n := len(w.samples); err == nil && r.Precision > 0 && n >= EnoughRounds {
			speeds := w.speeds()
			w.tight = stat.MedianBounds(speeds, r.Confidence).Half(stat.Median(speeds)) <= r.Precision
		}
	}
	return nil
}

// doneIn is how many measurements of a round are over.
func (r *run) doneIn(round int) (n int) {
	for _, w := range r.rows {
		if len(w.samples) > 0 && w.samples[len(w.samples)-1].Round == round {
			n++
		}
	}
	return n
}

// order shuffles the loads, and the tests of each. The load that is there already comes first.
func (r *run) order(round int, active []*row) (ordered []*row) {
	random := rand.New(rand.NewPCG(r.Seed, uint64(round)))
	var loads []Load
	for _, w := range active {
		if !slices.Contains(loads, w.test.Load) {
			loads = append(loads, w.test.Load)
		}
	}
	random.Shuffle(len(loads), func(i, j int) { loads[i], loads[j] = loads[j], loads[i] })
	if i := slices.Index(loads, r.loaded); i > 0 {
		loads[0], loads[i] = loads[i], loads[0]
	}
	for _, load := range loads {
		var of []*row
		for _, w := range active {
			if w.test.Load == load {
				of = append(of, w)
			}
		}
		random.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
		ordered = append(ordered, of...)
	}
	return ordered
}

func (r *run) measure(ctx context.Context, round int, w *row) error {
	facts, err := r.machine.Ready(ctx, w.test)
	if err != nil {
		return err
	}
	w.facts, r.loaded = facts, w.test.Load
	if w.date.IsZero() {
		w.date = r.Now().UTC()
	}
	if r.Delay > 0 {
		select {
		case <-time.After(r.Delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.sensor.Begin(facts.OnDevice)
	took, err := r.machine.Run(ctx, w.test)
	conditions := r.sensor.End()
	if err != nil {
		return err
	}
	w.samples = append(w.samples, Sample{Round: round, Place: r.done + 1, Nanoseconds: took.Nanoseconds(), Conditions: conditions})
	return nil
}

// speeds are in tokens a second.
func (w *row) speeds() []float64 {
	speeds := make([]float64, len(w.samples))
	for i, s := range w.samples {
		speeds[i] = float64(w.test.Tokens()) / (float64(max(s.Nanoseconds, 1)) / 1e9)
	}
	return speeds
}
