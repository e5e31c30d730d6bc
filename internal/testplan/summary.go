package testplan

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Summary is how far a planner is from the engine. Shares are of 1, of the rows that both
// answer.
type Summary struct {
	Rows              int // that both answer
	Refused           int // by both
	Answered, Missing int // by the planner alone, by the engine alone

	Weights, KV           float64 // right to the byte
	Weights1, KV1         float64 // 1 % off at most
	Within1, Within3      float64 // the total is so many per cent off at most
	Within5               float64
	Under1, Under3        float64 // it is below the truth by more than so many per cent
	Compute5              float64 // compute buffers are 5 % off at most
	Median, P90           float64 // how far the total is off, as a share of the truth
	WorstOver, WorstUnder float64
}

// Summarize looks at one place.
func Summarize(results []Result, p Place) Summary {
	var s Summary
	var off []float64
	share := func(into *float64, yes bool) {
		if yes {
			*into++
		}
	}
	for _, r := range results {
		switch {
		case r.Truth == nil && r.Guess == nil:
			s.Refused++
			continue
		case r.Truth == nil:
			s.Answered++
			continue
		case r.Guess == nil:
			s.Missing++
			continue
		}
		s.Rows++
		e := r.Off(p)
		off = append(off, math.Abs(e))
		share(&s.Weights, r.WeightsSame(p))
		share(&s.KV, r.KVSame(p))
		share(&s.Weights1, math.Abs(r.WeightsOff(p)) <= 0.01)
		share(&s.KV1, math.Abs(r.KVOff(p)) <= 0.01)
		share(&s.Within1, math.Abs(e) <= 0.01)
		share(&s.Within3, math.Abs(e) <= 0.03)
		share(&s.Within5, math.Abs(e) <= 0.05)
		share(&s.Under1, e < -0.01)
		share(&s.Under3, e < -0.03)
		share(&s.Compute5, math.Abs(r.ComputeOff(p)) <= 0.05)
		s.WorstOver, s.WorstUnder = max(s.WorstOver, e), min(s.WorstUnder, e)
	}
	if s.Rows == 0 {
		return s
	}
	for _, f := range []*float64{&s.Weights, &s.KV, &s.Weights1, &s.KV1, &s.Within1, &s.Within3, &s.Within5, &s.Under1, &s.Under3, &s.Compute5} {
		*f /= float64(s.Rows)
	}
	slices.Sort(off)
	s.Median, s.P90 = off[len(off)/2], off[len(off)*9/10]
	return s
}

// Heading names the columns of a Summary's line.
const Heading = "  rows   weights =  <=1 %      KV =  <=1 %   total <=1 %  <=3 %  <=5 %  median    p90   worst over / under  under >1 %   >3 %  compute <=5 %"

// String is a line of a table.
func (s Summary) String() string {
	const share = " %5.1f%%"
	return fmt.Sprintf("%6d     "+share+share+"   "+share+share+"       "+share+share+share+"  %5.2f%% "+share+"    %+7.1f%% / %+6.1f%%     "+share+share+"        "+share,
		s.Rows, 100*s.Weights, 100*s.Weights1, 100*s.KV, 100*s.KV1, 100*s.Within1, 100*s.Within3, 100*s.Within5, 100*s.Median, 100*s.P90,
		100*s.WorstOver, 100*s.WorstUnder, 100*s.Under1, 100*s.Under3, 100*s.Compute5)
}

// BySetting sorts results by the names of their settings.
func BySetting(results []Result) map[string][]Result {
	by := map[string][]Result{}
	for _, r := range results {
		by[r.Row.Cell.Setting.Name] = append(by[r.Row.Cell.Setting.Name], r)
	}
	return by
}

// Worst are the n rows that are furthest off, of those that both answer.
func Worst(results []Result, p Place, n int) []Result {
	both := slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return r.Truth == nil || r.Guess == nil })
	slices.SortStableFunc(both, func(a, b Result) int { return cmp.Compare(math.Abs(b.Off(p)), math.Abs(a.Off(p))) })
	return both[:min(n, len(both))]
}
