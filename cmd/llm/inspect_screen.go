package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	screenWidth = 80
	labelWidth  = 17 // with what stands before it
)

// inspectScreen lays an inspection out for a person.
type inspectScreen struct {
	strings.Builder
	style style
}

// screen is the inspection at 80 columns.
func (r *inspection) screen(s style) string {
	w := &inspectScreen{style: s}
	w.heading(r)
	w.weights(&r.Weights)
	w.shape(r.Shape)
	if k := r.KVCache; k != nil {
		w.row("KV cache", "%s at %d tokens (%s); with the weights %s", size(k.Bytes), k.Context, k.Type, size(k.Bytes+r.Weights.Bytes))
	}
	w.tokens(r)
	w.origin(&r.Origin)
	w.terms(&r.Terms)
	w.format(&r.Format)
	w.tensors(r.Tensors)
	w.problems(r)
	return w.String()
}

// printable is text of a file on one line of a terminal, escaped and not too long.
func printable(text string) string {
	const limit = 300
	cut := ""
	if len(text) > limit {
		text, cut = strings.ToValidUTF8(text[:limit], ""), "…"
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`) + cut
}

// row is a label and a text, folded behind it. Nothing is shown of an empty text.
func (w *inspectScreen) row(label, format string, args ...any) {
	for i, line := range fold(fmt.Sprintf(format, args...), screenWidth-labelWidth) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(w, "%s%s\n", w.style.dim(fmt.Sprintf("  %-*s", labelWidth-2, label)), line)
	}
}

// fold breaks text into lines at spaces, and in words that are longer than a line.
func fold(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > width {
			head := string([]rune(word)[:width])
			if line != "" {
				lines = append(lines, line)
			}
			lines, word, line = append(lines, head), word[len(head):], ""
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

func (w *inspectScreen) heading(r *inspection) {
	name := printable(r.Name)
	if name == "" {
		name = printable(r.File)
	}
	var facts []string
	add := func(text string) {
		if text != "" {
			facts = append(facts, text)
		}
	}
	add(printable(r.Architecture))
	if r.Kind != "" {
		add(r.Kind)
	} else if r.Type != "model" {
		add(printable(r.Type))
	}
	if p := r.Weights.Parameters; p > 0 {
		add(parameterCount(p) + " parameters")
	}
	if a := r.Weights.Active; a < r.Weights.Parameters {
		add(parameterCount(a) + " active")
	}
	add(r.Weights.FileType)
	add(size(r.Format.Bytes))
	for _, text := range []string{name, strings.Join(facts, " · ")} {
		fmt.Fprintln(w, strings.Join(fold(text, screenWidth), "\n"))
	}
	fmt.Fprintln(w)
}

func (w *inspectScreen) weights(r *inspectedWeights) {
	if r.Parameters == 0 {
		return
	}
	w.row("weights", "%s, %.2f bits a parameter", size(r.Bytes), r.BitsPerParameter)
	const barWidth, most = 20, 6
	types := r.Types
	if len(types) > most {
		rest := inspectedMix{Type: fmt.Sprintf("%d more", len(types)-most+1)}
		for _, m := range types[most-1:] {
			rest.Tensors += m.Tensors
			rest.Bytes += m.Bytes
		}
		types = append(slices.Clone(types[:most-1]), rest)
	}
	for _, m := range types {
		part := float64(m.Bytes) / float64(max(r.Bytes, 1))
		fmt.Fprintf(w, "%*s%-8s %s %12s %11s %4.0f %%\n", labelWidth, "", m.Type, bar(part, barWidth), plural(m.Tensors, "tensor"), size(m.Bytes), 100*part)
	}
}

// bar has eighths of a column.
func bar(part float64, width int) string {
	eighths := int(part*float64(width)*8 + 0.5)
	full := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		full += string(rune('▉' + 7 - rest))
	}
	return full + strings.Repeat(" ", width-utf8.RuneCountInString(full))
}

func (w *inspectScreen) shape(s *inspectedShape) {
	if s == nil {
		return
	}
	parts := []string{fmt.Sprintf("%d layers", s.Layers)}
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if s.NextN > 0 {
		add("%d more to predict ahead", s.NextN)
	}
	add("embedding %d", s.Embedding)
	if slices.Max(s.Heads) > 0 {
		add("%s heads", spread(s.Heads))
		add("%s of keys and values", spread(s.KVHeads))
		if slices.Equal(s.KeyLength, s.ValueLength) {
			add("head length %s", spread(s.KeyLength))
		} else {
			add("head lengths %s for keys and %s for values", spread(s.KeyLength), spread(s.ValueLength))
		}
	}
	if slices.Max(s.FeedForward) > 0 {
		add("feed-forward %s", spread(s.FeedForward))
	}
	if s.Experts > 0 {
		text := fmt.Sprintf("%d experts, %s used", s.Experts, spread(s.ExpertsUsed))
		if s.ExpertsShared > 0 {
			text += fmt.Sprintf(" and %d shared", s.ExpertsShared)
		}
		add("%s", text)
	}
	if s.RecurrentLayers > 0 {
		add("%d layers with a state", s.RecurrentLayers)
	}
	if s.MLAKVRank > 0 {
		add("latent attention of rank %d", s.MLAKVRank)
	}
	w.row("shape", "%s", strings.Join(parts, ", "))
	context := fmt.Sprintf("%d tokens", s.Context)
	if s.RoPEScaling != "" {
		context += fmt.Sprintf(", %s scaled by %g from %d", s.RoPEScaling, s.RoPEFactor, s.RoPEContext)
	}
	if s.WindowLayers > 0 {
		context += fmt.Sprintf("; %d of %d layers see the last %d", s.WindowLayers, s.Layers+s.NextN, s.Window)
	}
	w.row("context", "%s", context)
}

// spread is what layers have: one number, or from which to which.
func spread(all []int) string {
	if low, high := slices.Min(all), slices.Max(all); low != high {
		return fmt.Sprintf("%d to %d", low, high)
	}
	return strconv.Itoa(all[0])
}

func (w *inspectScreen) tokens(r *inspection) {
	if t := r.Tokenizer; t != nil {
		kind := printable(t.Model)
		if t.Pre != "" {
			kind += " (" + printable(t.Pre) + ")"
		}
		w.row("tokens", "%d, %s", t.Tokens, kind)
	}
	var templates []string
	for _, t := range r.Templates {
		templates = append(templates, fmt.Sprintf("%s (%d bytes)", printable(t.Name), t.Bytes))
	}
	if r.Tokenizer != nil && templates == nil && r.Shape != nil {
		templates = []string{"none"}
	}
	w.row("chat template", "%s", strings.Join(templates, ", "))
}

func (w *inspectScreen) origin(o *inspectedOrigin) {
	license := strings.TrimSpace(strings.Join([]string{o.License, o.LicenseName, o.LicenseLink}, " "))
	if license == "" {
		license = "not stated in the file"
	}
	w.row("license", "%s", printable(license))
	w.row("author", "%s", printable(strings.TrimPrefix(o.Author+", "+o.Organization, ", ")))
	w.row("made from", "%s", printable(strings.Join(o.BaseModels, ", ")))
	w.row("trained on", "%s", printable(strings.Join(o.Datasets, ", ")))
	w.row("quantized by", "%s", printable(o.QuantizedBy))
	w.row("imatrix", "%s", printable(o.IMatrix))
	w.row("home", "%s", printable(o.URL))
}

func (w *inspectScreen) terms(t *inspectedTerms) {
	w.row("terms", "%s (facts of %s, not legal advice; llm license says more)", t.Line, t.FactsAsOf)
	w.row("openness", "%s", t.Openness)
}

func (w *inspectScreen) format(f *inspectedFormat) {
	order := ""
	if f.BigEndian {
		order = ", big-endian"
	}
	text := fmt.Sprintf("GGUF v%d%s, header of %s, %s", f.Version, order, size(f.HeaderBytes), plural(f.Tensors, "tensor"))
	if len(f.Parts) > 1 {
		text += fmt.Sprintf(", in %d parts", len(f.Parts))
	}
	w.row("format", "%s", text)
}

func (w *inspectScreen) tensors(rows []inspectedRow) {
	if rows == nil {
		return
	}
	fmt.Fprintln(w)
	for _, t := range rows {
		dims := make([]string, len(t.Shape))
		for i, d := range t.Shape {
			dims[i] = strconv.FormatUint(d, 10)
		}
		fmt.Fprintf(w, "  %-36s %-8s %-20s %11s\n", printable(t.Name), t.Type, strings.Join(dims, "×"), size(t.Bytes))
	}
}

func (w *inspectScreen) problems(r *inspection) {
	for i, p := range r.Problems {
		if i == 0 {
			fmt.Fprintln(w)
		}
		for j, line := range fold(p.Level+": "+printable(p.line), screenWidth-2) {
			if j > 0 {
				line = "  " + line
			}
			fmt.Fprintln(w, line)
		}
	}
	if n := r.errors(); n > 0 {
		fmt.Fprintf(w, "The file must not be loaded: %s.\n", plural(n, "error"))
	}
}

// parameterCount is short.
func parameterCount(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f B", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	}
	return strconv.FormatInt(n, 10)
}

// size is a number of bytes.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return plural(int(n), "byte")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
