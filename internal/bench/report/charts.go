package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/seed-f87006eb/llm/internal/bench/record"
)

// Charts are the drawings that the record has figures for.
func Charts(r *record.Record) (list []Chart) {
	v := viewOf(r)
	for _, make := range []func(*view) *Chart{qualityChart, speedChart, memoryChart, divergenceChart} {
		if c := make(v); c != nil {
			list = append(list, *c)
		}
	}
	return list
}

// from names the source where it had lost something before: "levels made from Q4_1".
func (v *view) from() string {
	for i := range v.Rows {
		if v.Rows[i].From != "" {
			return ", levels made " + v.Rows[i].From
		}
	}
	return ""
}

// chartName is shorter than the label: the title says what the levels were made of.
func (v *view) chartName(r *record.Row) string { return r.Name(v.several) }

func (v *view) pointOf(r *record.Row, y float64) point {
	q := point{name: v.chartName(r), chosen: v.chosen(r), pareto: r.Pareto}
	q.X, q.Y = float64(r.File.Bytes)/(1<<30), y
	q.misses = r.Memory != nil && r.Memory.Fits != nil && !*r.Memory.Fits
	return q
}

// bounds are of an axis: those of the values, with a share of their range around.
func bounds(values []float64, room float64) (low, high float64) {
	low, high = slices.Min(values), slices.Max(values)
	if low == high {
		d := max(math.Abs(low)/10, 1e-3)
		return low - d, high + d
	}
	d := (high - low) * room
	return low - d, high + d
}

// bySize is a chart of one figure of each level by the size of its file.
type bySize struct {
	file, title  string
	words, label string // words: with %s for the levels
	margin       float64
	logarithms   bool
	figure       func(*record.Row) *record.Estimate // nil: the level has none
}

// qualityChart is the divergence of each level by its size.
func qualityChart(v *view) *Chart {
	return bySize{
		file: "quality-size.svg", title: "Quality against size", label: "mean KLD from the reference, nats", margin: 0.12, logarithms: true,
		words: "Mean divergence from the reference by the size of the file, of %s; lower and further left is better.",
		figure: func(r *record.Row) *record.Estimate {
			if r.Quality == nil {
				return nil
			}
			return r.Quality.Divergence
		},
	}.chart(v)
}

// speedChart is the speed of generation of each level by its size.
func speedChart(v *view) *Chart {
	return bySize{
		file: "speed-size.svg", title: "Speed against size", label: "generation, tokens a second", margin: 0.15,
		words: "Tokens generated a second by the size of the file, of %s; higher and further left is better.",
		figure: func(r *record.Row) *record.Estimate {
			if r.Generation == nil {
				return nil
			}
			return &r.Generation.PerSecond
		},
	}.chart(v)
}

func (c bySize) chart(v *view) *Chart {
	ps, xs, ys := c.points(v)
	if len(ps) == 0 {
		return nil
	}
	return &Chart{
		File: c.file, Title: c.title + v.from(), Words: fmt.Sprintf(c.words, plural(len(ps), "level", "levels")),
		svg: func(width, height int) string {
			p := newPlot("size of the file, GiB", c.label)
			if c.logarithms {
				p.Y.Tick.Marker = plot.TickerFunc(logarithmic)
			}
			gridLines(p)
			p.Add(ps)
			p.X.Min, p.X.Max = bounds(xs, 0.18)
			p.Y.Min, p.Y.Max = bounds(ys, c.margin)
			if !c.logarithms {
				p.Y.Min = max(0, p.Y.Min)
			}
			return render(p, width, height)
		},
	}
}

// points are those of the levels that have the figure, with what is on both axes.
func (c bySize) points(v *view) (ps points, xs, ys []float64) {
	for i := range v.Rows {
		r := &v.Rows[i]
		e := c.figure(r)
		if !v.done(i) || r.File == nil || e == nil || c.logarithms && e.Value <= 0 {
			continue
		}
		y, low, high := e.Value, 0.0, 0.0
		if e.Known() {
			low, high = *e.Low, *e.High
		}
		if c.logarithms {
			y, low, high = math.Log10(y), math.Log10(max(low, y/10)), math.Log10(max(high, y))
		}
		q := v.pointOf(r, y)
		if e.Known() {
			q.low, q.high = low, high
			ys = append(ys, low, high)
		}
		ps = append(ps, q)
		xs, ys = append(xs, q.X), append(ys, q.Y)
	}
	return ps, xs, ys
}

