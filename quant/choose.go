package quant

import (
	"fmt"
	"slices"
)

// Fit is whether a level fits, by whoever knows the devices.
type Fit struct {
	OK        bool
	Why       string  // what it takes, or what is missing
	Speed     float64 // tokens a second; 0: unknown
	Estimated bool    // the speed was not measured
}

// Wants are what a level has to be like. Among those that are, the best is chosen.
type Wants struct {
	MaxSize  int64   // of the file, in bytes; 0: any
	MinSpeed float64 // tokens a second; 0: any
	NoMatrix bool    // none that was made with an importance matrix
}

// Choice is a level with the reasons for it.
type Choice struct {
	Level   *Level // nil: none fits
	Fit     Fit
	Reasons []string
	Passed  []Passed // the others, from best to worst
}

// Passed is a level that was not chosen.
type Passed struct {
	Level
	Asked bool // whether it fits
	Fit   Fit
	Why   string
}

// Choose picks the best level that fits and is as wanted, and says why. Levels that one source
// measured are compared by what it measured, all others by bits per weight. It asks fits for
// each level that is as wanted, from best to worst, until one is chosen; it is a pure function
// where fits is.
func Choose(levels []Level, fits func(Level) Fit, w Wants) Choice {
	ranked, how := rank(levels)
	var c Choice
	for i := range ranked {
		p := Passed{Level: ranked[i], Why: w.refuses(&ranked[i])}
		switch {
		case p.Why != "":
		case c.Level != nil:
			p.Why = behindOf(ranked[:i], &ranked[i], c.Level)
		default:
			p.Asked, p.Fit = true, fits(ranked[i])
			p.Why = w.misses(p.Fit)
			if p.Why == "" {
				c.Level, c.Fit = &ranked[i], p.Fit
				continue
			}
		}
		c.Passed = append(c.Passed, p)
	}
	c.explain(how, w)
	return c
}

// refuses says why a level is not wanted, whether it fits or not; empty: it is.
func (w Wants) refuses(l *Level) string {
	switch {
	case l.Unmade != "":
		return "cannot be made: " + l.Unmade
	case l.Caveat != "":
		return l.Caveat
	case w.NoMatrix && l.Imatrix:
		return "made with an importance matrix"
	case w.MaxSize > 0 && l.Size > w.MaxSize:
		return fmt.Sprintf("%s is more than the %s that are allowed", gigabytes(l.Size), gigabytes(w.MaxSize))
	}
	return ""
}

func (w Wants) misses(f Fit) string {
	switch {
	case !f.OK:
		return "does not fit" + behind(": ", f.Why)
	case w.MinSpeed > 0 && f.Speed <= 0:
		return fmt.Sprintf("its speed is unknown: %s tokens a second are wanted", speed(w.MinSpeed))
	case w.MinSpeed > 0 && f.Speed < w.MinSpeed:
		return fmt.Sprintf("%s tokens a second%s: %s are wanted", speed(f.Speed), estimated(f), speed(w.MinSpeed))
	}
	return ""
}

// behindOf says why a level ranks behind the chosen one; before are those that rank before it.
func behindOf(before []Level, l, chosen *Level) string {
	if chosen.Quality.compares(l.Quality) {
		return fmt.Sprintf("loses more (%s) than %s (%s)", l.Quality.loss(), chosen, chosen.Quality.loss())
	}
	if l.Bits <= chosen.Bits {
		return fmt.Sprintf("has no more bits for a weight (%.2f) than %s (%.2f)", l.Bits, chosen, chosen.Bits)
	}
	for i := range before {
		if b := &before[i]; b.Bits <= chosen.Bits && b.Quality.compares(l.Quality) {
			return fmt.Sprintf("loses more (%s) than %s (%s), which has no more bits for a weight than %s",
				l.Quality.loss(), b, b.Quality.loss(), chosen)
		}
	}
	return "ranks behind " + chosen.String()
}

// shownBetter is how many levels the reasons name that would be better than the chosen one.
const shownBetter = 2

func (c *Choice) explain(how string, w Wants) {
	wanted := ""
	if w != (Wants{}) {
		wanted = " and is as wanted"
	}
	if c.Level == nil {
		c.Reasons = append(c.Reasons, fmt.Sprintf("none of %d levels fits%s", len(c.Passed), wanted))
		if p := c.nearest(); p != nil {
			c.Reasons = append(c.Reasons, fmt.Sprintf("the smallest is %s, %s: %s", p.Level.String(), gigabytes(p.Size), p.Why))
		}
		return
	}
	l := c.Level
	c.Reasons = append(c.Reasons,
		fmt.Sprintf("%s is the best of %d levels that fits%s: %s, %.2f bits for a weight%s",
			l, len(c.Passed)+1, wanted, gigabytes(l.Size), l.Bits, behind("; ", c.Fit.Why)))
	if c.Fit.Speed > 0 {
		c.Reasons = append(c.Reasons, fmt.Sprintf("%s tokens a second%s", speed(c.Fit.Speed), estimated(c.Fit)))
	}
	c.Reasons = append(c.Reasons, "it costs: "+l.cost(), how)
	var better []string
	for _, p := range slices.Backward(c.Passed) {
		if p.Asked && len(better) < shownBetter {
			better = append(better, fmt.Sprintf("%s would be better: %s", p.Level.String(), p.Why))
		}
	}
	c.Reasons = append(c.Reasons, better...)
}

// nearest is the smallest level that was asked for.
func (c *Choice) nearest() (nearest *Passed) {
	for i := range c.Passed {
		if p := &c.Passed[i]; p.Asked && (nearest == nil || p.Size < nearest.Size) {
			nearest = p
		}
	}
	return nearest
}
