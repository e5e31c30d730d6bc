package main

import (
	"fmt"
	"strings"

	"github.com/seed-f87006eb/llm"
	"github.com/seed-f87006eb/llm/internal/imatrix"
)

// imatrixReport is what llm imatrix did.
type imatrixReport struct {
	File      string   `json:"file"`
	Tensors   int      `json:"tensors"`
	Datasets  []string `json:"datasets"`
	ChunkSize int      `json:"chunk_size"`
	Chunks    int      `json:"chunks"` // with those of merged files
	Read      int      `json:"chunks_read"`
	Resumed   int      `json:"chunks_resumed,omitempty"`
	Generated bool     `json:"generated,omitempty"`

	Perplexity   *float64  `json:"perplexity,omitempty"`
	Uncertainty  *float64  `json:"perplexity_error,omitempty"` // standard error
	Perplexities []float64 `json:"perplexities,omitempty"`     // over the chunks up to each
	Notices      []string  `json:"notices,omitempty"`
}

func newImatrixReport(file string, r *llm.ImatrixResult) *imatrixReport {
	m := r.Matrix
	report := &imatrixReport{File: file, Tensors: len(m.Entries), Datasets: m.Datasets, ChunkSize: m.ChunkSize, Chunks: m.Chunks,
		Read: r.Chunks, Resumed: r.Resumed, Generated: r.Generated, Perplexities: r.Perplexities, Notices: r.Notices}
	if r.Perplexity > 0 {
		report.Perplexity, report.Uncertainty = &r.Perplexity, &r.Uncertainty
	}
	return report
}

func (r *imatrixReport) screen() string {
	var w strings.Builder
	if r.Perplexity != nil {
		fmt.Fprintf(&w, "Final estimate: PPL = %.4f +/- %.5f\n", *r.Perplexity, *r.Uncertainty)
	}
	fmt.Fprintf(&w, "%s: %s, %s of %d tokens", printable(r.File), plural(r.Tensors, "tensor"), plural(r.Chunks, "chunk"), r.ChunkSize)
	if len(r.Datasets) > 0 {
		fmt.Fprintf(&w, ", from %s", printable(strings.Join(r.Datasets, ", ")))
	}
	fmt.Fprintln(&w)
	return w.String()
}

// imatrixDescription is what --show-statistics tells.
type imatrixDescription struct {
	File      string                   `json:"file"`
	Datasets  []string                 `json:"datasets"`
	ChunkSize int                      `json:"chunk_size,omitempty"`
	Chunks    int                      `json:"chunks"`
	Tensors   []imatrix.Statistic      `json:"tensors"`
	Layers    []imatrix.LayerStatistic `json:"layers"`
}

func (a *app) imatrixStatistics(f *imatrixFlags, args []string) error {
	files := append(f.merge, args...)
	if len(files) != 1 {
		return usagef("--show-statistics takes one file; it got %q", files)
	}
	m, err := imatrix.Read(files[0])
	if err != nil {
		return err
	}
	d := &imatrixDescription{File: files[0], Datasets: m.Datasets, ChunkSize: m.ChunkSize, Chunks: m.Chunks, Tensors: m.Statistics()}
	d.Layers = imatrix.Layers(d.Tensors)
	return a.report(d, f.json, func(style) string { return d.screen() }, true)
}

func (d *imatrixDescription) screen() string {
	var w strings.Builder
	fmt.Fprintf(&w, "%s: %s, %s", printable(d.File), plural(len(d.Tensors), "tensor"), plural(d.Chunks, "chunk"))
	if len(d.Datasets) > 0 {
		fmt.Fprintf(&w, ", from %s", printable(strings.Join(d.Datasets, ", ")))
	}
	fmt.Fprintf(&w, "\n\n%5s %-20s %12s %9s %11s %9s %9s %8s %7s %8s %8s %7s %8s\n", "layer", "tensor", "Σ(act²)", "min", "max", "mean", "σ",
		"active", "columns", "entropy", "of most", "> σ", "cos")
	for _, s := range d.Tensors {
		layer := "-"
		if s.Layer >= 0 {
			layer = fmt.Sprint(s.Layer)
		}
		fmt.Fprintf(&w, "%5s %-20s %12.2f %9.4f %11.4f %9.2f %9.2f %7.2f%% %7d %8.4f %7.2f%% %6.2f%% %8.4f\n", layer, printable(s.Kind),
			s.Sum, s.Min, s.Max, s.Mean, s.Deviation, 100*s.Active, s.Columns, s.Entropy, 100*s.EntropyShare, 100*s.Outliers, s.Similarity)
	}
	fmt.Fprintf(&w, "\n%5s %14s %9s %8s\n", "layer", "mean Σ(act²)", "> σ", "cos")
	for _, l := range d.Layers {
		fmt.Fprintf(&w, "%5d %14.2f %8.4f%% %8.4f\n", l.Layer, l.Sum, 100*l.Outliers, l.Similarity)
	}
	return w.String()
}
