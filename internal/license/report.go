package license

import "strings"

// Report is what may be done with a model, and why.
type Report struct {
	File         string          `json:"file"`
	Model        string          `json:"model"` // its name, cleaned
	Architecture string          `json:"architecture"`
	Licence      *Identification `json:"licence"`
	Rights       []Right         `json:"rights"`
	Openness     Openness        `json:"openness"`
	Facts        FactsNote       `json:"facts"`
	Sources      []SourceNote    `json:"sources,omitempty"`
}

// Right is an answer to one of the questions that everybody has.
type Right struct {
	Name string `json:"name"`
	Answer
}

// FactsNote is what every output ends with.
type FactsNote struct {
	AsOf     string   `json:"as_of"`
	Openness string   `json:"openness_as_of"`
	From     []string `json:"from,omitempty"` // files that are not the built-in ones
	Note     string   `json:"note"`
}

// SourceNote is an entry of the facts as it stands there.
type SourceNote struct {
	About      string     `json:"about"`
	Source     string     `json:"source"`
	Confidence Confidence `json:"confidence"`
	AsOf       string     `json:"as_of"`
	Notes      string     `json:"notes,omitempty"`
}

// questions are those of a report, as uses. Who asks without business is asked for no figures.
var questions = []struct {
	name  string
	words []string
}{
	{"run", []string{"noncommercial"}},
	{"study", []string{"research"}},
	{"modify", []string{"research", "modify"}},
	{"redistribute", []string{"research", "redistribute", "modify"}},
	{"commercial use", []string{"commercial"}},
	{"sell", []string{"commercial", "redistribute", "modify"}},
	{"train others", []string{"research", "train-other"}},
}

// Title is what the model is called, cleaned.
func (e *Evidence) Title() string {
	for _, name := range []string{e.Metadata.Name, strings.Trim(e.Basename+" "+e.SizeLabel, " "), e.fileName()} {
		if name != "" {
			return Clean(name)
		}
	}
	return "a model without a name"
}

// Report answers the usual questions.
func (f *Facts) Report(e *Evidence) *Report {
	id := f.Identify(e)
	r := &Report{File: Clean(e.File), Model: e.Title(), Architecture: Clean(e.Architecture), Licence: id, Openness: f.Openness(id), Facts: f.Note()}
	for _, q := range questions {
		u, _ := NewUse(q.words) // they are words of a use: a test reads them
		r.Rights = append(r.Rights, Right{q.name, f.Check(id, u)})
	}
	return r
}

// Note is what every output ends with.
func (f *Facts) Note() FactsNote {
	return FactsNote{AsOf: f.licences.AsOf, Openness: f.openness.AsOf, From: f.from, Note: f.Footing()}
}

// Cite are the sources of what stands in a report.
func (f *Facts) Cite(id *Identification) (all []SourceNote) {
	for _, l := range append(append([]Found{}, id.Licences...), id.Also...) {
		e := f.byID[l.ID]
		all = append(all, SourceNote{e.ID, e.Source, e.Confidence, f.licences.AsOf, e.Notes})
	}
	if o := f.Openness(id); o.Family != "" {
		all = append(all, SourceNote{"openness of " + o.Family, o.Source, o.Confidence, f.openness.AsOf, o.Notes})
	}
	return all
}

// Line is the licence on a line: which, the answers that matter most, and how sure it is.
func (f *Facts) Line(id *Identification) string {
	var names []string
	for _, l := range id.Licences {
		name := f.byID[l.ID].Name
		if l.Kind == "marker" {
			name = "not known"
		}
		names = append(names, name)
	}
	text := strings.Join(names, "; ")
	if id.Conflict {
		text += " (what the file says and its family contradict each other; the stricter counts)"
	}
	u, _ := NewUse([]string{"commercial"})
	if a := f.Check(id, u); id.Licences[0].Kind != "marker" {
		text += "; commercial use: " + a.Short()
	}
	return text
}

// Short is an answer in a few words.
func (a *Answer) Short() string {
	if a.Otherwise != nil {
		return a.Otherwise.String() + ", but ask: it depends on " + strings.Join(a.Depends, ", ")
	}
	return a.Verdict.String()
}
