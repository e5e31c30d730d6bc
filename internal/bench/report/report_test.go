package report_test

import (
	"fmt"
	"html"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/mattn/go-runewidth"

	"github.com/seed-f87006eb/llm/internal/bench/record"
	"github.com/seed-f87006eb/llm/internal/bench/report"
)

var fixtures = []string{"synthetic", "synthetic-kv", "from-quantized"}

func open(t *testing.T, name string) *record.Record {
	t.Helper()
	r, err := record.Open(filepath.Join("..", "record", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func same(s string) string { return s }

func TestTerminal(t *testing.T) {
	for _, name := range fixtures {
		r := open(t, name)
		for _, width := range []int{60, 80, 100, 160} {
			got := report.Terminal(r, width, same)
			golden.Compare(t, fmt.Sprintf("%s.%d.txt", name, width), got)
			for i, line := range strings.Split(got, "\n") {
				if n := runewidth.StringWidth(line); n > width {
					t.Errorf("%s at %d: line %d has %d columns: %s", name, width, i+1, n, line)
				}
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	for _, name := range fixtures {
		r := open(t, name)
		golden.Compare(t, name+".md", report.Markdown(r, report.Charts(r)))
	}
}

// address is anything that a browser would fetch; a namespace is none.
var address = regexp.MustCompile(`(?i)(https?:)?//[a-z0-9]|\burl\(|@import|<link|<script|<img|<iframe|\bsrc=|\bhref=`)

// TestPageStandsAlone: nothing in the page, nor in an image, is fetched from anywhere, and
// nothing runs.
func TestPageStandsAlone(t *testing.T) {
	for _, name := range fixtures {
		r := open(t, name)
		text := page(t, r)
		if found := address.FindString(text); found != "" {
			t.Errorf("%s: the page has %q", name, found)
		}
		if !strings.Contains(text, `content="default-src 'none'; style-src 'unsafe-inline'"`) {
			t.Errorf("%s: the page forbids nothing", name)
		}
		for file, svg := range report.Images(report.Charts(r)) {
			svg = strings.ReplaceAll(svg, `xmlns="http://www.w3.org/2000/svg"`, "")
			if found := address.FindString(svg); found != "" {
				t.Errorf("%s: %s has %q", name, file, found)
			}
		}
	}
}

func page(t *testing.T, r *record.Record) string {
	t.Helper()
	text, err := report.HTML(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAxes: each chart says what its axes are and in which unit, at both sizes; and names each
// level that it has.
func TestAxes(t *testing.T) {
	labels := map[string][]string{
		"quality-size.svg":   {"size of the file, GiB", "mean KLD from the reference, nats"},
		"speed-size.svg":     {"size of the file, GiB", "generation, tokens a second"},
		"memory-context.svg": {"context, tokens", "memory on the card, GiB", "6GiB: 5 GiB may be used"},
		"divergence.svg":     {"KLD of a position, nats", "positions with more, %"},
	}
	r := open(t, "synthetic")
	charts := report.Charts(r)
	if len(charts) != len(labels) {
		t.Fatalf("%d charts", len(charts))
	}
	for _, c := range charts {
		for _, width := range []int{560, 360} {
			svg := c.Inline(width, 340)
			for _, want := range append(labels[c.File], "Q8_0", "Q2_K", "IQ4_XS") {
				if strings.Count(svg, ">"+html.EscapeString(want)+"<") != 1 {
					t.Errorf("%s at %d: %q is there %d times", c.File, width, want, strings.Count(svg, ">"+want+"<"))
				}
			}
			inside(t, c.File, svg, float64(width), 340)
		}
	}
}

var placed = regexp.MustCompile(`<text x="([-0-9.]+)" y="([-0-9.]+)"`)

// inside: each text begins within the drawing.
func inside(t *testing.T, name, svg string, width, height float64) {
	t.Helper()
	for _, m := range placed.FindAllStringSubmatch(svg, -1) {
		var x, y float64
		fmt.Sscan(m[1], &x)
		fmt.Sscan(m[2], &y)
		if x < 0 || x > width || y < 0 || y > height {
			t.Errorf("%s: a text at %g, %g of %g × %g", name, x, y, width, height)
		}
	}
}

// TestFromQuantized: that the source had lost something is in every row but its own, in every
// chart's title, and beside the recommendation.
func TestFromQuantized(t *testing.T) {
	r := open(t, "from-quantized")
	text := page(t, r)
	for _, level := range []string{"Q8_0", "Q6_K", "Q2_K"} {
		if !strings.Contains(text, level+" from Q4_1</td>") {
			t.Errorf("%s stands there without its source", level)
		}
	}
	for _, c := range report.Charts(r) {
		if !strings.Contains(c.Title, "from Q4_1") {
			t.Errorf("%s: %s", c.File, c.Title)
		}
	}
	if !strings.Contains(text, `<p class="caveat">every level was made from Q4_1`) {
		t.Error("the recommendation has no caveat")
	}
}

// TestHostileNames: what a stranger's file calls itself is text wherever it comes.
func TestHostileNames(t *testing.T) {
	const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>`[a](javascript:alert(3))\x1b[31m\u202e\nhttp://evil.example/ |"
	r := open(t, "from-quantized")
	r.Model.File, r.Model.Name, r.Model.Architecture = hostile, hostile, hostile
	r.Rows[1].Level, r.Rows[1].Why = hostile, hostile
	r.Rows[len(r.Rows)-1].Why = hostile
	r.Text.Name, r.Machine.CPU, r.Card.Name = hostile, hostile, hostile
	r.Notes, r.Arguments = []string{hostile}, []string{hostile}
	r.Choice.Sentence, r.Choice.Caveats = hostile, []string{hostile}
	r.Rows[1].Tasks.Kinds[0].Kind = hostile
	text := page(t, r)
	for _, tag := range []string{"<script", "<img", "\x1b", "\u202e"} {
		if strings.Contains(text, tag) {
			t.Errorf("the page has %q", tag)
		}
	}
	// Of what is a tag, none has a handler.
	bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(text, "")
	if handler := regexp.MustCompile(`<[a-z][^>]*\son[a-z]+=`).FindString(bare); handler != "" {
		t.Errorf("the page has %q", handler)
	}
	for file, svg := range report.Images(report.Charts(r)) {
		if strings.Contains(svg, "<script") || strings.Contains(svg, "<img") || strings.Contains(svg, "\x1b") {
			t.Errorf("%s has a tag of the name", file)
		}
	}
	markdown := report.Markdown(r, report.Charts(r))
	for _, sign := range []string{"<script", "<img", "a](javascript", "://evil", "\x1b"} {
		if strings.Contains(markdown, sign) {
			t.Errorf("the Markdown has %q", sign)
		}
	}
	if screen := report.Terminal(r, 80, same); strings.ContainsAny(screen, "\x1b\u202e") {
		t.Error("the terminal is sent what it obeys")
	}
}

// TestNothingKnown: a record with nothing but names is laid out, without a number that nobody
// measured.
func TestNothingKnown(t *testing.T) {
	r := open(t, "synthetic")
	r.Text, r.Card, r.Ranking = nil, nil, record.Ranking{}
	r.Choice = record.Choice{Sentence: "None is recommended: nothing was measured."}
	for i := range r.Rows {
		r.Rows[i] = record.Row{Level: r.Rows[i].Level, KV: "f16", Source: "F16", State: record.Failed, Why: "the disk is full"}
	}
	if n := len(report.Charts(r)); n != 0 {
		t.Errorf("%d charts of nothing", n)
	}
	for _, text := range []string{page(t, r), report.Markdown(r, nil), report.Terminal(r, 80, same)} {
		if !strings.Contains(text, "the disk is full") || strings.Contains(text, "NaN") {
			t.Errorf("laid out as:\n%s", text)
		}
	}
}

func TestComparison(t *testing.T) {
	a, b := open(t, "synthetic"), open(t, "synthetic")
	b.Machine.CPU = "Another processor"
	for i := range b.Rows {
		if s := b.Rows[i].Generation; s != nil {
			for k := range s.Samples {
				s.Samples[k] *= 1.1
			}
			s.PerSecond.Value *= 1.1
		}
	}
	b.Rows = b.Rows[:4]
	c := record.Compare(a, b, 0.95, record.DefaultMargin)
	c.A, c.B = "before/record.json", "after/record.json\x1b[31m"
	text := report.ComparisonTerminal(c, 80, same)
	golden.Compare(t, "comparison.txt", text)
	if strings.Contains(text, "\x1b") {
		t.Error("the terminal is sent what it obeys")
	}
	for _, line := range strings.Split(text, "\n") {
		if n := runewidth.StringWidth(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
