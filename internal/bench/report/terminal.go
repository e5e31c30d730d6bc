package report

import (
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// Terminal is a record as a screen of so many columns. Tables that are too wide go on below,
// with the level's name again; nothing is left out. dim makes a text stand back, and may change
// nothing.
func Terminal(r *record.Record, width int, dim func(string) string) string {
	s := screen{width: max(width, 40), dim: dim}
	v := viewOf(r)
	s.line(v.Model.File)
	for _, text := range v.heading() {
		s.paragraph("", text)
	}
	s.line("")
	s.choice(v)
	for _, group := range v.groups {
		s.table(v, group)
	}
	s.legend(v)
	s.tasks(v)
	s.notes(v)
	return s.String()
}

type screen struct {
	strings.Builder
	width int
	dim   func(string) string
}

func (s *screen) line(text string) { s.WriteString(strings.TrimRight(text, " ") + "\n") }

// paragraph is a text after a label, broken between words; its lines begin where it began.
func (s *screen) paragraph(label, text string) {
	indent := runewidth.StringWidth(label)
	line := label
	for word := range strings.FieldsSeq(text) {
		if n := runewidth.StringWidth(line); n > indent && n+1+runewidth.StringWidth(word) > s.width {
			s.line(line)
			line = strings.Repeat(" ", indent)
		}
		if runewidth.StringWidth(line) > indent {
			line += " "
		}
		line += word
	}
	s.line(line)
}

func (s *screen) choice(v *view) {
	mark := "  "
	if v.Choice.Level != "" {
		mark = "▸ "
	}
	s.paragraph(mark, v.Choice.Sentence)
	for _, text := range v.Choice.Caveats {
		s.paragraph("  ! ", text)
	}
	for _, text := range v.Choice.Reasons {
		s.paragraph("  · ", text)
	}
}

// table lays out columns, as many beside each other as there is room for.
func (s *screen) table(v *view, columns []column) {
	names := []string{"  level", ""}
	var rows []int
	for i := range v.Rows {
		if r := &v.Rows[i]; v.done(i) {
			rows = append(rows, i)
			names = append(names, v.mark(r)+" "+v.label(r))
		}
	}
	if len(rows) == 0 {
		return
	}
	first := widest(names)
	if room := s.width - 20; first > room {
		first = room
	}
	for len(columns) > 0 {
		lines := make([]string, len(names))
		for i, name := range names {
			lines[i] = runewidth.FillRight(runewidth.Truncate(name, first, "…"), first)
		}
		used, fitted := first, 0
		for _, c := range columns {
			cells := []string{c.head, c.unit}
			for _, i := range rows {
				cells = append(cells, strings.ReplaceAll(c.cell(&v.Rows[i]), " ± ", "±"))
			}
			n := widest(cells)
			if used+2+n > s.width && fitted > 0 {
				break
			}
			used, fitted = used+2+n, fitted+1
			for i, text := range cells {
				if c.left {
					lines[i] += "  " + runewidth.FillRight(text, n)
				} else {
					lines[i] += "  " + runewidth.FillLeft(text, n)
				}
			}
		}
		columns = columns[fitted:]
		s.line("")
		for i, line := range lines {
			if line = strings.TrimRight(line, " "); i < 2 && line != "" {
				line = s.dim(line)
			}
			s.line(line)
		}
	}
}

func widest(texts []string) (n int) {
	for _, t := range texts {
		n = max(n, runewidth.StringWidth(t))
	}
	return n
}

// legend says what marks and intervals mean.
func (s *screen) legend(v *view) {
	s.line("")
	s.paragraph("  ", fmt.Sprintf("▸ recommended  • no other level is smaller, faster and closer at once  ± half of the %s interval, the larger half", percent(v.Settings.Confidence)))
}

func percent(share float64) string { return significant(100*share, 2) + " %" }

// tasks are told by kind for the recommended row, and for all that are worse.
func (s *screen) tasks(v *view) {
	for i := range v.Rows {
		r := &v.Rows[i]
		if r.Tasks == nil || r.Reference || !v.chosen(r) && r.Tasks.Verdict != record.Worse {
			continue
		}
		var parts []string
		for _, k := range r.Tasks.Kinds {
			text := fmt.Sprintf("%s %d of %d (reference %d)", k.Kind, k.Right, k.Cases, k.Was)
			if k.Verdict == record.Worse || k.Verdict == record.Better {
				text += " " + k.Verdict
			}
			parts = append(parts, text)
		}
		s.paragraph("  ", v.label(r)+": "+strings.Join(parts, ", "))
	}
}

func (s *screen) notes(v *view) {
	s.line("")
	for _, u := range v.undone() {
		s.paragraph("  ", u[0]+" "+u[1])
	}
	s.paragraph("  ", v.certainty())
	for _, text := range append(v.Choice.Explains, v.Notes...) {
		s.paragraph("  ", text)
	}
}

// certainty says how sure the order is.
func (v *view) certainty() string {
	k := v.Ranking
	if len(k.Order) < 2 {
		return k.Why
	}
	order := "From best to worst: " + strings.Join(k.Order, ", ") + ". "
	if k.Certain {
		return order + fmt.Sprintf("Each differs from its neighbour, all together at %s.", percent(v.Settings.Confidence))
	}
	text := order + "The order is not certain"
	if len(k.Open) > 0 {
		text += ": " + k.OpenPairs()
	}
	if k.Why != "" {
		text += " (" + k.Why + ")"
	}
	return text + "."
}
