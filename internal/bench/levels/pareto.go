package levels

import (
	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/stat"
)

// Pareto marks the rows that no other beats: in memory, in speed and in closeness to the
// reference. Where a row lacks one of the figures, nothing is said of it.
func Pareto(r *record.Record) {
	several := r.Several()
	for i := range r.Rows {
		a := &r.Rows[i]
		a.Pareto, a.DominatedBy = complete(a), ""
		for k := range r.Rows {
			if b := &r.Rows[k]; a.Pareto && k != i && complete(b) && beats(b, a, r.Settings.Confidence, several) {
				a.Pareto, a.DominatedBy = false, b.Name(several)
			}
		}
	}
}

// complete tells whether a row has what is compared.
func complete(r *record.Row) bool {
	return r.State == record.Measured && r.File != nil && r.Quality != nil && r.Generation != nil && divergence(r) != nil
}

// divergence of a row; of the reference it is 0.
func divergence(r *record.Row) *record.Estimate {
	switch {
	case r.Quality == nil:
		return nil
	case r.Reference:
		zero := 0.0
		return &record.Estimate{Low: &zero, High: &zero}
	}
	return r.Quality.Divergence
}

// beats tells whether b is at least as good as a in all three, and certainly better in one. What
// intervals leave open counts as equal.
func beats(b, a *record.Row, confidence float64, several bool) bool {
	size := int64(room(a, several)) - int64(room(b, several)) // above 0: b is smaller
	speed := compareSpeeds(b.Generation, a.Generation, confidence)
	close := compare(divergence(a), divergence(b))
	if size < 0 || speed < 0 || close < 0 {
		return false
	}
	return size > 0 || speed > 0 || close > 0
}

// room is what a row takes: where the KV types differ, of memory; else the file decides, which
// is known to the byte.
func room(r *record.Row, several bool) uint64 {
	if m := r.Memory; several && m != nil {
		var n uint64
		for _, u := range m.Card {
			n += u.Total()
		}
		switch {
		case n > 0:
			return n
		case m.Real != nil:
			return *m.Real
		case m.Planned != nil:
			return *m.Planned
		}
	}
	return uint64(r.File.Bytes)
}

// compare is 1 where a is certainly larger than b, -1 where it is smaller, and 0 where their
// intervals have something in common; without intervals, where they are equal.
func compare(a, b *record.Estimate) int {
	al, ah := ends(a)
	bl, bh := ends(b)
	switch {
	case al > bh:
		return 1
	case ah < bl:
		return -1
	}
	return 0
}

// compareSpeeds is compare of two speeds: round by round, where both have the same rounds enough
// of them, because a machine that changes changes for both.
func compareSpeeds(a, b *record.Speed, confidence float64) int {
	if a == b || len(a.Samples) != len(b.Samples) || len(a.Samples) == 0 {
		return compare(&a.PerSecond, &b.PerSecond)
	}
	switch _, bounds := stat.PairedRatio(a.Samples, b.Samples, confidence); {
	case !bounds.Covers(confidence):
		return compare(&a.PerSecond, &b.PerSecond)
	case bounds.Low > 1:
		return 1
	case bounds.High < 1:
		return -1
	}
	return 0
}

func ends(e *record.Estimate) (low, high float64) {
	if e.Known() {
		return *e.Low, *e.High
	}
	return e.Value, e.Value
}
