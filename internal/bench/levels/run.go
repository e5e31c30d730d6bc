package levels

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// Options are how a run measures.
type Options struct {
	KVTypes    []string // the first is that of the reference
	Confidence float64
	Rounds     int     // of speed tests, at most; 0: speed is not measured
	Precision  float64 // half an interval as a share of its median that ends them; 0: none does
	Chunks     int     // windows of the text, at most; 0: all
	Everything bool    // do not end once the ranking is certain
	TimeLimit  time.Duration
	Wants      Wants
	Now        func() time.Time
	Progress   Progress
}

// errTime ends a phase whose share of the time is over.
var errTime = errors.New("the time that was given is over")

// The shares of the time that is left when a phase begins, after which it ends.
const (
	speedShare   = 0.3
	qualityShare = 0.6 // where tasks follow
)

// run is the state of Run.
type run struct {
	Options
	lab     Lab
	journal *Journal
	model   *Model
	levels  []Level
	record  *record.Record
	made    map[string]*Made // by the level's name
	failed  map[string]string
	ends    time.Time // zero: there is no limit
	begun   time.Time
}

// Run compares levels, the first of which is the model itself, and completes the record, whose
// head the caller has filled. What the journal has is not measured again. A level that fails is a
// row that says why. When ctx is done the record has what was measured before, beside the error.
func Run(ctx context.Context, lab Lab, j *Journal, m *Model, list []Level, head record.Record, o Options) (*record.Record, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string, string, int64, int64) {}
	}
	r := &run{Options: o, lab: lab, journal: j, model: m, levels: list, record: &head, made: map[string]*Made{}, failed: map[string]string{}, begun: o.Now()}
	if o.TimeLimit > 0 {
		r.ends = r.begun.Add(o.TimeLimit)
	}
	r.earlier()
	r.rows()
	var err error
	for _, phase := range []func(context.Context) error{r.plan, r.make, r.load, r.speed, r.quality, r.tasks} {
		if err = phase(ctx); err != nil {
			break
		}
	}
	r.finish(err)
	return r.record, errors.Join(err, r.elapsed())
}

// earlier counts a run that was ended before.
func (r *run) earlier() {
	var resumed int
	if r.journal.Get("resumed", &resumed); r.journal.Resumed {
		resumed++
	}
	r.record.Resumed = resumed
}

// elapsed keeps how long all parts of the run took.
func (r *run) elapsed() error {
	var before float64
	r.journal.Get("seconds", &before)
	r.record.Seconds = before + r.Now().Sub(r.begun).Seconds()
	return errors.Join(r.journal.Put("seconds", r.record.Seconds), r.journal.Put("resumed", r.record.Resumed))
}

// rows are of each level with each KV type.
func (r *run) rows() {
	source := TypeName(r.model.Type)
	for _, kv := range r.KVTypes {
		for i := range r.levels {
			l := &r.levels[i]
			row := record.Row{Level: l.Name, KV: kv, Source: source, Given: l.Given, State: record.Measured}
			if i == 0 {
				row.Reference = kv == r.KVTypes[0]
			} else if !l.Given && Quantized(r.model.Type) {
				row.From = "from " + source
			}
			if l.Unmade != "" {
				row.State, row.Why = record.Unmade, l.Unmade
			}
			r.record.Rows = append(r.record.Rows, row)
		}
	}
}

// each calls f for every row that can still be measured, with its level.
func (r *run) each(f func(row *record.Row, l *Level) error) error {
	for i := range r.record.Rows {
		row := &r.record.Rows[i]
		if row.State != record.Measured {
			continue
		}
		if err := f(row, &r.levels[i%len(r.levels)]); err != nil {
			return err
		}
	}
	return nil
}

// key is a row's name in the journal and for the lab.
func key(row *record.Row) string { return row.Level + "/" + row.KV }

func (r *run) target(row *record.Row) Target {
	return Target{Name: key(row), Path: r.made[row.Level].Path, KV: row.KV}
}

// fail ends a row for good, unless the run itself was ended.
func (r *run) fail(ctx context.Context, row *record.Row, what string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	row.State, row.Why = record.Failed, what+": "+err.Error()
	return nil
}

