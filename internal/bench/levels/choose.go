package levels

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/quant"
)

// Wants are what the level that is taken has to be like.
type Wants struct {
	// Loss is the mean divergence from the reference, in nats, that is not worth memory: of the
	// levels that certainly lose no more, the smallest is taken. 0: the closest is taken.
	Loss     float64
	MinSpeed float64 // tokens a second while generating; 0: any
}

// DefaultLoss lies between what was published of Q6_K, 0.0055, and of Q5_K_M, 0.0108, of another
// model (quant.Published). It is a choice, not a finding: the sentence says it.
const DefaultLoss = 0.01

// Choose recommends a row, in a sentence: of those that fit the card, are fast enough and are
// not worse in the tasks, the smallest that loses next to nothing; where all lose more, the best
// as quant.Choose has it. It is a pure function of the record.
func Choose(r *record.Record, w Wants) record.Choice {
	c := &chooser{Record: r, Wants: w, several: r.Several()}
	c.sort()
	var choice record.Choice
	switch {
	case len(c.measured) == 0:
		choice.Sentence = "No level is recommended: none was measured."
		return choice
	case len(c.fit) == 0:
		choice.Sentence = c.noneFits()
		return choice
	}
	row := c.smallest()
	if row == nil {
		row = c.best()
		choice.Sentence = c.bestSentence(row)
	} else {
		choice.Sentence = c.smallestSentence(row)
	}
	choice.Level, choice.KV = row.Level, row.KV
	choice.Reasons = c.reasons(row)
	choice.Caveats = c.caveats(row)
	return choice
}

type chooser struct {
	*record.Record
	Wants
	several  bool
	measured []*record.Row
	fit      []*record.Row // of them, those that may be taken
	large    []*record.Row // that do not fit
	slow     []*record.Row
	worse    []*record.Row // in the tasks
}

func (c *chooser) sort() {
	for i := range c.Rows {
		r := &c.Rows[i]
		if r.State != record.Measured || divergence(r) == nil {
			continue
		}
		c.measured = append(c.measured, r)
		switch {
		case r.Memory != nil && r.Memory.Fits != nil && !*r.Memory.Fits:
			c.large = append(c.large, r)
		case c.MinSpeed > 0 && (r.Generation == nil || r.Generation.PerSecond.Value < c.MinSpeed):
			c.slow = append(c.slow, r)
		default:
			c.fit = append(c.fit, r)
		}
	}
	// A level that is worse in the tasks is taken only where all are.
	if good := slices.DeleteFunc(slices.Clone(c.fit), func(r *record.Row) bool { return r.Tasks != nil && r.Tasks.Verdict == record.Worse }); len(good) > 0 {
		for _, r := range c.fit {
			if !slices.Contains(good, r) {
				c.worse = append(c.worse, r)
			}
		}
		c.fit = good
	}
}

// smallest is the smallest that certainly loses no more than is worth nothing; nil: none does.
func (c *chooser) smallest() (best *record.Row) {
	for _, r := range c.fit {
		_, high := ends(divergence(r))
		if high > c.Loss || r.Reference && c.Loss == 0 {
			continue
		}
		if best == nil || c.room(r) < c.room(best) {
			best = r
		}
	}
	return best
}

func (c *chooser) room(r *record.Row) uint64 { return room(r, c.several) }

// best is the choice of package quant among those that fit, by what was measured here.
func (c *chooser) best() *record.Row {
	list := make([]quant.Level, len(c.fit))
	for i, r := range c.fit {
		d := divergence(r).Value
		list[i] = quant.Level{Name: r.Name(c.several), Size: int64(c.room(r)), Bits: r.File.Bits, Quality: &quant.Quality{
			Divergence: max(d, 1e-12), Model: c.Model.File, Own: true, // 0 is not measured there
		}}
	}
	chosen := quant.Choose(list, func(quant.Level) quant.Fit { return quant.Fit{OK: true} }, quant.Wants{})
	i := slices.IndexFunc(c.fit, func(r *record.Row) bool { return r.Name(c.several) == chosen.Level.Name })
	return c.fit[i]
}

// where says what the levels are to fit: "that fits" of one, "that fit" of several.
func (c *chooser) where(fits string) string {
	if c.Card == nil {
		return ""
	}
	return fmt.Sprintf("%s %s at %d tokens", fits, c.Card.Name, c.Settings.Context)
}

func (c *chooser) smallestSentence(r *record.Row) string {
	if r.Reference {
		return fmt.Sprintf("%s, the model as it is, is recommended: no smaller level%s certainly stays within %g nats of it.", r.Name(c.several), c.where(" that fits"), c.Loss)
	}
	where := c.where("fits")
	if where != "" {
		where += " and "
	}
	return fmt.Sprintf("%s is recommended: the smallest level that %scertainly stays within %g nats of the reference.", r.Name(c.several), where, c.Loss)
}

