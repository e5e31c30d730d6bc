package levels

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval"
)

// block is how many windows are read between two looks at the ranking.
const block = 8

// scoring is the state of the quality phase.
type scoring struct {
	*run
	reference *record.Row
	results   map[string]map[int]eval.ChunkResult // by the row's key and the window
	order     []int                               // of windows
}

// quality has the reference and all rows read the same windows, until their order is certain,
// the text or the time is over. What the journal has is not read again.
func (r *run) quality(ctx context.Context) error {
	text, windows := r.lab.Text()
	if r.record.Text = text; text == nil || windows == 0 {
		return nil
	}
	s := &scoring{run: r, results: map[string]map[int]eval.ChunkResult{}}
	for i := range r.record.Rows {
		if row := &r.record.Rows[i]; row.Reference && row.State == record.Measured {
			s.reference = row
		}
	}
	if s.reference == nil {
		r.note("No quality was measured: the reference cannot be loaded.")
		return nil
	}
	s.order = eval.Order(windows, r.record.Settings.Seed)
	if r.Chunks > 0 {
		s.order = s.order[:min(len(s.order), r.Chunks)]
	}
	share := 1.0
	if cases, err := r.lab.Cases(ctx); err == nil && len(cases) > 0 {
		share = qualityShare
	}
	phase, cancel := r.limit(ctx, share)
	defer cancel()
	why, read, err := s.read(phase)
	if err != nil && over(ctx, phase) {
		why, err = fmt.Sprintf("the time for it was over after %d windows of %d", read, len(s.order)), nil
	}
	return errors.Join(err, s.summarize(why, read))
}

// read scores block after block; it says why it ended, and how many windows all have read.
func (s *scoring) read(ctx context.Context) (why string, read int, err error) {
	for read < len(s.order) {
		next := s.order[read:min(len(s.order), read+block)]
		if err := s.block(ctx, next, read); err != nil {
			return "", read, err
		}
		read += len(next)
		ranking, err := s.ranking(read)
		if err != nil {
			return "", read, err
		}
		if ranking == nil {
			return "no level could be scored", read, nil
		}
		if !s.Everything && ranking.Certain() && read >= 2*block {
			return fmt.Sprintf("certain after %d windows of %d", read, len(s.order)), read, nil
		}
	}
	return fmt.Sprintf("all %d windows were read", read), read, nil
}

// block scores windows with all rows.
func (s *scoring) block(ctx context.Context, windows []int, before int) error {
	var targets []Target
	s.each(func(row *record.Row, _ *Level) error {
		if s.results[key(row)] == nil {
			s.results[key(row)] = map[int]eval.ChunkResult{}
		}
		if !row.Reference {
			targets = append(targets, s.target(row))
		}
		return nil
	})
	groups := s.lab.Groups(targets)
	if len(targets) == 0 {
		groups = [][]Target{nil}
	}
	for i, group := range groups {
		what := "perplexity and divergence"
		if len(groups) > 1 {
			what += fmt.Sprintf(", group %d of %d", i+1, len(groups))
		}
		if err := s.group(ctx, group, windows, func(done int) { s.Progress("quality", what, int64(before+done), int64(len(s.order))) }); err != nil {
			return err
		}
	}
	return nil
}

