// Package report lays a record of levels out: as a table for a terminal, as Markdown, and as a
// page of HTML that needs nothing from elsewhere, with charts in SVG.
//
// It decides nothing and computes no statistics: what it says stands in the record. Names in a
// record come from files of strangers, so each text is escaped for where it goes. The charts are
// laid out by gonum.org/v1/plot.
package report

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// column of a table: what it is headed with, its unit, what it is in words, and what stands in
// it for a row.
type column struct {
	head, unit string
	words      string
	left       bool
	cell       func(r *record.Row) string
}

// title is the head with its unit.
func (c *column) title() string {
	if c.unit == "" {
		return c.head
	}
	return c.head + ", " + c.unit
}

// view is a record with what is laid out of it.
type view struct {
	*record.Record
	several bool // KV types
	groups  [][]column
}

func viewOf(r *record.Record) *view {
	r = clean(r)
	v := &view{Record: r, several: r.Several()}
	for _, group := range [][]column{v.first(), v.second(), v.memoryColumns(), v.taskColumns()} {
		var kept []column
		for _, c := range group {
			if v.filled(&c) {
				kept = append(kept, c)
			}
		}
		if len(kept) > 0 {
			v.groups = append(v.groups, kept)
		}
	}
	return v
}

// filled tells whether any row has something in a column.
func (v *view) filled(c *column) bool {
	for i := range v.Rows {
		if v.done(i) && c.cell(&v.Rows[i]) != "-" {
			return true
		}
	}
	return false
}

// done tells whether there is something to show of a row.
func (v *view) done(i int) bool {
	return v.Rows[i].State == record.Measured || v.Rows[i].State == record.Partly
}

// label is a row's name with what it was made of, where that had lost something before.
func (v *view) label(r *record.Row) string {
	name := r.Name(v.several)
	if r.Reference {
		return name + " (reference)"
	}
	if r.From != "" && !r.Given && r.Level != v.Model.Type {
		name += " " + r.From
	}
	return name
}

// chosen tells whether a row is the one that is recommended.
func (v *view) chosen(r *record.Row) bool {
	return v.Choice.Level != "" && r.Level == v.Choice.Level && r.KV == v.Choice.KV
}

// mark stands before a row.
func (v *view) mark(r *record.Row) string {
	switch {
	case v.chosen(r):
		return "▸"
	case r.Pareto:
		return "•"
	}
	return " "
}

// first are the columns that a choice is made by.
func (v *view) first() []column {
	return []column{
		{head: "size", unit: "GiB", words: "of the file", cell: ofFile(func(f *record.File) string { return gib(float64(f.Bytes)) })},
		{head: "bits", words: "for each weight, as they are in the file", cell: ofFile(func(f *record.File) string { return fmt.Sprintf("%.2f", f.Bits) })},
		{head: "generation", unit: "tok/s", words: fmt.Sprintf("tokens a second while %d are generated, the median", v.Settings.Generate), cell: ofSpeed(func(r *record.Row) *record.Speed { return r.Generation })},
		{head: "KLD", unit: "nats", words: "divergence of Kullback and Leibler from the reference, the mean over positions", cell: ofQuality(func(q *record.Quality) string { return estimate(q.Divergence, 1, 3) })},
		{head: "same top", unit: "%", words: "positions with the reference's most probable token", cell: ofQuality(func(q *record.Quality) string { return estimate(q.Same, 100, 4) })},
		{head: "fits", words: "weights and context are on the card", left: true, cell: ofMemory(fits)},
	}
}

// second are what it can be checked by.
func (v *view) second() []column {
	return []column{
		{head: "fell back", words: "tensors whose rows are no multiple of the block of their type, of all", cell: ofFile(fellBack)},
		{head: "perplexity", words: "of the text", cell: ofQuality(perplexity)},
		{head: "KLD 99 %", unit: "nats", words: "that 99 of 100 positions do not exceed", cell: ofQuality(func(q *record.Quality) string { return float(q.P99, 3) })},
		{head: "KLD max", unit: "nats", words: "of the worst position", cell: ofQuality(func(q *record.Quality) string { return float(q.Max, 3) })},
		{head: "prompt", unit: "tok/s", words: fmt.Sprintf("tokens a second of a prompt of %d, the median", v.Settings.Prompt), cell: ofSpeed(func(r *record.Row) *record.Speed { return r.Prompt })},
	}
}

// perplexity has more digits than its interval leaves: two levels are compared on the same text,
// where their difference is known better than either.
func perplexity(q *record.Quality) string {
	text := significant(q.Perplexity.Value, 5)
	if e := &q.Perplexity; e.Known() {
		text += " ± " + significant(max(e.Value-*e.Low, *e.High-e.Value), 2)
	}
	return text
}

func fellBack(f *record.File) string {
	if f.Tensors == 0 {
		return "-"
	}
	return fmt.Sprintf("%d of %d", f.FellBack, f.Tensors)
}

