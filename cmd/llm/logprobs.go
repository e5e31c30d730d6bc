package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm"
)

// writeLogprobs prints a line a token: its probability, itself, and the likeliest at
// its place.
func writeLogprobs(w io.Writer, tokens []*llm.TokenLogprob) error {
	for _, t := range tokens {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s", percent(t.Logprob), strconv.Quote(string(t.Text)))
		for i, top := range t.Top {
			if i == 0 {
				b.WriteString("  of")
			}
			fmt.Fprintf(&b, "  %s %s", percent(top.Logprob), strconv.Quote(string(top.Text)))
		}
		if _, err := fmt.Fprintln(w, b.String()); err != nil {
			return err
		}
	}
	return nil
}

func percent(logprob float64) string { return fmt.Sprintf("%6.2f%%", 100*math.Exp(logprob)) }

// tokenRow is a token in JSON. Bytes are there where the text is not whole UTF-8
// characters.
type tokenRow struct {
	ID      int32      `json:"id"`
	Text    string     `json:"text"`
	Bytes   []int      `json:"bytes,omitempty"`
	Logprob float64    `json:"logprob"`
	Top     []tokenRow `json:"top,omitempty"`
	Sampler []stepRow  `json:"sampler,omitempty"`
}

// stepRow is what a step of the sampler did: candidates found and left.
type stepRow struct {
	Step   string `json:"step"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

func stepRows(steps []llm.SamplerStep) (rows []stepRow) {
	for _, s := range steps {
		rows = append(rows, stepRow{s.Name, s.Before, s.After})
	}
	return rows
}

func newTokenRow(t llm.TokenLogprob) tokenRow {
	row := tokenRow{ID: t.ID, Text: string(t.Text), Logprob: max(t.Logprob, -math.MaxFloat64), Sampler: stepRows(t.Steps)} // JSON has no infinity
	if !utf8.Valid(t.Text) {
		row.Text = strings.ToValidUTF8(row.Text, "\ufffd")
		for _, b := range t.Text {
			row.Bytes = append(row.Bytes, int(b))
		}
	}
	for _, top := range t.Top {
		row.Top = append(row.Top, newTokenRow(top))
	}
	return row
}
