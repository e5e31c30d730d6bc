package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-f87006eb/llm/internal/quantize"
)

// quantizeReport is what llm quantize --json prints.
type quantizeReport struct {
	DryRun  bool           `json:"dry_run"`
	Problem string         `json:"problem,omitempty"`
	Source  quantizeFile   `json:"source"`
	File    quantizeFile   `json:"file"`
	Header  int64          `json:"header_bytes"`
	Bits    float64        `json:"bits_per_weight"`
	Tensors int            `json:"tensors"`
	Changes []typeChange   `json:"changes"`
	Fell    int            `json:"fell_back"`
	Falls   []typeFallback `json:"fallbacks,omitempty"`
	Matrix  *matrixUse     `json:"imatrix,omitempty"`
	Caveat  string         `json:"caveat,omitempty"`
	Notes   []string       `json:"notes,omitempty"`
	Seconds float64        `json:"seconds,omitempty"`
}

type quantizeFile struct {
	Path  string `json:"path"`
	Type  string `json:"type"`
	Bytes int64  `json:"bytes"`
}

type typeChange struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Tensors   int    `json:"tensors"`
	FromBytes int64  `json:"from_bytes"`
	Bytes     int64  `json:"bytes"`
}

type typeFallback struct {
	Wanted  string `json:"wanted"`
	To      string `json:"to"`
	Tensors int    `json:"tensors"`
	Why     string `json:"why"`
}

type matrixUse struct {
	File    string `json:"file"`
	Entries int    `json:"entries"`
	Tensors int    `json:"tensors"` // that are quantized with it
}

func newQuantizeReport(j *quantize.Job, out, imatrix string) *quantizeReport {
	r := &quantizeReport{
		Source: quantizeFile{j.Source, j.From.String(), j.FromSize},
		File:   quantizeFile{out, j.Kind.Name, j.Recipe.Size},
		Header: j.Recipe.Header, Bits: math.Round(1e4*j.Recipe.Bits) / 1e4, Tensors: len(j.Recipe.Tensors),
		Fell: j.FellBack(), Caveat: j.Kind.Caveat, Notes: j.Notes,
	}
	for _, c := range j.Changes() {
		r.Changes = append(r.Changes, typeChange{c.From.String(), c.To.String(), c.Tensors, c.FromBytes, c.Bytes})
	}
	for _, f := range j.Fallbacks() {
		r.Falls = append(r.Falls, typeFallback{f.Wanted.String(), f.To.String(), f.Tensors, f.Why})
	}
	if imatrix != "" {
		r.Matrix = &matrixUse{imatrix, j.Entries, j.Matrix}
	}
	return r
}

// line is the result in one.
func (r *quantizeReport) line() string {
	text := fmt.Sprintf("%s: %s, %s, %.2f bits per weight", printable(r.File.Path), plural(r.Tensors, "tensor"), sizeInBytes(r.File.Bytes), r.Bits)
	if r.Fell > 0 {
		text += fmt.Sprintf(", %d fell back", r.Fell)
	}
	return text + fmt.Sprintf(", %.1f s", r.Seconds)
}

// sizeInBytes is a size for people, and exactly.
func sizeInBytes(n int64) string {
	if n < 1<<10 {
		return size(n)
	}
	return fmt.Sprintf("%s (%d bytes)", size(n), n)
}

// screen is what would be written, at 80 columns.
func (r *quantizeReport) screen(s style) string {
	w := &inspectScreen{style: s}
	w.row("from", "%s, %s, %s", printable(r.Source.Path), r.Source.Type, sizeInBytes(r.Source.Bytes))
	w.row("to", "%s, %s, %s", printable(r.File.Path), r.File.Type, sizeInBytes(r.File.Bytes))
	w.row("bits", "%.2f per weight", r.Bits)
	if r.Matrix != nil {
		w.row("matrix", "%s: %d entries, %s quantized with it", printable(r.Matrix.File), r.Matrix.Entries, plural(r.Matrix.Tensors, "tensor"))
	}
	fmt.Fprintf(w, "\n%s\n", s.dim(fmt.Sprintf("  %-8s %-8s %7s  %11s %11s %6s", "from", "to", "tensors", "bytes", "becomes", "share")))
	for _, c := range r.Changes {
		to := c.To
		if to == c.From {
			to = "as it is"
		}
		fmt.Fprintf(w, "  %-8s %-8s %7d  %11s %11s %5.1f%%\n", c.From, to, c.Tensors, size(c.FromBytes), size(c.Bytes), 100*float64(c.Bytes)/float64(max(r.File.Bytes, 1)))
	}
	if r.Fell > 0 {
		fmt.Fprintf(w, "\n%s fell back, of %d:\n", plural(r.Fell, "tensor"), r.Tensors)
		for _, f := range r.Falls {
			w.row(fmt.Sprint(f.Tensors), "%s", f.Why)
		}
	}
	notes := r.Notes
	if r.Caveat != "" {
		notes = append([]string{r.File.Type + ": " + r.Caveat}, notes...)
	}
	if len(notes) > 0 {
		w.WriteString("\n")
	}
	for _, note := range notes {
		w.row("note", "%s", printable(note))
	}
	return strings.TrimRight(w.String(), "\n") + "\n"
}
