package license

import (
	"fmt"
	"slices"
	"strings"
)

// noticeWidth is of a line of a notice file, in bytes.
const noticeWidth = 100

// Notices is the text of a notice file for models that are passed on together, and what stands against passing them on,
// a line each. Nothing is made up: where the facts do not have the words that a licence asks for, the text says so.
func (f *Facts) Notices(models []*Evidence) (text string, against []string) {
	var b strings.Builder
	b.WriteString("NOTICE\n\nThis distribution contains models under licences of their own.\n")
	for i, e := range models {
		id := f.Identify(e)
		words := []string{"commercial", "redistribute"}
		if e.Quantized {
			words = append(words, "modify")
		}
		u, _ := NewUse(words)
		fmt.Fprintf(&b, "\n%d. %s\n", i+1, e.Title())
		f.origin(&b, e)
		for _, l := range id.Licences {
			f.notice(&b, l, e, f.findings(f.byID[l.ID], l.Confidence, &u, &id.Model))
		}
		private, _ := NewUse(append([]string{"noncommercial"}, words[1:]...))
		for _, u := range []Use{private, u} {
			a := f.Check(id, u)
			if a.Verdict < Ask || a.Otherwise != nil && *a.Otherwise < Ask {
				continue
			}
			against = append(against, fmt.Sprintf("%s: %s: %s: %s", e.Title(), u, a.Verdict, a.Findings[0].Because()))
			break
		}
	}
	b.WriteString("\n" + f.Footing() + "\n")
	return b.String(), against
}

func (f *Facts) origin(b *strings.Builder, e *Evidence) {
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(b, "   %s: %s\n", label, Clean(text))
		}
	}
	line("File", e.File[strings.LastIndexAny(e.File, `/\`)+1:])
	line("Author", strings.Trim(e.Author+", "+e.Organization, ", "))
	line("From", firstOf(e.URL, e.RepoURL, e.Origin.URL, e.Origin.RepoURL))
	for _, m := range e.BaseModels {
		line("Made from", strings.TrimSpace(firstOf(m.Name, m.RepoURL)+" "+m.Organization))
	}
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// notice is a licence with its duties, those of a kind once.
func (f *Facts) notice(b *strings.Builder, l Found, e *Evidence, findings []Finding) {
	entry := f.byID[l.ID]
	if l.Kind == "marker" {
		wrap(b, "   ", "Licence: not known: "+strings.Join(l.Because, "; "))
		wrap(b, "   ", "Without a licence there is no permission to pass it on.")
		return
	}
	wrap(b, "   ", fmt.Sprintf("Licence: %s (%s), because %s", entry.Name, l.ID, strings.Join(l.Because, "; ")))
	if link := e.LicenseLink; link != "" && l.stated() {
		wrap(b, "   ", "Its text: "+Clean(link))
	}
	var said []string
	for _, x := range findings {
		if x.Duty == "" || slices.Contains(said, x.Duty+x.Quote) || x.Quote == "" && slices.ContainsFunc(findings, func(y Finding) bool { return y.Duty == x.Duty && y.Quote != "" }) {
			continue
		}
		said = append(said, x.Duty+x.Quote)
		wrap(b, "   - ", f.duty(&x, e))
	}
	if said == nil {
		wrap(b, "   - ", "nothing is asked for")
	}
}

// duty is a sentence.
func (f *Facts) duty(x *Finding, e *Evidence) string {
	text := x.Asks
	switch {
	case x.Quote != "" && strings.HasSuffix(x.Quote, "..."):
		text += fmt.Sprintf(", which begins: \"%s\" (the facts have no more of it; the licence has)", strings.TrimSuffix(x.Quote, "..."))
	case x.Quote != "":
		text += fmt.Sprintf(": \"%s\"", x.Quote)
	case x.Duty == "notice", x.Duty == "display", x.Duty == "name":
		text += " (the words stand in the licence)"
	case x.Duty == "mark-changes" && e.FileType != "":
		text += ": this copy was quantized (" + Clean(e.FileType) + ")"
	}
	if x.Depends != nil {
		text += fmt.Sprintf(" (depends on %s: %s)", strings.Join(x.Depends, ", "), x.Fact)
	}
	if x.Confidence < High {
		text += fmt.Sprintf(" (%s confidence)", x.Confidence)
	}
	return text
}

// wrap writes a paragraph behind a mark, whose width the other lines keep.
func wrap(b *strings.Builder, mark, text string) {
	line, first := mark, true
	for _, word := range strings.Fields(text) {
		if !first && len(line)+1+len(word) > noticeWidth {
			b.WriteString(line + "\n")
			line, first = strings.Repeat(" ", len(mark)), true
		}
		if !first {
			line += " "
		}
		line, first = line+word, false
	}
	b.WriteString(line + "\n")
}

// Because names the clause and says what it says.
func (x *Finding) Because() string {
	text := fmt.Sprintf("%s of %s says \"%s\" (%s confidence)", x.Clause, x.Licence, x.Fact, x.Confidence)
	if x.Fact == "" {
		text = fmt.Sprintf("%s of %s", x.Clause, x.Licence)
	}
	if x.Why != "" {
		text += ": " + x.Why
	}
	return text
}
