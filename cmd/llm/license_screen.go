package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-f87006eb/llm/internal/license"
)

// licenseScreen lays a report out for a person, at 80 columns.
func licenseScreen(r *license.Report, facts *license.Facts, s style) string {
	w := &inspectScreen{style: s}
	for _, line := range fold(r.Model, screenWidth) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w)
	w.licences(r.Licence)
	fmt.Fprintln(w)
	for _, right := range r.Rights {
		w.row(right.Name, "%s", right.Short())
	}
	w.clauses("limit", r.Rights, func(x *license.Finding) bool { return x.Verdict >= license.Ask })
	w.clauses("duty", r.Rights, func(x *license.Finding) bool { return x.Verdict == license.AllowWithDuties })
	for i, l := range r.Licence.Licences {
		entry, _ := facts.Licence(l.ID)
		if l.Kind == "marker" {
			continue
		}
		if i == 0 {
			fmt.Fprintln(w)
		}
		w.row("patents", "%s: %s", l.ID, entry.Patents)
		w.row("regions", "%s: excluded: %s", l.ID, entry.Regions)
	}
	w.openness(&r.Openness)
	w.footing(r.Sources, r.Facts)
	return w.String()
}

func (w *inspectScreen) licences(id *license.Identification) {
	for i, l := range id.Licences {
		label := "licence"
		if i > 0 {
			label = "and"
		}
		if l.Kind == "marker" {
			w.row(label, "not known")
		} else {
			w.row(label, "%s (%s), %s confidence", l.Name, l.ID, l.Confidence)
		}
		for _, why := range l.Because {
			w.row("", "%s", why)
		}
	}
	if id.Conflict {
		w.row("", "What the file says and its family contradict each other; the stricter counts.")
	}
	for _, l := range id.Also {
		w.row("counts not", "%s (%s): %s", l.Name, l.ID, strings.Join(l.Because, "; "))
	}
	w.row("family", "%s", id.Family)
	w.row("made of", "%s", strings.Join(id.MadeOf, ", "))
	for _, note := range id.Notes {
		w.row("note", "%s", note)
	}
	if id.Model.Weakened != "" {
		w.row("note", "its guardrails seem to be taken out: %s", id.Model.Weakened)
	}
}

// clauses are the findings of a kind, those of a clause once, with the rights that they concern.
func (w *inspectScreen) clauses(label string, rights []license.Right, show func(*license.Finding) bool) {
	var texts []string
	concern := map[string][]string{}
	for _, right := range rights {
		for _, text := range findingTexts(right.Findings, show) {
			if !slices.Contains(texts, text) {
				texts = append(texts, text)
			}
			concern[text] = append(concern[text], right.Name)
		}
	}
	for i, text := range texts {
		if i == 0 {
			fmt.Fprintln(w)
		}
		on := strings.Join(concern[text], ", ")
		if len(concern[text]) == len(rights) {
			on = "all"
		}
		w.row(label, "%s [%s]", text, on)
	}
}

// findingTexts are what clauses say, as a person reads it; the duties of a clause stand together.
func findingTexts(all []license.Finding, show func(*license.Finding) bool) (texts []string) {
	for i, x := range all {
		if !show(&x) {
			continue
		}
		same := func(y license.Finding) bool {
			return y.Licence == x.Licence && y.Clause == x.Clause && y.Verdict == x.Verdict && slices.Equal(y.Depends, x.Depends)
		}
		if x.Duty != "" && slices.ContainsFunc(all[:i], same) {
			continue
		}
		var asks []string
		for _, y := range all[i:] {
			if y.Duty == "" || !same(y) {
				continue
			}
			ask := y.Asks
			if y.Quote != "" && !strings.Contains(y.Fact, y.Quote) {
				ask += " \"" + y.Quote + "\""
			}
			if !slices.Contains(asks, ask) {
				asks = append(asks, ask)
			}
		}
		text := findingText(&x, strings.Join(asks, "; "))
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

func findingText(x *license.Finding, asks string) string {
	text := x.Fact
	if x.Why != "" {
		text = strings.TrimPrefix(text+": "+x.Why, ": ")
	}
	if asks != "" {
		text = asks + ": " + text
	}
	if x.Duty != "" && x.Depends != nil {
		text += ", depending on " + strings.Join(x.Depends, ", ")
	}
	if x.Confidence < license.High {
		text += fmt.Sprintf(" (%s confidence)", x.Confidence)
	}
	text += " — " + x.Licence + ", " + x.Clause
	if x.Verdict >= license.Ask {
		text = x.Verdict.String() + ": " + text
	}
	return text
}

func (w *inspectScreen) openness(o *license.Openness) {
	fmt.Fprintln(w)
	w.row("openness", "%s", o.Level)
	if o.Family == "" {
		w.row("", "nothing else is known of it")
		return
	}
	family := o.Family
	if o.Base {
		family += ", which it was made of"
	}
	w.row("as published", "%s by %s (%s confidence)", family, o.Developer, o.Confidence)
	for _, p := range o.Parts {
		w.row(strings.Replace(p.Name, "evaluation", "eval", 1), "%s", p.Open)
	}
	w.row("OSAID 1.0", "%s", o.OSAID)
	w.row("MOF class", "%s", o.MOFClass)
	if m := o.MOT; m != nil {
		w.row("", "computed from the record %s: %s by its components, %s where they are licensed", m.Record, m.Components, m.Licensed)
		if m.Missing != nil {
			w.row("", "missing for class %s: %s", m.MissingFor, strings.Join(m.Missing, ", "))
		}
	}
}

func (w *inspectScreen) footing(sources []license.SourceNote, note license.FactsNote) {
	for i, s := range sources {
		if i == 0 {
			fmt.Fprintln(w)
		}
		w.row("source", "%s: %s (%s confidence, %s)", s.About, s.Source, s.Confidence, s.AsOf)
		w.row("", "%s", s.Notes)
	}
	fmt.Fprintln(w)
	for _, line := range fold(note.Note, screenWidth) {
		fmt.Fprintln(w, line)
	}
}

// answerScreen is an answer with its reasons, those that decide first.
func answerScreen(r *checkedLicense, s style) string {
	w := &inspectScreen{style: s}
	use := r.Answer.Use
	if use == "" {
		use = "running it, and nothing else said"
	}
	for _, line := range fold(fmt.Sprintf("%s: %s for %s", r.Answer.Short(), r.Model, use), screenWidth) {
		fmt.Fprintln(w, line)
	}
	fmt.Fprintln(w)
	w.licences(r.Licence)
	for i, text := range findingTexts(r.Answer.Findings, func(x *license.Finding) bool { return x.Verdict > license.Allow }) {
		if i == 0 {
			fmt.Fprintln(w)
		}
		label := "duty"
		for _, v := range []license.Verdict{license.Ask, license.Unknown, license.Deny} {
			if rest, ok := strings.CutPrefix(text, v.String()+": "); ok {
				label, text = v.String(), rest
			}
		}
		w.row(label, "%s", text)
	}
	w.footing(r.Sources, r.Facts)
	return w.String()
}