// group scores windows with rows that are loaded at the same time. A row that cannot be scored is
// left out, with the reason.
func (s *scoring) group(ctx context.Context, group []Target, windows []int, progress func(done int)) error {
	var missing []int
	for _, w := range windows {
		if !s.known(s.target(s.reference), w) || slices.ContainsFunc(group, func(t Target) bool { return !s.known(t, w) }) {
			missing = append(missing, w)
		}
	}
	for len(missing) > 0 {
		done := len(windows) - len(missing)
		progress(done)
		err := s.lab.Score(ctx, s.target(s.reference), group, slices.Clone(missing), func(w int, reference *eval.ChunkResult, results []eval.ChunkResult) error {
			missing = slices.DeleteFunc(missing, func(o int) bool { return o == w })
			done++
			progress(done)
			if err := s.keep(key(s.reference), w, reference); err != nil {
				return err
			}
			for i := range results {
				if err := s.keep(group[i].Name, w, &results[i]); err != nil {
					return err
				}
			}
			return nil
		})
		var one *TargetError
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &one) && one.Name == key(s.reference):
			return fmt.Errorf("score the reference: %w", err)
		case errors.As(err, &one):
			group = slices.DeleteFunc(slices.Clone(group), func(t Target) bool { return t.Name == one.Name })
			s.each(func(row *record.Row, _ *Level) error {
				if key(row) == one.Name {
					row.State, row.Why = record.Failed, "score: "+one.Error()
				}
				return nil
			})
		case err != nil:
			return err
		}
	}
	return nil
}

// known tells whether a target has read a window, in this run or in one before.
func (s *scoring) known(t Target, window int) bool {
	if _, ok := s.results[t.Name][window]; ok {
		return true
	}
	var c eval.ChunkResult
	if !s.journal.Get(scoreStep(t.Name, window), &c) || c.Check() != nil || c.Chunk != window {
		return false
	}
	s.results[t.Name][window] = c
	return true
}

func (s *scoring) keep(name string, window int, c *eval.ChunkResult) error {
	s.results[name][window] = *c
	return s.journal.Put(scoreStep(name, window), c)
}

func scoreStep(name string, window int) string { return fmt.Sprintf("score/%s/%d", name, window) }

// scored are the rows beside the reference.
func (s *scoring) scored() (rows []*record.Row) {
	s.each(func(row *record.Row, _ *Level) error {
		if !row.Reference {
			rows = append(rows, row)
		}
		return nil
	})
	return rows
}

// ranking is that of the first windows; nil: there is nothing to rank.
func (s *scoring) ranking(read int) (*eval.Ranking, error) {
	rows := s.scored()
	if len(rows) == 0 {
		return nil, nil
	}
	ranking, err := eval.NewRanking(len(rows), eval.KLD, s.Confidence, 0)
	if err != nil {
		return nil, err
	}
	for _, w := range s.order[:read] {
		window := make([]eval.ChunkResult, len(rows))
		for i, row := range rows {
			window[i] = s.results[key(row)][w]
		}
		if err := ranking.Add(window); err != nil {
			return nil, err
		}
	}
	return ranking, nil
}

// summarize fills the rows and the ranking with what all have read.
func (s *scoring) summarize(why string, read int) error {
	if read == 0 {
		s.note("No quality was measured: the time was over before %d windows were read.", min(block, len(s.order)))
		return nil
	}
	err := s.each(func(row *record.Row, _ *Level) error {
		var chunks []eval.ChunkResult
		for _, w := range s.order[:read] {
			chunks = append(chunks, s.results[key(row)][w])
		}
		q, err := eval.Summarize(chunks, s.Confidence)
		if err != nil {
			return fmt.Errorf("%s: %w", row.Level, err)
		}
		row.Quality = qualityOf(&q, chunks)
		row.Quality.BytesPerPosition = s.lab.BytesPerPosition()
		return nil
	})
	if err != nil {
		return err
	}
	ranking, err := s.ranking(read)
	if err != nil || ranking == nil {
		return err
	}
	rows, several := s.scored(), len(s.KVTypes) > 1
	k := &s.record.Ranking
	k.Certain, k.Why = ranking.Certain(), why
	order := ranking.Levels()
	for _, i := range order {
		k.Order = append(k.Order, rows[i].Name(several))
	}
	for _, p := range ranking.Pairs() {
		if p.Relation == eval.Open {
			k.Open = append(k.Open, rows[p.A].Name(several)+" and "+rows[p.B].Name(several))
		}
	}
	return nil
}
