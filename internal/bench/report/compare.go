package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// ComparisonTerminal is a comparison as a screen of so many columns.
func ComparisonTerminal(of *record.Comparison, width int, dim func(string) string) string {
	c := cleanComparison(of)
	s := screen{width: max(width, 40), dim: dim}
	s.paragraph("a  ", c.A)
	s.paragraph("b  ", c.B)
	s.line("")
	if len(c.Differences) > 0 {
		s.paragraph("  ", "They were not measured under the same conditions, and a ratio may be due to that:")
		for _, d := range c.Differences {
			s.paragraph("  · ", d)
		}
		s.line("")
	}
	if c.Unpaired != "" {
		s.paragraph("  ", "Quality is not compared: "+c.Unpaired+".")
		s.line("")
	}
	rows := [][]string{{"level", "figure", "a", "b", "b / a", "interval", "verdict"}}
	for _, l := range c.Rows {
		name := l.Level
		if c.several() {
			name += " · KV " + l.KV
		}
		for i, x := range l.Ratios {
			if i > 0 {
				name = ""
			}
			rows = append(rows, []string{name, x.What, significant(x.A, 4), significant(x.B, 4), fmt.Sprintf("%.3f", x.Ratio.Value), ratioInterval(&x.Ratio), x.Verdict})
		}
	}
	s.grid(rows)
	s.line("")
	s.paragraph("  ", fmt.Sprintf("%s intervals; same: within %s; speeds are in tokens a second, divergences in nats a token, sizes in bytes", percent(c.Confidence), percent(c.Margin)))
	for _, only := range []struct {
		where string
		names []string
	}{{"a", c.OnlyA}, {"b", c.OnlyB}} {
		if len(only.names) > 0 {
			s.paragraph("  ", fmt.Sprintf("only in %s: %s", only.where, strings.Join(only.names, ", ")))
		}
	}
	return s.String()
}

// comparison adds what is laid out to a record's comparison.
type comparison struct{ *record.Comparison }

func (c comparison) several() bool {
	for _, r := range c.Rows {
		if r.KV != c.Rows[0].KV {
			return true
		}
	}
	return false
}

func cleanComparison(c *record.Comparison) comparison {
	var copied record.Comparison
	if text, err := json.Marshal(c); err == nil && json.Unmarshal(text, &copied) == nil {
		cleanValue(&copied)
	}
	return comparison{&copied}
}

func ratioInterval(e *record.Estimate) string {
	if !e.Known() {
		return "-"
	}
	return fmt.Sprintf("%.3f to %.3f", *e.Low, *e.High)
}

// grid is a table with its head; the first two columns and the last are words.
func (s *screen) grid(rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, text := range r {
			widths[i] = max(widths[i], runewidth.StringWidth(text))
		}
	}
	total := 0
	for _, w := range widths {
		total += w + 2
	}
	widths[0] -= max(0, min(widths[0]-8, total-s.width)) // a long name gives way
	for i, r := range rows {
		line := "  "
		for k, text := range r {
			switch text = runewidth.Truncate(text, widths[k], "…"); {
			case k < 2 || k == len(r)-1:
				line += runewidth.FillRight(text, widths[k])
			default:
				line += runewidth.FillLeft(text, widths[k])
			}
			line += "  "
		}
		if line = strings.TrimRight(line, " "); i == 0 {
			line = s.dim(line)
		}
		s.line(line)
	}
}