func (c *chooser) bestSentence(r *record.Row) string {
	switch {
	case len(c.fit) == 1:
		return fmt.Sprintf("%s is recommended: the only level%s%s.", r.Name(c.several), c.where(" that fits"), c.wanted())
	case r.Reference:
		return fmt.Sprintf("%s, the model as it is, is recommended: it fits, and every level loses something.", r.Name(c.several))
	}
	return fmt.Sprintf("%s is recommended: the closest to the reference of the %d levels%s%s.", r.Name(c.several), len(c.fit), c.where(" that fit"), c.wanted())
}

func (c *chooser) wanted() string {
	if c.MinSpeed > 0 {
		return fmt.Sprintf(" with at least %g tokens a second", c.MinSpeed)
	}
	return ""
}

func (c *chooser) noneFits() string {
	if len(c.large) == 0 {
		return fmt.Sprintf("No level is recommended: none has %g tokens a second.", c.MinSpeed)
	}
	least := slices.MinFunc(c.large, func(a, b *record.Row) int { return cmp.Compare(c.room(a), c.room(b)) })
	text := fmt.Sprintf("No level is recommended: none%s%s.", c.where(" fits"), c.wanted())
	if least.Memory.Why != "" {
		text += fmt.Sprintf(" The smallest is %s: %s.", least.Name(c.several), least.Memory.Why)
	}
	return text
}

func (c *chooser) reasons(r *record.Row) (list []string) {
	if d := divergence(r); !r.Reference {
		text := fmt.Sprintf("its mean divergence is %s nats", interval(d))
		if s := r.Quality.Same; s != nil {
			text += fmt.Sprintf(", and at %.1f %% of positions the most probable token is the reference's", 100*s.Value)
		}
		list = append(list, text)
	}
	if t := r.Tasks; t != nil && t.Verdict != "" && !r.Reference {
		list = append(list, fmt.Sprintf("tasks with known answers: %s (%d lost, %d gained, of %d)", t.Verdict, t.Lost, t.Gained, t.Cases))
	}
	if r.Generation != nil && len(c.measured) > 1 {
		list = append(list, c.speedReason(r))
	}
	for _, group := range []struct {
		says string
		rows []*record.Row
	}{
		{"closer, but too large", c.closer(r, c.large)},
		{"closer, but too slow", c.closer(r, c.slow)},
		{"closer, but larger", c.closer(r, c.fit)},
		{"worse in the tasks", c.worse},
	} {
		if len(group.rows) > 0 {
			list = append(list, group.says+": "+c.names(group.rows))
		}
	}
	return list
}

// speedReason compares with the fastest.
func (c *chooser) speedReason(r *record.Row) string {
	fastest := r
	for _, o := range c.measured {
		if o.Generation != nil && compareSpeeds(o.Generation, fastest.Generation, c.Settings.Confidence) > 0 {
			fastest = o
		}
	}
	text := fmt.Sprintf("it generates %.3g tokens a second", r.Generation.PerSecond.Value)
	if fastest == r {
		return text + ", and no other level is certainly faster"
	}
	return text + fmt.Sprintf("; the fastest, %s, %.3g", fastest.Name(c.several), fastest.Generation.PerSecond.Value)
}

// closer are those of some rows that are certainly closer to the reference, the closest first.
func (c *chooser) closer(than *record.Row, of []*record.Row) (list []*record.Row) {
	for _, r := range of {
		if r != than && compare(divergence(r), divergence(than)) < 0 {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b *record.Row) int { return cmp.Compare(divergence(a).Value, divergence(b).Value) })
	return list
}

func (c *chooser) names(rows []*record.Row) string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Name(c.several)
	}
	return strings.Join(names, ", ")
}

func (c *chooser) caveats(r *record.Row) (list []string) {
	if r.From != "" && !r.Given {
		list = append(list, fmt.Sprintf("every level was made %s, which had lost something before: losses come on top of that one's, and a level of the same name made of the original model is better", r.From))
	} else if r.Reference && c.Model.Quantized {
		list = append(list, fmt.Sprintf("the reference is %s: what that lost against the original model was not measured", c.Model.Type))
	}
	if !c.Ranking.Certain && len(c.Ranking.Open) > 0 {
		list = append(list, "the order of the levels is not certain: "+c.Ranking.OpenPairs())
	}
	if t := r.Tasks; t != nil && t.Verdict == record.Worse {
		list = append(list, "it is worse than the reference in the tasks, and so are all that fit")
	}
	if c.Text != nil && c.Text.Kind == "generated" {
		list = append(list, "the text was generated by the reference: on your own texts (--text, --prompts) losses can be others")
	}
	return list
}

// interval is a figure with its ends.
func interval(e *record.Estimate) string {
	if !e.Known() {
		return fmt.Sprintf("%.3g", e.Value)
	}
	return fmt.Sprintf("%.3g (%.3g to %.3g)", e.Value, *e.Low, *e.High)
}

// nominal is the place of a type in the order of their names, from large to small; false: it is
// no type.
func nominal(name string) (int, bool) {
	t, err := quant.ParseFileType(name)
	if err != nil {
		return 0, false
	}
	i := slices.IndexFunc(quant.FileTypes(), func(f quant.FileType) bool { return f.Number == t&^gguf.FileTypeGuessed })
	return i, i >= 0
}
