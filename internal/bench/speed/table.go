package speed

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// column is one of a table.
type column struct {
	title string
	left  bool
	value func(*Row) string
}

// settings are what llama-bench shows only where it is not as usual; so does a table here.
var settings = []struct {
	title, usual string
	value        func(*Row) string
}{
	{"ngl", "all", func(r *Row) string {
		if r.GPULayers < 0 {
			return "all"
		}
		return strconv.Itoa(r.GPULayers)
	}},
	{"ncmoe", "0", func(r *Row) string { return strconv.Itoa(r.CPUMoE) }},
	{"sm", "layer", func(r *Row) string { return r.SplitMode }},
	{"batch", "2048", func(r *Row) string { return strconv.Itoa(r.Batch) }},
	{"ubatch", "512", func(r *Row) string { return strconv.Itoa(r.Ubatch) }},
	{"K", "f16", func(r *Row) string { return r.KeyType }},
	{"V", "f16", func(r *Row) string { return r.ValueType }},
	{"nkvo", "no", func(r *Row) string { return map[bool]string{true: "yes", false: "no"}[r.NoKVOffload] }},
	{"fa", "auto", func(r *Row) string { return [...]string{"auto", "off", "on"}[r.FlashAttention+1] }},
	{"threads", "", func(r *Row) string { return strconv.Itoa(r.Threads) }},
}

// varying are the columns of settings that the rows differ in, and what is unusual of
// the others, in words.
func varying(rows []Row) (columns []column, unusual []string) {
	for _, s := range settings {
		values := map[string]bool{}
		for i := range rows {
			values[s.value(&rows[i])] = true
		}
		switch {
		case len(values) > 1:
			columns = append(columns, column{title: s.title, value: s.value})
		case len(values) == 1 && s.title == "threads":
			unusual = append(unusual, counted(rows[0].Threads, "thread"))
		case len(values) == 1 && !values[s.usual]:
			unusual = append(unusual, s.title+" "+s.value(&rows[0]))
		}
	}
	return columns, unusual
}

// measured are the columns of figures. An interval has its confidence in the title.
func measured(r *Result) []column {
	ofSpeed := func(title string, f func(*Speed) string) column {
		return column{title: title, value: func(row *Row) string {
			if row.Speed == nil {
				return ""
			}
			return f(row.Speed)
		}}
	}
	columns := []column{
		{title: "test", left: true, value: func(row *Row) string { return row.Test }},
		ofSpeed("tok/s", func(s *Speed) string { return figure(s.Median) }),
		ofSpeed(fmt.Sprintf("%g %% interval", 100*r.Confidence), func(s *Speed) string { return figure(s.Low) + " to " + figure(s.High) }),
		ofSpeed("±", func(s *Speed) string { return fmt.Sprintf("%.1f %%", 100*s.Half()) }),
	}
	if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Speed != nil && row.TokensPerJoule != nil }) {
		columns = append(columns, ofSpeed("tok/J", func(s *Speed) string {
			if s.TokensPerJoule == nil {
				return "?"
			}
			return figure(*s.TokensPerJoule)
		}))
	}
	for _, device := range memories(r.Rows) {
		columns = append(columns, column{title: device, value: func(row *Row) string {
			for _, m := range row.Memory {
				if m.Device == device {
					return bytes(m.Total())
				}
			}
			return ""
		}})
	}
	return columns
}

// memories are the names of those that the rows take something of.
func memories(rows []Row) (names []string) {
	for _, row := range rows {
		for _, m := range row.Memory {
			if m.Total() > 0 && !slices.Contains(names, m.Device) {
				names = append(names, m.Device)
			}
		}
	}
	return names
}

// Width is how wide a table's text is folded.
const Width = 80

// Table is the result for a terminal.
func (r *Result) Table() string {
	var w strings.Builder
	fold(&w, "", "  ", fmt.Sprintf("llama.cpp %s, %s · %s", r.Build.Engine, r.Build.Backend, r.machine()))
	fmt.Fprintf(&w, "medians of %s, each with all tests in an order of its own\n", counted(r.Rounds, "round"))
	columns, _ := varying(r.Rows)
	columns = append(columns, measured(r)...)
	for _, model := range r.models() {
		rows := r.of(model)
		fmt.Fprintf(&w, "\n%s%s\n", plain(filepath.Base(model)), about(rows))
		if why := rows[0].Error; why != "" && !slices.ContainsFunc(rows, func(row *Row) bool { return row.Error != why || row.Speed != nil }) {
			writeFolded(&w, rows[0].remarks()[0])
			continue
		}
		writeRows(&w, columns, rows)
	}
	if len(r.Notes) > 0 || r.PeakRSS > 0 {
		fmt.Fprintln(&w)
	}
	if r.PeakRSS > 0 {
		writeFolded(&w, fmt.Sprintf("the process had %s of host memory at most, mapped files included", bytes(r.PeakRSS)))
	}
	for _, note := range r.Notes {
		writeFolded(&w, note)
	}
	return w.String()
}

