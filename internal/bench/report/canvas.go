package report

import (
	"fmt"
	"html"
	"image"
	"image/color"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// shade is a colour by its name in the style sheet, which has it for light and for dark. The
// chart library hands colours through untouched, so that its drawings have names as well.
type shade string

// RGBA is black: only the canvas of this package knows what a shade looks like.
func (shade) RGBA() (r, g, b, a uint32) { return color.Black.RGBA() }

// canvas writes what the chart library draws as SVG. The library's own has fixed colours, and
// turns every text upside down twice.
type canvas struct {
	width, height vg.Length
	body          strings.Builder
	stack         []pen
}

// pen is the state that the library pushes and pops. The matrix is of (a c e; b d f).
type pen struct {
	color color.Color
	width vg.Length
	dash  []vg.Length
	m     [6]float64
	turn  float64 // of it, the rotation, in degrees
}

func newCanvas(width, height vg.Length) *canvas {
	c := &canvas{width: width, height: height, stack: []pen{{m: [6]float64{1, 0, 0, 1, 0, 0}}}}
	vg.Initialize(c)
	return c
}

func (c *canvas) pen() *pen { return &c.stack[len(c.stack)-1] }

func (c *canvas) Size() (w, h vg.Length)                       { return c.width, c.height }
func (c *canvas) SetLineWidth(w vg.Length)                     { c.pen().width = w }
func (c *canvas) SetLineDash(pattern []vg.Length, _ vg.Length) { c.pen().dash = pattern }
func (c *canvas) SetColor(to color.Color)                      { c.pen().color = to }
func (c *canvas) Push()                                        { c.stack = append(c.stack, *c.pen()) }
func (c *canvas) Pop()                                         { c.stack = c.stack[:len(c.stack)-1] }

func (c *canvas) Rotate(angle float64) {
	sin, cos := math.Sincos(angle)
	c.multiply([6]float64{cos, sin, -sin, cos, 0, 0})
	c.pen().turn += angle * 180 / math.Pi
}

func (c *canvas) Translate(by vg.Point) {
	c.multiply([6]float64{1, 0, 0, 1, by.X.Points(), by.Y.Points()})
}

func (c *canvas) Scale(x, y float64) { c.multiply([6]float64{x, 0, 0, y, 0, 0}) }

func (c *canvas) multiply(n [6]float64) {
	m := c.pen().m
	c.pen().m = [6]float64{
		m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1],
		m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3],
		m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5],
	}
}

// at is a point in SVG, whose y axis points down.
func (c *canvas) at(p vg.Point) string {
	m, x, y := c.pen().m, p.X.Points(), p.Y.Points()
	return number(m[0]*x+m[2]*y+m[4]) + " " + number(c.height.Points()-(m[1]*x+m[3]*y+m[5]))
}

func number(x float64) string {
	return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64)
}

// paint is a colour as CSS has it.
func paint(c color.Color) string {
	if s, ok := c.(shade); ok {
		return "var(--" + string(s) + ")"
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

func (c *canvas) Stroke(path vg.Path) {
	p := c.pen()
	if p.width <= 0 {
		return
	}
	fmt.Fprintf(&c.body, `<path d="%s" style="fill:none;stroke:%s;stroke-width:%s`, c.path(path), paint(p.color), number(p.width.Points()))
	if len(p.dash) > 0 {
		parts := make([]string, len(p.dash))
		for i, d := range p.dash {
			parts[i] = number(d.Points())
		}
		fmt.Fprintf(&c.body, ";stroke-dasharray:%s", strings.Join(parts, ","))
	}
	c.body.WriteString("\"/>\n")
}

func (c *canvas) Fill(path vg.Path) {
	fmt.Fprintf(&c.body, "<path d=\"%s\" style=\"fill:%s\"/>\n", c.path(path), paint(c.pen().color))
}

func (c *canvas) path(path vg.Path) string {
	var b strings.Builder
	for _, part := range path {
		switch part.Type {
		case vg.MoveComp:
			b.WriteString("M" + c.at(part.Pos))
		case vg.LineComp:
			b.WriteString("L" + c.at(part.Pos))
		case vg.ArcComp:
			c.arc(&b, part)
		case vg.CurveComp:
			b.WriteString(map[int]string{1: "Q", 2: "C"}[len(part.Control)])
			for _, p := range part.Control {
				b.WriteString(c.at(p) + " ")
			}
			b.WriteString(c.at(part.Pos))
		case vg.CloseComp:
			b.WriteString("Z")
		}
	}
	return b.String()
}

// arc is drawn in pieces of a quarter turn at most: SVG knows no arc that ends where it begins.
func (c *canvas) arc(b *strings.Builder, part vg.PathComp) {
	on := func(angle float64) vg.Point {
		sin, cos := math.Sincos(angle)
		return part.Pos.Add(vg.Point{X: part.Radius * vg.Length(cos), Y: part.Radius * vg.Length(sin)})
	}
	verb := "L"
	if b.Len() == 0 {
		verb = "M"
	}
	b.WriteString(verb + c.at(on(part.Start)))
	pieces := max(1, int(math.Ceil(math.Abs(part.Angle)/(math.Pi/2))))
	sweep := 0
	if part.Angle < 0 {
		sweep = 1
	}
	for i := 1; i <= pieces; i++ {
		r := number(part.Radius.Points())
		fmt.Fprintf(b, "A%s %s 0 0 %d %s", r, r, sweep, c.at(on(part.Start+part.Angle*float64(i)/float64(pieces))))
	}
}

func (c *canvas) FillString(f font.Face, at vg.Point, text string) {
	if f.Font.Size == 0 {
		return
	}
	where := c.at(at)
	x, y, _ := strings.Cut(where, " ")
	fmt.Fprintf(&c.body, `<text x="%s" y="%s" style="font-size:%spx;fill:%s"`, x, y, number(f.Font.Size.Points()), paint(c.pen().color))
	if f.Font.Weight >= bold {
		c.body.WriteString(` font-weight="bold"`)
	}
	if turn := c.pen().turn; turn != 0 {
		fmt.Fprintf(&c.body, ` transform="rotate(%s %s)"`, number(-turn), where)
	}
	fmt.Fprintf(&c.body, ">%s</text>\n", html.EscapeString(text))
}

// DrawImage draws nothing: no chart has an image.
func (c *canvas) DrawImage(vg.Rectangle, image.Image) {}
