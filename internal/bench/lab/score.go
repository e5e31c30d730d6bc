package lab

import (
	"context"
	"errors"
	"slices"

	"github.com/seed-f87006eb/llm/internal/bench/levels"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/internal/eval"
	"github.com/seed-f87006eb/llm/internal/score"
)

// group are models that are loaded to be scored beside the reference.
type group struct {
	names  []string
	models []*score.Model
	scores *eval.Group
}

func (l *Lab) closeGroup() error {
	if l.group == nil {
		return nil
	}
	var errs []error
	for _, m := range l.group.models {
		errs = append(errs, m.Close())
	}
	l.group = nil
	if l.reference != nil {
		errs = append(errs, l.reference.Close())
		l.reference = nil
	}
	return errors.Join(errs...)
}

// BytesPerPosition is of levels.Lab.
func (l *Lab) BytesPerPosition() int64 { return 4 * int64(l.Vocab.Tokens) }

// beside is what a model that is scored takes beside its file: a context of a window, and the
// engine's buffers. Of a file all may be in memory a second time, rearranged for the CPU.
const beside = 256 << 20

// Groups is of levels.Lab: as many as fit half of the memory that is free, by twice the sizes of
// their files; at least one.
func (l *Lab) Groups(targets []levels.Target) (groups [][]levels.Target) {
	devices, free, err := engine.PlanDevices(l.engine.Placement.Devices)
	if err != nil {
		free = 0
	}
	for _, d := range devices {
		if len(devices) > 0 && d.Free > 0 {
			free = min(free, d.Free)
		}
	}
	room := int64(free/2) - 2*l.Model.Bytes - beside
	left := int64(0)
	for _, t := range targets {
		need := 2*sizeOf(t.Path) + beside
		if need > left {
			groups = append(groups, nil)
			left = room
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], t)
		left -= need
	}
	return groups
}

// Score is of levels.Lab. What is loaded stays so for the next call with the same targets.
func (l *Lab) Score(ctx context.Context, reference levels.Target, targets []levels.Target, windows []int, done func(int, *eval.ChunkResult, []eval.ChunkResult) error) error {
	if err := l.load(ctx, reference, targets); err != nil {
		return err
	}
	for _, w := range windows {
		r, results, err := l.group.scores.Window(ctx, l.text, w)
		if err != nil {
			var row *eval.RowError
			switch {
			case !errors.As(err, &row):
				return err
			case row.Level < 0 || row.Level >= len(targets):
				return &levels.TargetError{Name: reference.Name, Err: err}
			}
			return &levels.TargetError{Name: targets[row.Level].Name, Err: err}
		}
		if r == nil { // alone
			r, results = &results[0], nil
		}
		if err := done(w, r, results); err != nil {
			return err
		}
	}
	return nil
}

// load has the reference and targets loaded, and nothing else.
func (l *Lab) load(ctx context.Context, reference levels.Target, targets []levels.Target) (err error) {
	names := []string{reference.Name}
	for _, t := range targets {
		names = append(names, t.Name)
	}
	if l.group != nil && slices.Equal(l.group.names, names) {
		return nil
	}
	if err := l.closeGroup(); err != nil {
		return err
	}
	g := &group{names: names}
	l.group = g
	defer func() {
		if err != nil {
			err = errors.Join(err, l.closeGroup())
		}
	}()
	if l.reference == nil {
		if l.reference, err = l.scorer(ctx, reference); err != nil {
			return &levels.TargetError{Name: reference.Name, Err: err}
		}
	}
	for _, t := range targets {
		m, err := l.scorer(ctx, t)
		if err != nil {
			return &levels.TargetError{Name: t.Name, Err: err}
		}
		g.models = append(g.models, m)
		if err := m.Vocabulary().Same(l.reference.Vocabulary()); err != nil {
			return &levels.TargetError{Name: t.Name, Err: err}
		}
	}
	workers := l.engine.Threads
	if len(targets) == 0 {
		g.scores, err = eval.NewGroup(nil, []eval.Scorer{l.reference}, workers)
	} else {
		g.scores, err = score.Compare(l.reference, g.models, workers)
	}
	return err
}

func (l *Lab) scorer(ctx context.Context, t levels.Target) (*score.Model, error) {
	return score.Open(ctx, t.Path, score.Options{Engine: l.engineOptions(t.KV, 0), Window: l.Window})
}
