package report

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// point is one row in a chart of two figures.
type point struct {
	plotter.XY
	low, high float64 // of y; both 0: no interval
	name      string
	chosen    bool
	pareto    bool
	misses    bool // it does not fit the card
}

// points draws rows: with a ring where it is recommended, filled where no other is better in
// all, hollow elsewhere, crossed out where it does not fit; with their intervals and their names,
// which do not lie on each other.
type points []point

const radius = 4.5

// Plot implements plot.Plotter.
func (ps points) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	at := func(q *point) vg.Point { return vg.Point{X: x(q.X), Y: y(q.Y)} }
	for i := range ps {
		if q := &ps[i]; q.low != q.high {
			top, bottom := vg.Point{X: x(q.X), Y: y(q.high)}, vg.Point{X: x(q.X), Y: y(q.low)}
			bar := draw.LineStyle{Color: quiet, Width: 1.5}
			c.StrokeLines(bar, []vg.Point{bottom, top})
			for _, end := range []vg.Point{top, bottom} {
				c.StrokeLines(bar, []vg.Point{{X: end.X - 3, Y: end.Y}, {X: end.X + 3, Y: end.Y}})
			}
		}
	}
	var taken []vg.Rectangle
	for i := range ps {
		o := at(&ps[i])
		taken = append(taken, vg.Rectangle{Min: o.Sub(vg.Point{X: radius, Y: radius}), Max: o.Add(vg.Point{X: radius, Y: radius})})
		ps[i].draw(c, o)
	}
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(at(&ps[a]).X - at(&ps[b]).X) })
	for _, i := range order {
		taken = append(taken, ps[i].label(c, at(&ps[i]), taken))
	}
}

func (q *point) draw(c draw.Canvas, at vg.Point) {
	circle := func(r vg.Length) vg.Path {
		var path vg.Path
		path.Arc(at, r, 0, 6.2831853)
		path.Close()
		return path
	}
	color := shade("s0")
	c.SetColor(paper)
	if q.pareto {
		c.SetColor(color)
	}
	c.Fill(circle(radius))
	c.SetLineStyle(draw.LineStyle{Color: color, Width: 1.8})
	c.Stroke(circle(radius))
	if q.chosen {
		c.Stroke(circle(radius + 3.5))
	}
	if q.misses {
		d := vg.Length(radius + 2)
		c.StrokeLines(draw.LineStyle{Color: alarm, Width: 1.8}, []vg.Point{{X: at.X - d, Y: at.Y - d}, {X: at.X + d, Y: at.Y + d}})
	}
}

// label writes the name at the first place around the point where nothing is, and returns the
// place. Names that find none stand at the last.
func (q *point) label(c draw.Canvas, at vg.Point, taken []vg.Rectangle) vg.Rectangle {
	s := style(ink, 11)
	if q.chosen {
		s.Font.Weight = bold
	}
	width, height := s.Width(q.name), s.Height(q.name)
	var place vg.Rectangle
	gap := vg.Length(7)
	if q.chosen { // behind the ring
		gap += 4
	}
	for ring := vg.Length(0); ring < 5; ring++ {
		d := gap + ring*height
		for _, o := range []vg.Point{
			{X: gap, Y: -height / 2}, {X: -width / 2, Y: d}, {X: -width - gap, Y: -height / 2}, {X: -width / 2, Y: -height - d},
			{X: gap, Y: d - height/2}, {X: -width - gap, Y: d - height/2}, {X: gap, Y: -d - height/2}, {X: -width - gap, Y: -d - height/2},
		} {
			at := at.Add(o)
			place = vg.Rectangle{Min: at, Max: at.Add(vg.Point{X: width, Y: height})}
			if inside(place, c.Rectangle) && !slices.ContainsFunc(taken, func(r vg.Rectangle) bool { return overlap(r, place) }) {
				c.FillText(s, place.Min, q.name)
				return place
			}
		}
	}
	c.FillText(s, place.Min, q.name)
	return place
}

func inside(a, b vg.Rectangle) bool {
	return a.Min.X >= b.Min.X && a.Max.X <= b.Max.X && a.Min.Y >= b.Min.Y && a.Max.Y <= b.Max.Y
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}
