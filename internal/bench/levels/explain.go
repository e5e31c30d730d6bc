package levels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// Explain says of neighbours in the measured order that contradict their names what their
// tensors really have: where rows are no multiple of a type's block, another type takes its
// place.
func Explain(r *record.Record) (list []string) {
	var ranked []*record.Row
	for i := range r.Rows {
		row := &r.Rows[i]
		_, named := nominal(row.Level)
		if row.State == record.Measured && !row.Reference && !row.Given && named && row.KV == r.Rows[0].KV && divergence(row) != nil && row.File != nil {
			ranked = append(ranked, row)
		}
	}
	slices.SortStableFunc(ranked, func(a, b *record.Row) int {
		switch {
		case divergence(a).Value < divergence(b).Value:
			return -1
		case divergence(a).Value > divergence(b).Value:
			return 1
		}
		return 0
	})
	for i := 1; i < len(ranked); i++ {
		better, worse := ranked[i-1], ranked[i]
		b, _ := nominal(better.Level)
		w, _ := nominal(worse.Level)
		if b > w {
			list = append(list, explain(better, worse))
		}
	}
	return list
}

// explain is of a row that is closer than one whose name stands for more bits.
func explain(better, worse *record.Row) string {
	text := fmt.Sprintf("%s is closer to the reference than %s, whose name stands for more bits", better.Level, worse.Level)
	if compare(divergence(better), divergence(worse)) == 0 {
		text += " (their intervals have something in common)"
	}
	text += ": "
	b, w := better.File, worse.File
	switch {
	case b.Bits > w.Bits && b.FellBack > 0:
		return text + fmt.Sprintf("%s, so that it has %.2f bits a weight, and %s %.2f.", fell(better), b.Bits, worse.Level, w.Bits)
	case b.Bits > w.Bits:
		return text + fmt.Sprintf("its mixture has %.2f bits a weight here, and %s %.2f.", b.Bits, worse.Level, w.Bits)
	case w.FellBack > 0 || b.FellBack > 0:
		return text + fmt.Sprintf("%s, and %s; %.2f bits a weight against %.2f, in types that lose less.", fell(better), fell(worse), b.Bits, w.Bits)
	}
	return text + fmt.Sprintf("nothing fell back in either (%.2f and %.2f bits a weight); its types lose less.", b.Bits, w.Bits)
}

// fell says what fell back to what, in the order of how often.
func fell(r *record.Row) string {
	f := r.File
	if f.FellBack == 0 {
		return "nothing fell back in " + r.Level
	}
	var types []string
	for name := range f.Became {
		types = append(types, name)
	}
	slices.SortFunc(types, func(a, b string) int {
		if f.Became[a] != f.Became[b] {
			return f.Became[b] - f.Became[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range types {
		types[i] = fmt.Sprintf("%d to %s", f.Became[name], name)
	}
	text := fmt.Sprintf("of %d tensors of %s %d fell back", f.Tensors, r.Level, f.FellBack)
	if len(types) > 0 {
		text += " (" + strings.Join(types, ", ") + ")"
	}
	return text
}
