package quant

import (
	"cmp"
	"slices"
	"strings"
)

// rank orders levels from best to worst, and says how: those that one source measured by
// their losses; then these lists, and the list of what nobody measured, are put together by
// the bits per weight of what stands first in each.
func rank(levels []Level) (ranked []Level, how string) {
	lists := bySource(levels)
	for range levels {
		best := -1
		for i, list := range lists {
			if len(list) > 0 && (best < 0 || list[0].Bits > lists[best][0].Bits) {
				best = i
			}
		}
		ranked = append(ranked, lists[best][0])
		lists[best] = lists[best][1:]
	}
	return ranked, howRanked(levels)
}

// bySource are the levels of each source that measured some, from best to worst, then those
// of none.
func bySource(levels []Level) (lists [][]Level) {
	var heads []*Quality
	var others []Level
	for _, l := range levels {
		i := slices.IndexFunc(heads, func(q *Quality) bool { return q.compares(l.Quality) })
		switch {
		case i >= 0:
			lists[i] = append(lists[i], l)
		case l.Quality.compares(l.Quality):
			heads = append(heads, l.Quality)
			lists = append(lists, []Level{l})
		default:
			others = append(others, l)
		}
	}
	for i, list := range lists {
		slices.SortStableFunc(list, func(a, b Level) int {
			return cmp.Or(cmp.Compare(a.Quality.by(heads[i]), b.Quality.by(heads[i])), cmp.Compare(a.Size, b.Size))
		})
	}
	slices.SortStableFunc(others, func(a, b Level) int {
		return cmp.Or(cmp.Compare(b.Bits, a.Bits), cmp.Compare(a.Size, b.Size))
	})
	return append(lists, others)
}

// howRanked names the sources by which some of the levels are compared.
func howRanked(levels []Level) string {
	var sources []string
	for _, list := range bySource(levels) {
		if len(list) > 1 && list[0].Quality.compares(list[1].Quality) {
			sources = append(sources, list[0].Quality.what())
		}
	}
	if len(sources) == 0 {
		return "no two levels were measured by one source: they are ordered by bits for a weight"
	}
	return "ordered by " + strings.Join(sources, " and by ") + "; others by bits for a weight"
}
