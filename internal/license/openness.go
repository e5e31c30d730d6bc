package license

import (
	"fmt"
	"slices"
	"strings"
)

// opennessFile is openness.json.
type opennessFile struct {
	Schema      string     `json:"schema"`
	AsOf        string     `json:"as_of"`
	Definitions any        `json:"definitions"`
	Method      string     `json:"method"`
	Sources     []string   `json:"sources"`
	Families    []openness `json:"families"`
}

// openness is an entry: what of a family's making was published.
type openness struct {
	Family       string     `json:"family"`
	Developer    string     `json:"developer"`
	LicenceIDs   []string   `json:"licence_ids"`
	Weights      string     `json:"weights"`
	TrainingData string     `json:"training_data"`
	TrainingCode string     `json:"training_code"`
	EvalCode     string     `json:"eval_code"`
	Paper        string     `json:"paper"`
	OSAID        string     `json:"osaid_1_0"`
	MOFPublished string     `json:"mof_class_published"`
	MOT          *motRecord `json:"mot"`
	Confidence   Confidence `json:"confidence"`
	Source       string     `json:"source"`
	Notes        string     `json:"notes"`
}

// motRecord is what the Model Openness Tool has of it.
type motRecord struct {
	Record      string   `json:"record"`
	Components  []string `json:"components"`
	Class       string   `json:"class_components_only"`
	ClassStrict string   `json:"class_with_licence_check"`
	MissingIII  []string `json:"missing_for_III"`
	MissingII   []string `json:"missing_for_II"`
	MissingI    []string `json:"missing_for_I"`
}

func (f *opennessFile) find(name string) *openness {
	i := slices.IndexFunc(f.Families, func(x openness) bool { return x.Family == name })
	if i < 0 {
		return nil
	}
	return &f.Families[i]
}

// Openness is what of a model is open. What is not known is the word unknown.
type Openness struct {
	Level     string `json:"level"`            // a step of the ladder, in words
	Family    string `json:"family,omitempty"` // of openness.json; empty: the facts have none
	Base      bool   `json:"base,omitempty"`   // it is that of a model that this one was made of
	Developer string `json:"developer,omitempty"`
	Parts     []Part `json:"parts"`
	// OSAID is whether it complies with the Open Source AI Definition 1.0.
	OSAID string `json:"osaid"`
	// MOFClass is the class of the Model Openness Framework that was published; MOT is what was computed from its record.
	MOFClass   string     `json:"mof_class"`
	MOT        *MOTClass  `json:"mot,omitempty"`
	Confidence Confidence `json:"confidence"`
	Source     string     `json:"source,omitempty"`
	Notes      string     `json:"notes,omitempty"`
}

// Part is a part of a model's making and whether it was published: yes, no, partly, in the words of the facts.
type Part struct {
	Name string `json:"name"`
	Open string `json:"open"`
}

// MOTClass is a class computed from a record, by its components alone and with their licences looked at. Missing is what
// the next better class wants.
type MOTClass struct {
	Record     string   `json:"record"`
	Components string   `json:"components_only"`
	Licensed   string   `json:"with_licence_check"`
	MissingFor string   `json:"missing_for,omitempty"`
	Missing    []string `json:"missing,omitempty"`
}

// Openness looks the family up: that of the model, else that of what it was made of.
func (f *Facts) Openness(id *Identification) Openness {
	o := Openness{OSAID: "unknown", MOFClass: "unknown", Confidence: Low, Parts: []Part{}}
	entry, sure := f.openness.of(id.families, &o.Base)
	if entry != nil {
		o.Family, o.Developer, o.MOFClass, o.Source, o.Notes = entry.Family, entry.Developer, entry.MOFPublished, entry.Source, entry.Notes
		o.Confidence = min(entry.Confidence, sure)
		o.OSAID = entry.OSAID
		for _, p := range []Part{{"weights", entry.Weights}, {"training data", entry.TrainingData}, {"training code", entry.TrainingCode},
			{"evaluation code", entry.EvalCode}, {"paper", entry.Paper}} {
			o.Parts = append(o.Parts, p)
		}
		o.MOT = entry.MOT.class()
	}
	o.Level = f.level(id, entry, &o)
	return o
}

func (f *opennessFile) of(families []match, base *bool) (*openness, Confidence) {
	for _, *base = range []bool{false, true} {
		for _, m := range families {
			if m.base == *base && !m.imitation && m.family.Openness != "" {
				return f.find(m.family.Openness), m.conf
			}
		}
	}
	*base = false
	return nil, Low
}

// level is a step of the ladder. The words open source stand only where the definition is met by the model itself, which
// more than its name shows, under a licence that is known to be permissive.
func (f *Facts) level(id *Identification, entry *openness, o *Openness) string {
	free := true
	for _, l := range id.Licences {
		switch l.Kind {
		case "marker":
			return "open weights, licence not known"
		case "permissive":
			free = free && l.Confidence > Low && f.byID[l.ID].Confidence > Low
		default:
			free = false
		}
	}
	switch {
	case !free:
		return "open weights, restricted licence"
	case entry == nil || o.Base || !isYes(entry.TrainingCode):
		return "open weights, permissive licence"
	case isYes(entry.TrainingData) && strings.HasPrefix(entry.OSAID, "complies") && o.Confidence > Low && id.MadeOf == nil:
		return "open source AI: weights, code and data"
	case isYes(entry.TrainingData):
		return "open weights, code and data"
	}
	return "open weights and code"
}

// isYes takes nothing but a yes for one.
func isYes(fact string) bool { return fact == "yes" || strings.HasPrefix(fact, "yes ") }

func (m *motRecord) class() *MOTClass {
	if m == nil {
		return nil
	}
	c := &MOTClass{Record: m.Record, Components: m.Class, Licensed: m.ClassStrict}
	switch m.Class {
	case "I":
	case "II":
		c.MissingFor, c.Missing = "I", m.MissingI
	case "III":
		c.MissingFor, c.Missing = "II", m.MissingII
	default:
		c.MissingFor, c.Missing = "III", m.MissingIII
	}
	return c
}

// Line is the openness on a line.
func (o *Openness) Line() string {
	parts := []string{o.Level}
	for _, p := range o.Parts {
		if p.Name != "weights" && p.Name != "paper" {
			parts = append(parts, p.Name+": "+p.Open)
		}
	}
	if o.Family == "" {
		return o.Level + "; what else is open is not known"
	}
	text := strings.Join(parts, "; ")
	if o.Base {
		text += fmt.Sprintf(" (of %s, which it was made of)", o.Family)
	}
	return text
}
