package levels

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/stat"
)

// fewestRounds give an interval of the median at 95 %.
const fewestRounds = 6

// speed measures all rows in rounds, so that a machine that changes its speed changes it for
// all. A round that was finished before is not measured again.
func (r *run) speed(ctx context.Context) error {
	if r.Rounds <= 0 {
		return nil
	}
	phase, cancel := r.limit(ctx, speedShare)
	defer cancel()
	samples := map[string][]Timing{}
	for round := range r.Rounds {
		timings, err := r.round(phase, round)
		if err != nil {
			if over(ctx, phase) {
				r.note("Speed was measured in %d rounds of %d: the time for it was over.", round, r.Rounds)
				break
			}
			return err
		}
		for _, t := range timings {
			samples[t.Name] = append(samples[t.Name], t)
		}
		if round+1 >= fewestRounds && r.precise(samples) {
			break
		}
	}
	r.noteDrift(samples)
	return r.each(func(row *record.Row, _ *Level) error {
		r.timed(row, samples[key(row)])
		return nil
	})
}

// round is one of them, from the journal or measured.
func (r *run) round(ctx context.Context, round int) ([]Timing, error) {
	step := fmt.Sprintf("speed/%d", round)
	var timings []Timing
	if r.journal.Get(step, &timings) {
		return timings, nil
	}
	var targets []Target
	r.each(func(row *record.Row, _ *Level) error {
		targets = append(targets, r.target(row))
		return nil
	})
	what, n := fmt.Sprintf("round %d of at most %d", round+1, r.Rounds), len(targets)
	timings, err := r.lab.Speed(ctx, targets, round, func(done int) { r.Progress("speed", what, int64(round*n+done), int64(r.Rounds*n)) })
	if err != nil {
		return nil, err
	}
	return timings, r.journal.Put(step, timings)
}

// A change of the machine that is said: by how much, and how sure that it is none by chance.
const (
	leastDrift   = 0.05
	certainDrift = 0.05
)

// noteDrift says when the machine became faster or slower from round to round.
func (r *run) noteDrift(samples map[string][]Timing) {
	var series []map[int]float64
	for _, list := range samples {
		for _, figure := range figures[1:] {
			byRound := map[int]float64{}
			for round := range list {
				if x := figure(&list[round]); x > 0 {
					byRound[round] = x
				}
			}
			series = append(series, byRound)
		}
	}
	change, p := stat.Drift(series)
	if p >= certainDrift || math.Abs(change) < leastDrift {
		return
	}
	word := "faster"
	if change < 0 {
		word = "slower"
	}
	r.note("The machine became %.0f %% %s while speed was measured (p = %.2g): intervals are wide for that, yet levels are compared round by round.", 100*math.Abs(change), word, p)
}

// values are one figure of the samples, of those that have it.
func values(samples []Timing, figure func(*Timing) float64) (list []float64) {
	for i := range samples {
		if x := figure(&samples[i]); x > 0 {
			list = append(list, x)
		}
	}
	return list
}

var figures = []func(*Timing) float64{
	func(t *Timing) float64 { return t.Load },
	func(t *Timing) float64 { return t.Prompt },
	func(t *Timing) float64 { return t.Generation },
}

// precise tells whether the speeds of all rows are known well enough.
func (r *run) precise(samples map[string][]Timing) bool {
	if r.Precision <= 0 {
		return false
	}
	for _, list := range samples {
		for _, figure := range figures[1:] {
			v := values(list, figure)
			if len(v) == 0 {
				continue
			}
			if b := stat.MedianBounds(v, r.Confidence); b.Half(stat.Median(v)) > r.Precision {
				return false
			}
		}
	}
	return true
}

// timed are the figures of a row.
func (r *run) timed(row *record.Row, samples []Timing) {
	var notes []string
	for _, t := range samples {
		if t.Error != "" {
			r.note("%s: speed: %s", row.Name(len(r.KVTypes) > 1), t.Error)
			break
		}
		for _, n := range t.Notes {
			if !slices.Contains(notes, n) {
				notes = append(notes, n)
			}
		}
	}
	median := func(figure func(*Timing) float64) (*record.Estimate, []float64) {
		v := values(samples, figure)
		if len(v) == 0 {
			return nil, nil
		}
		b := stat.MedianBounds(v, r.Confidence)
		if !b.Covers(r.Confidence) { // too few: the ends are no interval
			return &record.Estimate{Value: stat.Median(v), N: len(v)}, v
		}
		return record.Between(stat.Median(v), b.Low, b.High, len(v)), v
	}
	row.Load, _ = median(figures[0])
	if e, v := median(figures[1]); e != nil {
		row.Prompt = &record.Speed{Tokens: r.record.Settings.Prompt, PerSecond: *e, Samples: v, Notes: notes}
	}
	if e, v := median(figures[2]); e != nil {
		row.Generation = &record.Speed{Tokens: r.record.Settings.Generate, PerSecond: *e, Samples: v, Notes: notes}
	}
}

func (r *run) note(format string, args ...any) {
	r.record.Notes = append(r.record.Notes, fmt.Sprintf(format, args...))
}
