package task

import (
	"errors"
	"fmt"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// Verdict is what a paired test says about a level.
type Verdict string

// The verdicts.
const (
	Worse         Verdict = "worse"
	Same          Verdict = "the same"
	Better        Verdict = "better"
	NotEnoughData Verdict = "not enough data"
)

// Judging says how sure a verdict must be.
type Judging struct {
	Confidence float64 // 0: 0.95
	// Margin is the difference, a share of the solved cases, up to which a level counts as the
	// same; 0: 0.05.
	Margin float64
}

// Flips are the counts of a paired comparison and what follows from them.
type Flips struct {
	Cases     int `json:"cases"`
	Reference int `json:"reference_right"`
	Level     int `json:"level_right"`
	Solved    int `json:"solved"` // cases that either has right; the others say nothing of a loss
	Lost      int `json:"lost"`   // the reference has it right, the level wrong
	Gained    int `json:"gained"` // the other way around
	// Difference is (Gained − Lost) / Solved, with an interval; 0 and -1 to 1 where nothing was
	// solved.
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	P          float64 `json:"p"`          // exact, two-sided
	Adjusted   float64 `json:"p_adjusted"` // P, if this is one of several tests
	Verdict    Verdict `json:"verdict"`
}

// KindFlips are the flips of one kind. The intervals of all kinds hold at once.
type KindFlips struct {
	Kind Kind `json:"kind"`
	Flips
}

// Comparison is what a level does to the tasks.
type Comparison struct {
	Confidence float64     `json:"confidence"`
	Margin     float64     `json:"margin"`
	All        Flips       `json:"all"`
	Kinds      []KindFlips `json:"kinds"`
	Contexts   []Effective `json:"effective_context,omitempty"`
}

// Compare compares what a reference and a level made of the same cases, in the same order.
//
// All cases together are one test. The kinds are a family of tests beside it: their p-values
// are adjusted after Holm, their intervals widened after Bonferroni.
func Compare(reference, level []Outcome, j Judging) (*Comparison, error) {
	if j.Confidence == 0 {
		j.Confidence = 0.95
	}
	if j.Margin == 0 {
		j.Margin = 0.05
	}
	if !(j.Confidence > 0.5 && j.Confidence < 1) || !(j.Margin > 0 && j.Margin < 1) {
		return nil, fmt.Errorf("compare tasks: a confidence of %v and a margin of %v; choose a confidence above 0.5 and below 1, and a margin above 0 and below 1", j.Confidence, j.Margin)
	}
	if err := sameCases(reference, level); err != nil {
		return nil, err
	}
	c := &Comparison{Confidence: j.Confidence, Margin: j.Margin}
	place := map[Kind]int{}
	for i := range reference {
		kind := reference[i].Kind
		at, ok := place[kind]
		if !ok {
			at = len(c.Kinds)
			place[kind] = at
			c.Kinds = append(c.Kinds, KindFlips{Kind: kind})
		}
		c.All.count(reference[i].Right, level[i].Right)
		c.Kinds[at].count(reference[i].Right, level[i].Right)
	}
	c.All.P = stat.SignTest(c.All.Lost, c.All.Gained)
	c.All.Adjusted = c.All.P
	c.All.judge(j, 1)
	p := make([]float64, len(c.Kinds))
	for i := range c.Kinds {
		p[i] = stat.SignTest(c.Kinds[i].Lost, c.Kinds[i].Gained)
	}
	for i, adjusted := range stat.Holm(p) {
		c.Kinds[i].P, c.Kinds[i].Adjusted = p[i], adjusted
		c.Kinds[i].judge(j, len(p))
	}
	c.Contexts = effectiveContexts(reference, level, j)
	return c, nil
}

func sameCases(reference, level []Outcome) error {
	if len(reference) == 0 {
		return errors.New("compare tasks: there is no outcome")
	}
	if len(reference) != len(level) {
		return fmt.Errorf("compare tasks: %d outcomes of the reference and %d of the level; run both on the same cases", len(reference), len(level))
	}
	for i := range reference {
		a, b := &reference[i], &level[i]
		if a.ID != b.ID || a.Kind != b.Kind || a.Length != b.Length {
			return fmt.Errorf("compare tasks: outcome %d is of %s for the reference and of %s for the level; run both on the same cases", i+1, a.ID, b.ID)
		}
	}
	return nil
}

func (f *Flips) count(reference, level bool) {
	f.Cases++
	if reference {
		f.Reference++
	}
	if level {
		f.Level++
	}
	switch {
	case reference && !level:
		f.Lost++
	case level && !reference:
		f.Gained++
	}
	if reference || level {
		f.Solved++
	}
}

// judge makes a verdict, as one of so many: a difference counts if the adjusted p-value is small,
// sameness if the whole interval is within the margin. A difference that is certain and
// small is a difference.
func (f *Flips) judge(j Judging, tests int) {
	alpha := 1 - j.Confidence
	if f.Solved > 0 {
		f.Difference = float64(f.Gained-f.Lost) / float64(f.Solved)
	}
	within := pairedInterval(f.Lost, f.Gained, f.Solved, 1-alpha/float64(tests))
	f.Low, f.High = within.Low, within.High
	switch {
	case f.Adjusted <= alpha && f.Lost > f.Gained:
		f.Verdict = Worse
	case f.Adjusted <= alpha && f.Gained > f.Lost:
		f.Verdict = Better
	case f.Low >= -j.Margin && f.High <= j.Margin:
		f.Verdict = Same
	default:
		f.Verdict = NotEnoughData
	}
}

// String says the verdict with its numbers.
func (f *Flips) String() string {
	return fmt.Sprintf("%s: %d of %d right, the reference %d; %d lost, %d gained (%+.1f points of %d solved, %+.1f to %+.1f; p = %.3g)",
		f.Verdict, f.Level, f.Cases, f.Reference, f.Lost, f.Gained, 100*f.Difference, f.Solved, 100*f.Low, 100*f.High, f.Adjusted)
}

// Flip is a case that one got right and the other wrong.
type Flip struct {
	ID        string `json:"id"`
	Lost      bool   `json:"lost"` // or else gained
	Reference string `json:"reference"`
	Level     string `json:"level"`
	Why       string `json:"why"` // why the wrong answer is wrong
}

// Flipped lists the flips with both answers.
func Flipped(reference, level []Outcome) ([]Flip, error) {
	if err := sameCases(reference, level); err != nil {
		return nil, err
	}
	var flips []Flip
	for i := range reference {
		if a, b := &reference[i], &level[i]; a.Right != b.Right {
			flips = append(flips, Flip{ID: a.ID, Lost: a.Right, Reference: a.Answer, Level: b.Answer, Why: a.Why + b.Why})
		}
	}
	return flips, nil
}
