package report

import (
	_ "embed"
	"html/template"
	"strings"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

//go:embed style.css
var styleSheet string

// palette has the colours, for light and for dark.
//
//go:embed palette.css
var palette string

//go:embed page.html.tmpl
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// The sizes of charts, in CSS pixels: on a screen, and on a telephone's.
const (
	wideWidth, wideHeight     = 560, 380
	narrowWidth, narrowHeight = 360, 340
)

type page struct {
	File, Confidence, Certainty, Signs string
	Style                              template.CSS
	Heading, Undone, Notes             []string
	Choice                             record.Choice
	Charts                             []pageChart
	Tables                             []pageTable
	Kinds                              []pageKind
	Conditions                         [][2]string
}

type pageChart struct {
	Title, Words string
	Wide, Narrow template.HTML // escaped by the canvas
}

type pageTable struct {
	Heads []pageCell
	Rows  []pageRow
	Words string
}

type pageRow struct {
	Chosen     bool
	Mark, Name string
	Cells      []pageCell
}

type pageCell struct {
	Head, Text string
	Left       bool
}

type pageKind struct {
	Name string
	record.TaskKind
}

// HTML is a record as one page. It has no script and no address, and forbids both; its charts
// are part of it.
func HTML(r *record.Record) (string, error) {
	v := viewOf(r)
	p := page{
		File: v.Model.File, Confidence: percent(v.Settings.Confidence), Certainty: v.certainty(),
		Style: template.CSS(palette + styleSheet), Heading: v.heading(), Choice: v.Choice,
		Notes: append(append([]string(nil), v.Choice.Explains...), v.Notes...), Conditions: v.conditions(),
		Signs: "Filled: no other level is smaller, faster and closer at once. Ring: recommended. Crossed out: it does not fit the card. Bars: " + percent(v.Settings.Confidence) + " intervals.",
	}
	for _, u := range v.undone() {
		p.Undone = append(p.Undone, u[0]+" "+u[1])
	}
	for _, c := range Charts(r) {
		p.Charts = append(p.Charts, pageChart{
			c.Title, c.Words, template.HTML(c.Inline(wideWidth, wideHeight)), template.HTML(c.Inline(narrowWidth, narrowHeight)),
		})
	}
	for _, group := range v.groups {
		p.Tables = append(p.Tables, v.pageTable(group))
	}
	for i := range v.Rows {
		row := &v.Rows[i]
		if row.Tasks == nil || row.Reference {
			continue
		}
		for _, k := range row.Tasks.Kinds {
			p.Kinds = append(p.Kinds, pageKind{v.label(row), k})
		}
	}
	var b strings.Builder
	if err := pageTemplate.Execute(&b, &p); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (v *view) pageTable(columns []column) pageTable {
	var t pageTable
	var words []string
	for _, c := range columns {
		t.Heads = append(t.Heads, pageCell{Text: c.title(), Left: c.left})
		words = append(words, c.head+": "+c.words)
	}
	t.Words = strings.Join(words, "; ") + "."
	for i := range v.Rows {
		r := &v.Rows[i]
		if !v.done(i) {
			continue
		}
		row := pageRow{Chosen: v.chosen(r), Mark: v.mark(r), Name: v.label(r)}
		for _, c := range columns {
			row.Cells = append(row.Cells, pageCell{c.title(), c.cell(r), c.left})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// Images are the charts as files of SVG, each of its own, by their names.
func Images(charts []Chart) map[string]string {
	files := map[string]string{}
	for _, c := range charts {
		files[c.File] = c.Image(wideWidth, wideHeight)
	}
	return files
}
