package task

import (
	"cmp"
	"slices"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// Shares that make a context effective.
const (
	found        = 2    // one of so many cases of a length, for the reference to count as finding there
	kept, keptOf = 4, 5 // of what the reference has right at a length, for a level to count as finding it
)

// Effective is up to which length a level finds what the reference finds.
type Effective struct {
	Kind Kind `json:"kind"`
	// Reference is the longest length, in tokens, up to which the reference finds at least half
	// at every length that was tried; 0: not at the shortest.
	Reference int `json:"reference"`
	// Level is the longest of these up to which the level has at least 80 % as many right as the
	// reference at every length.
	Level int `json:"level"`
	// AtLeast: Level is the longest length that was tried, so that there may be more.
	AtLeast bool `json:"at_least"`
	// Certain: the loss behind Level is significant by itself; false also if there is none.
	Certain bool           `json:"certain"`
	Lengths []LengthCounts `json:"lengths"`
}

// LengthCounts are the counts at one length, the shortest first.
type LengthCounts struct {
	Length    int     `json:"length"` // tokens
	Cases     int     `json:"cases"`
	Reference int     `json:"reference_right"`
	Level     int     `json:"level_right"`
	Lost      int     `json:"lost"`
	Gained    int     `json:"gained"`
	P         float64 `json:"p"` // exact, two-sided
}

// effectiveContexts is the effective context by each kind of case that has a length.
func effectiveContexts(reference, level []Outcome, j Judging) []Effective {
	flips, kinds := map[Kind]map[int]*Flips{}, []Kind{}
	for i := range reference {
		o := &reference[i]
		if o.Length == 0 {
			continue
		}
		if flips[o.Kind] == nil {
			flips[o.Kind] = map[int]*Flips{}
			kinds = append(kinds, o.Kind)
		}
		if flips[o.Kind][o.Length] == nil {
			flips[o.Kind][o.Length] = &Flips{}
		}
		flips[o.Kind][o.Length].count(o.Right, level[i].Right)
	}
	var all []Effective
	for _, kind := range kinds {
		e := Effective{Kind: kind}
		for length, f := range flips[kind] {
			e.Lengths = append(e.Lengths, LengthCounts{length, f.Cases, f.Reference, f.Level, f.Lost, f.Gained, stat.SignTest(f.Lost, f.Gained)})
		}
		slices.SortFunc(e.Lengths, func(a, b LengthCounts) int { return cmp.Compare(a.Length, b.Length) })
		e.measure(j)
		all = append(all, e)
	}
	return all
}

func (e *Effective) measure(j Judging) {
	level := true
	for _, n := range e.Lengths {
		if found*n.Reference < n.Cases {
			return
		}
		e.Reference = n.Length
		if level && keptOf*n.Level < kept*n.Reference {
			level, e.Certain = false, n.P <= 1-j.Confidence
		}
		if level {
			e.Level = n.Length
		}
	}
	e.AtLeast = level
}
