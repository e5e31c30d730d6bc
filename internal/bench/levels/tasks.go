package levels

import (
	"context"
	"fmt"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/eval/task"
)

// tasks has the reference and then each row answer the cases, and judges the flips.
func (r *run) tasks(ctx context.Context) error {
	cases, err := r.lab.Cases(ctx)
	if err != nil {
		return err
	}
	if len(cases) == 0 {
		return nil
	}
	phase, cancel := r.limit(ctx, 1)
	defer cancel()
	var reference []task.Outcome
	return r.each(func(row *record.Row, _ *Level) error {
		if phase.Err() != nil && ctx.Err() == nil {
			r.note("%s: no tasks: the time was over.", row.Name(len(r.KVTypes) > 1))
			return nil
		}
		outcomes, err := r.answers(phase, row, cases)
		switch {
		case err != nil && over(ctx, phase):
			r.note("%s: %d of %d tasks were answered before the time was over: they are not judged.", row.Name(len(r.KVTypes) > 1), len(outcomes), len(cases))
			return nil
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			r.note("%s: tasks: %v", row.Name(len(r.KVTypes) > 1), err)
			return nil
		case row.Reference:
			reference = outcomes
			row.Tasks = alone(outcomes)
			return nil
		case reference == nil:
			return nil
		}
		judged, err := task.Compare(reference, outcomes, task.Judging{Confidence: r.Confidence})
		if err != nil {
			return err
		}
		row.Tasks = tasksOf(judged)
		return nil
	})
}

// answers are those of the journal and, behind them, what is missing.
func (r *run) answers(ctx context.Context, row *record.Row, cases []task.Case) (list []task.Outcome, err error) {
	step := func(i int) string { return fmt.Sprintf("task/%s/%d", key(row), i) }
	for i := range cases {
		var o task.Outcome
		if !r.journal.Get(step(i), &o) || o.ID != cases[i].ID {
			break
		}
		list = append(list, o)
	}
	if len(list) == len(cases) {
		return list, nil
	}
	r.Progress("tasks", row.Name(len(r.KVTypes) > 1), int64(len(list)), int64(len(cases)))
	err = r.lab.Answer(ctx, r.target(row), cases[len(list):], func(o task.Outcome) error {
		list = append(list, o)
		r.Progress("tasks", row.Name(len(r.KVTypes) > 1), int64(len(list)), int64(len(cases)))
		return r.journal.Put(step(len(list)-1), o)
	})
	return list, err
}

// alone are the reference's own answers.
func alone(outcomes []task.Outcome) *record.Tasks {
	t := &record.Tasks{Kinds: []record.TaskKind{}}
	for _, o := range outcomes {
		if n := len(t.Kinds); n == 0 || t.Kinds[n-1].Kind != string(o.Kind) {
			t.Kinds = append(t.Kinds, record.TaskKind{Kind: string(o.Kind)})
		}
		for _, c := range []*record.TaskCount{&t.TaskCount, &t.Kinds[len(t.Kinds)-1].TaskCount} {
			c.Cases++
			if o.Right {
				c.Right++
				c.Was++
			}
		}
	}
	return t
}

// tasksOf is a comparison as the record has it.
func tasksOf(c *task.Comparison) *record.Tasks {
	count := func(f *task.Flips, p float64) record.TaskCount {
		return record.TaskCount{Cases: f.Cases, Right: f.Level, Was: f.Reference, Lost: f.Lost, Gained: f.Gained, P: &p, Verdict: string(f.Verdict)}
	}
	t := &record.Tasks{TaskCount: count(&c.All, c.All.P), Kinds: []record.TaskKind{}}
	for i := range c.Kinds {
		k := &c.Kinds[i]
		t.Kinds = append(t.Kinds, record.TaskKind{Kind: string(k.Kind), TaskCount: count(&k.Flips, k.Adjusted)})
	}
	for _, e := range c.Contexts {
		// Of several kinds the one that is lost first.
		if e.Reference > 0 && (t.EffectiveContext == nil || e.Level < *t.EffectiveContext) {
			level := e.Level
			t.EffectiveContext = &level
		}
	}
	return t
}
