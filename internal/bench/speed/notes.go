package speed

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/internal/stat"
)

// What is worth a note.
const (
	leastOutlier = 0.01 // of the median, that an outlier is away from it at least
	leastDrift   = 0.01 // of the speed, between the first rounds and the last
	leastBusy    = 0.05 // CPUs
	certain      = 0.05 // p below which a drift is not called chance
)

// noteOn says what is odd about one test.
func (w *row) noteOn(out *Row) {
	say := func(format string, args ...any) { out.Notes = append(out.Notes, fmt.Sprintf(format, args...)) }
	f, t := &w.facts, w.test
	if f.Ubatch > 0 && f.Ubatch < t.Setup.Ubatch && f.Ubatch < t.Prompt {
		say("the engine took a ubatch of %d, not %d", f.Ubatch, t.Setup.Ubatch)
	}
	if out.Speed == nil {
		return
	}
	for _, i := range stat.Outliers(out.Speeds, leastOutlier) {
		s := w.samples[i]
		because := ""
		if s.Others != nil && *s.Others >= leastBusy {
			because = fmt.Sprintf("; other processes kept %.1f CPUs busy then", *s.Others)
		}
		say("round %d was an outlier: %s tokens/s%s", s.Round, figure(out.Speeds[i]), because)
	}
}

// notes say what disturbed the whole measurement.
func notes(rows []*row, r *Result, err error) (notes []string) {
	say := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if err != nil {
		say("it ended in round %d of %d: %s", r.Rounds+1, r.RoundsMost, oneLine(err.Error()))
	}
	c := gather(rows)
	if c.samples == 0 {
		return notes
	}
	if fewest := c.fewest; fewest < EnoughRounds {
		say("an interval of %s has a confidence of %.1f %%; %d rounds (-r) are the fewest for 95 %%", counted(fewest, "measurement"),
			100*stat.MedianBounds(make([]float64, fewest), r.Confidence).Coverage, EnoughRounds)
	}
	if r.Precision > 0 {
		if n := c.loose(rows); n > 0 {
			say("%s did not become as precise as ± %.3g %% in %s", counted(n, "test"), 100*r.Precision, counted(r.Rounds, "round"))
		}
	}
	if d, p, ok := drift(rows); ok {
		word := "rose"
		if d < 0 {
			word = "fell"
		}
		say("the machine changed: speeds %s by %.1f %% from the first third of the rounds to the last (p = %.2g); what is compared in a round is compared fairly", word, 100*math.Abs(d), p)
	}
	c.others.say(say, "other processes kept %.1f CPUs busy on average (%.1f at most) while it measured: speeds may be lower than on a quiet machine")
	c.stolen.say(say, "the hypervisor kept %.1f CPUs from this machine on average (%.1f at most)")
	if c.held > 0.005 {
		say("a limit on CPU time held the process back for %.2f s", c.held)
	}
	if c.throttles > 0 {
		say("CPUs slowed themselves down %s (heat or power)", counted(int(c.throttles), "time"))
	}
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Speed != nil && row.Energy != "" {
			say("energy is of %s, whoever used it", row.Energy)
			break
		}
	}
	c.celsius.between(say, "the CPU had %.0f °C at first, %.0f °C at last, %.0f to %.0f °C between")
	c.mhz.between(say, "the CPUs ran at %.0f MHz at first, %.0f MHz at last, %.0f to %.0f MHz between")
	return notes
}

// series are readings in the order in which they were made.
type series []float64

func (s series) say(say func(string, ...any), format string) {
	if len(s) == 0 {
		return
	}
	if mean, _ := stat.MeanDeviation(s); mean >= leastBusy {
		say(format, mean, slices.Max(s))
	}
}

func (s series) between(say func(string, ...any), format string) {
	if len(s) > 0 {
		say(format, s[0], s[len(s)-1], slices.Min(s), slices.Max(s))
	}
}

// gathered are the conditions of all samples.
type gathered struct {
	samples, fewest              int
	others, stolen, mhz, celsius series
	held                         float64
	throttles                    uint64
}

func gather(rows []*row) (c gathered) {
	var all []Sample
	for _, w := range rows {
		all = append(all, w.samples...)
		if n := len(w.samples); n > 0 && (c.fewest == 0 || n < c.fewest) {
			c.fewest = n
		}
	}
	slices.SortFunc(all, func(a, b Sample) int { return a.Place - b.Place })
	c.samples = len(all)
	add := func(to *series, v *float64) {
		if v != nil {
			*to = append(*to, *v)
		}
	}
	for _, s := range all {
		add(&c.others, s.Others)
		add(&c.stolen, s.Stolen)
		add(&c.mhz, s.MHz)
		add(&c.celsius, s.Celsius)
		if s.Held != nil {
			c.held += *s.Held
		}
		if s.Throttles != nil {
			c.throttles += *s.Throttles
		}
	}
	return c
}

func (gathered) loose(rows []*row) (n int) {
	for _, w := range rows {
		if len(w.samples) > 0 && !w.tight {
			n++
		}
	}
	return n
}

// drift is by what share speeds changed from the first third of the rounds to the last, where
// they rose or fell too steadily for chance.
func drift(rows []*row) (change, p float64, ok bool) {
	var series []map[int]float64
	for _, w := range rows {
		byRound := map[int]float64{}
		for i, speed := range w.speeds() {
			byRound[w.samples[i].Round] = speed
		}
		series = append(series, byRound)
	}
	change, p = stat.Drift(series)
	return change, p, p < certain && math.Abs(change) >= leastDrift
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
