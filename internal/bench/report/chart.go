package report

import (
	"fmt"
	"html"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chart is a drawing of a record.
type Chart struct {
	File  string // that it is written to: quality-size.svg
	Title string
	Words string // what it shows, for those who do not see it
	svg   func(width, height int) string
}

// The colours of a chart, by their names in style.css.
const (
	ink   shade = "ink"
	quiet shade = "quiet" // axes and their numbers
	grid  shade = "grid"
	paper shade = "paper"
	alarm shade = "alarm" // the card's line
)

// series is the colour of a line by its number, with dashes that tell lines apart without it.
func series(i int) (shade, []vg.Length) {
	dashes := [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 3, 2, 3}}
	return shade(fmt.Sprintf("s%d", i%seriesColors)), dashes[i/seriesColors%len(dashes)]
}

const seriesColors = 8

const bold = 3 // as golang.org/x/image/font has it

func face(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Length(size)}
}

func style(color shade, size float64) text.Style {
	return text.Style{Color: color, Font: face(size), Handler: plot.DefaultTextHandler}
}

// newPlot is a plot with axes that are labelled with these. An axis that is logarithmic is one of
// logarithms, with labels that are none: the library puts the words beside such an axis of its own
// where its figures' middle is, which is above its end.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Color, a.Tick.Color = quiet, quiet
		a.Padding = 0
		a.Label.TextStyle.Color, a.Label.TextStyle.Font = ink, face(12)
		a.Tick.Label.Color, a.Tick.Label.Font = quiet, face(11)
		a.Label.Padding = 3
	}
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(linear), plot.TickerFunc(linear)
	return p
}

// gridLines are drawn where the axes have numbers.
func gridLines(p *plot.Plot) {
	g := plotter.NewGrid()
	g.Vertical = draw.LineStyle{Color: grid, Width: 1}
	g.Horizontal = g.Vertical
	p.Add(g)
}

// render is a plot as SVG, inside of a page.
func render(p *plot.Plot, width, height int) string {
	c := newCanvas(vg.Length(width), vg.Length(height))
	p.Draw(draw.Crop(draw.New(c), 4, -6, 2, -6))
	return c.body.String()
}

// Inline is the chart for a page whose style sheet has the colours. It scales down where there
// is less room than width.
func (c *Chart) Inline(width, height int) string {
	return fmt.Sprintf("<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"%s\">\n%s</svg>",
		width, height, width, height, html.EscapeString(c.Words), c.svg(width, height))
}

// Image is the chart as a file of its own, with its title.
func (c *Chart) Image(width, height int) string {
	const top = 26
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", width, height+top, width, height+top)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n<style>%s</style>\n", html.EscapeString(c.Title), html.EscapeString(c.Words), strings.ReplaceAll(palette, ":root", "svg"))
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" style=\"fill:var(--paper)\"/>\n", width, height+top)
	fmt.Fprintf(&b, "<text x=\"8\" y=\"18\" style=\"font-size:13px;font-weight:bold;fill:var(--ink)\">%s</text>\n", html.EscapeString(c.Title))
	fmt.Fprintf(&b, "<g transform=\"translate(0 %d)\">\n%s</g>\n</svg>\n", top, c.svg(width, height))
	return b.String()
}

// linear has round numbers, three to six of them.
func linear(low, high float64) (ticks []plot.Tick) {
	step := roundStep((high - low) / 5)
	for first := math.Ceil(low/step - 1e-9); len(ticks) < 10; {
		i := first + float64(len(ticks))
		if i*step > high+step*1e-9 {
			break
		}
		ticks = append(ticks, plot.Tick{Value: i * step, Label: short3(i * step)})
	}
	return ticks
}

// roundStep is 1, 2 or 5 times a power of ten.
func roundStep(least float64) float64 {
	if !(least > 0) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(least)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= least*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logarithmic is of an axis whose values are the logarithms of figures, to base 10: it has powers
// of ten, and between them 2 and 5 where there are few.
func logarithmic(low, high float64) (ticks []plot.Tick) {
	decades := high - low
	for e := math.Floor(low); e <= math.Ceil(high); e++ {
		for _, m := range []float64{1, 2, 5} {
			at := e + math.Log10(m)
			if at < low-1e-9 || at > high+1e-9 {
				continue
			}
			t := plot.Tick{Value: at}
			if m == 1 && (decades <= 6 || int(e)%2 == 0) || decades < 2.2 {
				t.Label = short3(m * math.Pow(10, e))
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// powersOfTwo are for the logarithms of contexts.
func powersOfTwo(narrow bool) plot.Ticker {
	return plot.TickerFunc(func(low, high float64) (ticks []plot.Tick) {
		for v, i := 1.0, 0; math.Log10(v) <= high+1e-9; v, i = v*2, i+1 {
			if at := math.Log10(v); at >= low-1e-9 && (!narrow || i%2 == 1) {
				ticks = append(ticks, plot.Tick{Value: at, Label: contextText(v)})
			}
		}
		return ticks
	})
}

func contextText(tokens float64) string {
	if tokens >= 1024 && math.Mod(tokens, 1024) == 0 {
		return fmt.Sprintf("%.0fk", tokens/1024)
	}
	return fmt.Sprintf("%.0f", tokens)
}

// short3 is a number on an axis.
func short3(x float64) string {
	switch {
	case x != 0 && math.Abs(x) < 1e-3:
		mantissa, exponent, _ := strings.Cut(fmt.Sprintf("%.0e", x), "e")
		return mantissa + "e" + strings.Replace(strings.Replace(exponent, "-0", "-", 1), "+0", "", 1)
	case math.Abs(x) >= 100:
		return fmt.Sprintf("%.0f", x)
	}
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.4f", x), "0"), ".")
}