// machine names the processor, the devices and the settings that all tests have.
func (r *Result) machine() string {
	_, unusual := varying(r.Rows)
	parts := append([]string{plain(r.System.CPU)}, r.System.Devices...)
	for i := range parts {
		parts[i] = plain(parts[i])
	}
	return strings.Join(slices.DeleteFunc(append(parts, unusual...), func(s string) bool { return s == "" }), " · ")
}

// models are the files, in the order in which they were given.
func (r *Result) models() (models []string) {
	for _, row := range r.Rows {
		if !slices.Contains(models, row.Model) {
			models = append(models, row.Model)
		}
	}
	return models
}

func (r *Result) of(model string) (rows []*Row) {
	for i := range r.Rows {
		if r.Rows[i].Model == model {
			rows = append(rows, &r.Rows[i])
		}
	}
	return rows
}

// about is what the engine says of a model, where it was loaded.
func about(rows []*Row) string {
	for _, row := range rows {
		if row.ModelType != "" {
			return fmt.Sprintf(" · %s · %s", plain(row.ModelType), bytes(row.ModelSize))
		}
	}
	return ""
}

// writeRows aligns the rows of one model, each with its notes behind it.
func writeRows(w io.Writer, columns []column, rows []*Row) {
	widths := make([]int, len(columns))
	line := func(cell func(int, column) string) {
		text := " "
		for i, c := range columns {
			pad := strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(cell(i, c)), 0))
			if c.left {
				text += " " + cell(i, c) + pad + " "
			} else {
				text += " " + pad + cell(i, c) + " "
			}
		}
		fmt.Fprintln(w, strings.TrimRight(text, " "))
	}
	for i, c := range columns {
		widths[i] = utf8.RuneCountInString(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.value(row)))
		}
	}
	line(func(_ int, c column) string { return c.title })
	for _, row := range rows {
		line(func(_ int, c column) string { return c.value(row) })
		for _, note := range row.remarks() {
			writeFolded(w, "  "+note)
		}
	}
}

// remarks are what a row says beside its figures.
func (r *Row) remarks() []string {
	if r.Error == "" {
		return r.Notes
	}
	what := "not measured: "
	if r.Speed != nil {
		what = "not measured to the end: "
	}
	return append([]string{what + oneLine(r.Error)}, r.Notes...)
}

// writeFolded writes a remark, which is indented as its text is, and a little more.
func writeFolded(w io.Writer, text string) {
	indent := text[:len(text)-len(strings.TrimLeft(text, " "))] + "  "
	fold(w, indent+"· ", indent+"  ", text)
}

// fold writes the words of a text in lines of Width, the first behind one text and the others
// behind another.
func fold(w io.Writer, first, others, text string) {
	line, fresh := first, true
	for _, word := range strings.Fields(plain(text)) {
		switch {
		case fresh:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > Width:
			fmt.Fprintln(w, line)
			line = others + word
		default:
			line += " " + word
		}
		fresh = false
	}
	fmt.Fprintln(w, line)
}

// Markdown is the result as a table for a text, with one row for each test.
func (r *Result) Markdown() string {
	columns := []column{
		{title: "model", left: true, value: func(row *Row) string { return plain(filepath.Base(row.Model)) }},
		{title: "size", value: func(row *Row) string {
			if row.ModelSize == 0 {
				return ""
			}
			return bytes(row.ModelSize)
		}},
	}
	settings, _ := varying(r.Rows)
	columns = append(append(columns, settings...), measured(r)...)
	var w strings.Builder
	line := func(cell func(column) string) {
		for _, c := range columns {
			fmt.Fprintf(&w, "| %s ", strings.ReplaceAll(cell(c), "|", `\|`))
		}
		fmt.Fprintln(&w, "|")
	}
	line(func(c column) string { return c.title })
	line(func(c column) string {
		if c.left {
			return "---"
		}
		return "---:"
	})
	for i := range r.Rows {
		line(func(c column) string { return c.value(&r.Rows[i]) })
	}
	fmt.Fprintf(&w, "\nllama.cpp %s, %s; %s; %s\n", r.Build.Engine, r.Build.Backend, r.machine(), counted(r.Rounds, "round"))
	for i := range r.Rows {
		for _, remark := range r.Rows[i].remarks() {
			fmt.Fprintf(&w, "\n- %s, %s: %s", plain(filepath.Base(r.Rows[i].Model)), r.Rows[i].Test, plain(remark))
		}
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&w, "\n- %s", plain(note))
	}
	return strings.TrimRight(w.String(), "\n") + "\n"
}

// figure has four digits that count, or all before the point.
func figure(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.1f", v)
	case v >= 10:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func bytes(n uint64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// plain is a text without what would command a terminal.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) && c != '\n' {
			return '\uFFFD'
		}
		return c
	}, text)
}
