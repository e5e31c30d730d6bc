package report

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// line is a row in a chart of lines.
type line struct {
	name   string
	row    int // of the record: it has its colour in all charts
	points plotter.XYs
	bold   bool
}

// level is a limit that lines should stay below; 0: there is none.
type level struct {
	y     float64
	words string
}

func (l *line) style() draw.LineStyle {
	color, dashes := series(l.row)
	width := vg.Length(1.6)
	if l.bold {
		width = 3
	}
	return draw.LineStyle{Color: color, Width: width, Dashes: dashes}
}

// renderLines draws lines below a legend that has as many columns as fit.
func renderLines(p *plot.Plot, lines []line, limit level, width, height int) string {
	gridLines(p)
	if limit.words != "" {
		p.Add(limit)
	}
	for i := range lines {
		// Its axes are those that the caller chose, whatever the line's range.
		x, y := p.X, p.Y
		l, err := plotter.NewLine(lines[i].points)
		if err != nil { // no points, or one that is not finite: the record has neither
			continue
		}
		l.LineStyle = lines[i].style()
		p.Add(l)
		p.X, p.Y = x, y
	}
	c := newCanvas(vg.Length(width), vg.Length(height))
	whole := draw.Crop(draw.New(c), 4, -6, 2, -6)
	used := legend(whole, lines)
	p.Draw(draw.Crop(whole, 0, 0, 0, -used))
	return c.body.String()
}

// legend draws the names of the lines at the top, and returns the height that it took.
func legend(c draw.Canvas, lines []line) vg.Length {
	const swatch, gap, row = 24, 14, 17
	widest := vg.Length(0)
	styles := make([]draw.TextStyle, len(lines))
	for i, l := range lines {
		styles[i] = style(ink, 11)
		if l.bold {
			styles[i].Font.Weight = bold
		}
		widest = max(widest, styles[i].Width(l.name))
	}
	cell := swatch + 5 + widest + gap
	columns := max(1, int((c.Size().X+gap)/cell))
	for i := range lines {
		x := c.Min.X + vg.Length(i%columns)*cell
		y := c.Max.Y - vg.Length(i/columns)*row - row/2
		c.StrokeLines(lines[i].style(), []vg.Point{{X: x, Y: y}, {X: x + swatch, Y: y}})
		s := styles[i]
		s.YAlign = draw.YCenter
		c.FillText(s, vg.Point{X: x + swatch + 5, Y: y}, lines[i].name)
	}
	return vg.Length(math.Ceil(float64(len(lines))/float64(columns)))*row + 6
}

// Plot implements plot.Plotter.
func (l level) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	at := y(l.y)
	c.StrokeLines(draw.LineStyle{Color: alarm, Width: 2, Dashes: []vg.Length{7, 4}}, []vg.Point{{X: c.Min.X, Y: at}, {X: c.Max.X, Y: at}})
	s := style(alarm, 11)
	place := vg.Point{X: c.Min.X + 4, Y: at - s.Height(l.words) - 3}
	if place.Y < c.Min.Y {
		place.Y = at + 3
	}
	c.FillText(s, place, l.words)
}