// plan says what each row takes.
func (r *run) plan(ctx context.Context) error {
	n := int64(0)
	return r.each(func(row *record.Row, l *Level) error {
		r.Progress("plan", row.Name(len(r.KVTypes) > 1), n, int64(len(r.record.Rows)))
		n++
		step := "memory/" + key(row)
		var m record.Memory
		if r.journal.Get(step, &m) {
			row.Memory = &m
			return nil
		}
		planned, err := r.lab.Plan(ctx, l, row.KV, true)
		if err != nil {
			return r.fail(ctx, row, "plan", err)
		}
		row.Memory = planned
		return r.journal.Put(step, planned)
	})
}

// make makes the files, or finds them.
func (r *run) make(ctx context.Context) error {
	for i := range r.levels {
		l := &r.levels[i]
		if l.Unmade != "" {
			continue
		}
		made, err := r.makeLevel(ctx, l, i)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			for k := range r.record.Rows {
				if row := &r.record.Rows[k]; row.Level == l.Name && row.State == record.Measured {
					row.State, row.Why = record.Failed, "make it: "+err.Error()
				}
			}
			continue
		}
		r.made[l.Name] = made
		for k := range r.record.Rows {
			if row := &r.record.Rows[k]; row.Level == l.Name {
				row.File = made.File
				if made.Source != "" {
					row.Source = made.Source
				}
				if made.Refused != "" && row.State == record.Measured {
					row.State, row.Why = record.Failed, made.Refused
				}
			}
		}
	}
	return nil
}

func (r *run) makeLevel(ctx context.Context, l *Level, i int) (*Made, error) {
	r.Progress("make", l.Name, int64(i), int64(len(r.levels)))
	made, err := r.lab.Make(ctx, l, func(done, total int64) { r.Progress("make", l.Name, done, total) })
	if err != nil {
		return nil, err
	}
	// How long it took is known to the run that made it.
	var seconds float64
	if step := "made/" + l.Name; made.File.Seconds != nil {
		err = r.journal.Put(step, *made.File.Seconds)
	} else if r.journal.Get(step, &seconds) {
		made.File.Seconds = &seconds
	}
	return made, err
}

// load takes the memory that was planned.
func (r *run) load(ctx context.Context) error {
	n := int64(0)
	return r.each(func(row *record.Row, _ *Level) error {
		r.Progress("load", row.Name(len(r.KVTypes) > 1), n, int64(len(r.record.Rows)))
		n++
		if row.Memory.NoReal != "" { // it was planned, and does not fit
			return nil
		}
		step := "load/" + key(row)
		var taken struct {
			Bytes uint64
			Why   string
		}
		if !r.journal.Get(step, &taken) {
			bytes, err := r.lab.Load(ctx, r.target(row))
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if taken.Bytes = bytes; err != nil {
				taken.Bytes, taken.Why = 0, err.Error()
			}
			if err := r.journal.Put(step, &taken); err != nil {
				return err
			}
		}
		if taken.Why != "" {
			row.Memory.NoReal = taken.Why
		} else {
			row.Memory.Real = &taken.Bytes
		}
		return nil
	})
}

// limit is ctx until a share of the time that is left is over; it is errTime then.
func (r *run) limit(ctx context.Context, share float64) (context.Context, context.CancelFunc) {
	if r.ends.IsZero() {
		return ctx, func() {}
	}
	left := time.Duration(share * float64(r.ends.Sub(r.Now())))
	return context.WithTimeoutCause(ctx, max(left, time.Millisecond), errTime)
}

// over tells whether a phase ended because its time did, and not the run.
func over(ctx, phase context.Context) bool {
	return ctx.Err() == nil && phase.Err() != nil
}

// finish draws the conclusions of what there is.
func (r *run) finish(err error) {
	c := r.record
	c.Made = r.Now().UTC().Truncate(time.Second)
	for i := range c.Rows {
		row := &c.Rows[i]
		if row.State == record.Measured && row.File == nil {
			row.State, row.Why = record.Partly, "the run ended before it was made"
			if err != nil {
				row.Why = fmt.Sprintf("the run ended before it was made: %v", err)
			}
		}
	}
	if err != nil {
		c.Notes = append(c.Notes, fmt.Sprintf("The run was ended: %v. What was measured before is here; the same command goes on with it.", err))
	}
	Pareto(c)
	c.Choice = Choose(c, r.Wants)
	c.Choice.Explains = Explain(c)
}