func ofFile(show func(*record.File) string) func(*record.Row) string {
	return func(r *record.Row) string {
		if r.File == nil {
			return "-"
		}
		return show(r.File)
	}
}

func ofSpeed(get func(*record.Row) *record.Speed) func(*record.Row) string {
	return func(r *record.Row) string {
		if s := get(r); s != nil {
			return estimate(&s.PerSecond, 1, 3)
		}
		return "-"
	}
}

func ofQuality(show func(*record.Quality) string) func(*record.Row) string {
	return func(r *record.Row) string {
		if r.Quality == nil {
			return "-"
		}
		return show(r.Quality)
	}
}

func ofMemory(show func(*record.Memory) string) func(*record.Row) string {
	return func(r *record.Row) string {
		if r.Memory == nil {
			return "-"
		}
		return show(r.Memory)
	}
}

func ofTasks(show func(*record.Tasks) string) func(*record.Row) string {
	return func(r *record.Row) string {
		if r.Tasks == nil {
			return "-"
		}
		return show(r.Tasks)
	}
}

func (v *view) memoryColumns() []column {
	bytes := func(n *uint64) string {
		if n == nil {
			return "-"
		}
		return gib(float64(*n))
	}
	at := fmt.Sprintf("at %d tokens of context", v.Settings.Context)
	return []column{
		{head: "card", unit: "GiB", words: "memory that is planned on the card, " + at, cell: ofMemory(func(m *record.Memory) string {
			if len(m.Card) == 0 {
				return "-"
			}
			return gib(float64(sum(m.Card)))
		})},
		{head: "planned here", unit: "GiB", words: "memory on this machine as planned, " + at, cell: ofMemory(func(m *record.Memory) string { return bytes(m.Planned) })},
		{head: "taken here", unit: "GiB", words: "memory on this machine as the engine accounts for it, " + at, cell: ofMemory(func(m *record.Memory) string { return bytes(m.Real) })},
		{head: "load", unit: "s", words: "until the model is ready", cell: func(r *record.Row) string { return estimate(r.Load, 1, 2) }},
	}
}

func sum(uses []record.Use) (n uint64) {
	for _, u := range uses {
		n += u.Total()
	}
	return n
}

func fits(m *record.Memory) string {
	switch {
	case m.Fits == nil:
		return "-"
	case *m.Fits:
		return "yes"
	}
	return "no"
}

func (v *view) taskColumns() []column {
	return []column{
		{head: "tasks right", words: "of those with known answers", cell: ofTasks(func(t *record.Tasks) string { return fmt.Sprintf("%d of %d", t.Right, t.Cases) })},
		{head: "lost", words: "right of the reference, wrong of the level", cell: ofTasks(func(t *record.Tasks) string { return fmt.Sprint(t.Lost) })},
		{head: "gained", words: "the other way round", cell: ofTasks(func(t *record.Tasks) string { return fmt.Sprint(t.Gained) })},
		{head: "tasks are", words: "by a paired test: worse, the same, better, or not enough data", left: true, cell: ofTasks(func(t *record.Tasks) string {
			if t.Verdict == "" {
				return "-"
			}
			return t.Verdict
		})},
		{head: "finds to", unit: "tokens", words: "effective context: the longest at which what the reference finds is still found", cell: ofTasks(func(t *record.Tasks) string {
			if t.EffectiveContext == nil {
				return "-"
			}
			return fmt.Sprint(*t.EffectiveContext)
		})},
	}
}

// undone are the rows that were not measured, with the reason.
func (v *view) undone() (list [][2]string) {
	for i := range v.Rows {
		r := &v.Rows[i]
		if r.State != record.Measured {
			list = append(list, [2]string{v.label(r), map[string]string{
				record.Unmade: "cannot be made: ", record.Failed: "failed: ", record.Partly: "measured in part: ",
			}[r.State] + r.Why})
		}
	}
	return list
}

// heading are the lines that say what was measured.
func (v *view) heading() []string {
	m := &v.Model
	parts := []string{m.Architecture, fmt.Sprintf("%s parameters", short(m.Parameters)), m.Type, gib(float64(m.Bytes)) + " GiB"}
	lines := []string{strings.Join(parts, " · ")}
	if m.Quantized {
		lines = append(lines, fmt.Sprintf("The reference is %s, which is quantized already: losses are counted from there, and every level is made from it.", m.Type))
	}
	if t := v.Text; t != nil {
		what := map[string]string{"file": "a text", "prompts": "prompts", "generated": "text that the reference generated"}[t.Kind]
		if t.Name != "" {
			what += ", " + t.Name
		}
		lines = append(lines, fmt.Sprintf("Scored on %s: %d tokens in chunks of %d.", what, t.Tokens, v.Settings.Window))
	}
	return lines
}

func short(n int64) string {
	switch f := float64(n); {
	case f >= 1e9:
		return fmt.Sprintf("%.2f B", f/1e9)
	case f >= 1e6:
		return fmt.Sprintf("%.1f M", f/1e6)
	}
	return fmt.Sprint(n)
}