// memoryChart is what each level takes by the context, with what the card has.
func memoryChart(v *view) *Chart {
	ls, xs, ys := v.curves()
	if len(ls) == 0 {
		return nil
	}
	words, where := "", "here"
	var limit float64
	if c := v.Card; c != nil {
		for _, d := range c.Devices {
			limit += (float64(d.Memory) - float64(min(c.Headroom, d.Memory))) / (1 << 30)
		}
		where = "on the card"
		if limit > 0 {
			words = fmt.Sprintf("%s: %s GiB may be used", c.Name, short3(math.Round(limit*100)/100))
			ys = append(ys, limit)
		}
	}
	return &Chart{
		File: "memory-context.svg", Title: "Memory against context" + v.from(),
		Words: fmt.Sprintf("Planned memory %s by the length of the context, of %s. %s", where, plural(len(ls), "level", "levels"), words),
		svg: func(width, height int) string {
			p := newPlot("context, tokens", "memory "+where+", GiB")
			p.X.Tick.Marker = powersOfTwo(width < 500)
			p.X.Min, p.X.Max = bounds(xs, 0.01)
			ls, limit, ys := ls, level{limit, words}, ys
			if slices.Max(ys)/slices.Min(ys) < 12 {
				ys = append([]float64{0}, ys...)
				p.Y.Min, p.Y.Max = bounds(ys, 0.06)
				p.Y.Min = 0
			} else {
				p.Y.Tick.Marker = plot.TickerFunc(logarithmic)
				ls, limit.y = logged(ls), math.Log10(max(limit.y, 1e-9))
				p.Y.Min, p.Y.Max = bounds([]float64{math.Log10(slices.Min(ys)), math.Log10(slices.Max(ys))}, 0.06)
			}
			return renderLines(p, ls, limit, width, height)
		},
	}
}

// curves are the lines of memory, over the logarithm of the context, with what is on both axes.
func (v *view) curves() (ls []line, xs, ys []float64) {
	for i := range v.Rows {
		r := &v.Rows[i]
		if !v.done(i) || r.Memory == nil || len(r.Memory.Curve) < 2 {
			continue
		}
		l := line{name: v.chartName(r), row: i, bold: v.chosen(r)}
		for _, p := range r.Memory.Curve {
			if p.Bytes == 0 || p.Context <= 0 {
				continue
			}
			q := plotter.XY{X: math.Log10(float64(p.Context)), Y: float64(p.Bytes) / (1 << 30)}
			l.points = append(l.points, q)
			xs, ys = append(xs, q.X), append(ys, q.Y)
		}
		if len(l.points) > 0 {
			ls = append(ls, l)
		}
	}
	return ls, xs, ys
}

// logged are lines with the logarithms of what they are of.
func logged(ls []line) []line {
	list := slices.Clone(ls)
	for i := range list {
		list[i].points = slices.Clone(list[i].points)
		for k := range list[i].points {
			list[i].points[k].Y = math.Log10(list[i].points[k].Y)
		}
	}
	return list
}

// divergenceChart is how many positions diverge by more than so much.
func divergenceChart(v *view) *Chart {
	var ls []line
	var xs []float64
	lowest := 2.0
	for i := range v.Rows {
		r := &v.Rows[i]
		if !v.done(i) || r.Quality == nil || r.Quality.Histogram == nil {
			continue
		}
		l := line{name: v.chartName(r), row: i, bold: v.chosen(r)}
		for _, q := range exceed(r.Quality.Histogram) {
			l.points = append(l.points, q)
			xs, lowest = append(xs, q.X), min(lowest, q.Y)
		}
		if len(l.points) > 1 {
			ls = append(ls, l)
		}
	}
	if len(ls) == 0 {
		return nil
	}
	return &Chart{
		File: "divergence.svg", Title: "Distribution of the divergence" + v.from(),
		Words: fmt.Sprintf("Share of positions that diverge from the reference by more than so much, of %s; further left is better.", plural(len(ls), "level", "levels")),
		svg: func(width, height int) string {
			p := newPlot("KLD of a position, nats", "positions with more, %")
			p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(logarithmic), plot.TickerFunc(logarithmic)
			p.X.Min, p.X.Max = bounds(xs, 0.01)
			p.Y.Min, p.Y.Max = lowest-0.1, 2.05
			return renderLines(p, ls, level{}, width, height)
		},
	}
}

// exceed are the shares, in per cent, of what is at or above each edge: logarithms of both.
func exceed(h *record.Histogram) (list []plotter.XY) {
	var all, above int64
	for _, n := range h.Counts {
		all += n
	}
	above = all
	for i, n := range h.Counts {
		if x := h.Edges[i]; x > 0 && above > 0 {
			list = append(list, plotter.XY{X: math.Log10(x), Y: 2 + math.Log10(float64(above)/float64(all))})
		}
		above -= n
	}
	return list
}
