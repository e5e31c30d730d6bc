package quant

import (
	"fmt"
	"strconv"
)

// origin is where a measurement comes from: two of one origin can be compared.
func (q *Quality) origin() string {
	if q.Own {
		return "\x00" + q.Model // before all published ones
	}
	return q.Source + "\x00" + q.Model
}

// by is the loss in the measure that from has: the divergence before the perplexity.
func (q *Quality) by(from *Quality) float64 {
	if from.Divergence > 0 {
		return q.Divergence
	}
	return q.Perplexity
}

// compares tells whether another measurement has the measure that this one has, of the same
// origin.
func (q *Quality) compares(other *Quality) bool {
	return q != nil && other != nil && q.origin() == other.origin() && q.by(q) > 0 && other.by(q) > 0
}

// what says in words what was measured, and by whom.
func (q *Quality) what() string {
	measure := "perplexity"
	if q.Divergence > 0 {
		measure = "KL divergence"
	}
	return "the " + measure + " " + q.whence()
}

func (q *Quality) whence() string {
	if q.Own {
		return "measured on this machine"
	}
	return fmt.Sprintf("measured on %s (%s)", q.Model, q.Source)
}

// loss is the loss in short.
func (q *Quality) loss() string {
	if q.Divergence > 0 {
		return fmt.Sprintf("KL divergence %.4f", q.Divergence)
	}
	return fmt.Sprintf("perplexity × %.3f", q.Perplexity)
}

// cost is what is known of a level's loss.
func (l *Level) cost() string {
	if q := l.Quality; q != nil && (q.Divergence > 0 || q.Perplexity > 0) {
		return q.losses() + " against 16 bits, " + q.whence()
	}
	other, ok := Published(l.FileType, !l.Imatrix)
	switch {
	case !ok:
		return "unknown: it was not measured"
	case l.Imatrix:
		return "unknown: it was not measured; without an importance matrix " + other.losses() + ", " + other.whence()
	}
	return "unknown: it was not measured; with an importance matrix " + other.losses() + ", " + other.whence()
}

// losses are all that was measured.
func (q *Quality) losses() string {
	if q.Divergence > 0 && q.Perplexity > 0 {
		return fmt.Sprintf("perplexity × %.3f, %s", q.Perplexity, q.loss())
	}
	return q.loss()
}

// gigabytes are of 10⁹ bytes, as file sizes are given.
func gigabytes(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d bytes", n)
}

func speed(s float64) string { return strconv.FormatFloat(s, 'f', 1, 64) }

func estimated(f Fit) string {
	if f.Estimated {
		return " (estimate)"
	}
	return ""
}

// behind is text with what connects it, where there is one.
func behind(connection, text string) string {
	if text == "" {
		return ""
	}
	return connection + text
}
