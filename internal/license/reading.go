package license

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// readingFile is readings.json.
type readingFile struct {
	Schema   string    `json:"schema"`
	AsOf     string    `json:"as_of"`
	Note     string    `json:"note"`
	Readings []reading `json:"readings"`
}

// clauseText is a clause of any licence: where it stands and its prose.
type clauseText struct{ field, fact string }

// reading is what a prose clause means. It holds for exactly its text.
type reading struct {
	Field      string      `json:"field"`
	Fact       string      `json:"fact"`
	Confidence *Confidence `json:"confidence,omitempty"` // of this clause, where it is less sure than its licence
	Rules      []rule      `json:"rules"`
}

// rule is an effect on the uses that meet a condition.
type rule struct {
	When   string `json:"when"`
	Effect string `json:"effect"` // allow, duty, ask, deny
	Duty   string `json:"duty,omitempty"`
	Quote  string `json:"quote,omitempty"` // words that must be shown

	terms []term
}

// duties are the kinds of duty, and what they ask for.
var duties = map[string]string{
	"notice":       "ship a notice file",
	"copy":         "give every recipient a copy of the licence",
	"keep-notices": "keep the copyright and licence notices",
	"credit":       "credit the author and name the model",
	"link":         "link the licence",
	"mark-changes": "mark changed files",
	"display":      "display the attribution",
	"name":         "begin the name of the derived model as the licence says",
	"share-alike":  "pass it on under the same licence",
	"flow-down":    "bind every recipient to the restrictions",
	"source":       "offer the source",
	"policy":       "keep to the use policy",
	"latest":       "make reasonable efforts to use the latest version",
	"royalty":      "pay a royalty",
	"territory":    "stay inside the territory",
}

func (r *reading) parse() error {
	if !slices.Contains(clauseFields, r.Field) {
		return fmt.Errorf("there is no clause \"%s\"", Clean(r.Field))
	}
	for i := range r.Rules {
		x := &r.Rules[i]
		if _, ok := duties[x.Duty]; (x.Effect == "duty") != ok || !slices.Contains([]string{"allow", "duty", "ask", "deny"}, x.Effect) {
			return fmt.Errorf("%s \"%s\": effect \"%s\" with duty \"%s\" is none that this version reads", r.Field, Clean(r.Fact), Clean(x.Effect), Clean(x.Duty))
		}
		var err error
		if x.terms, err = parseCondition(x.When); err != nil {
			return fmt.Errorf("%s \"%s\": %w", r.Field, Clean(r.Fact), err)
		}
	}
	return nil
}

// term is a part of a condition; all must hold.
type term struct {
	word    string // always, beyond-research, multimodal, quantized, or a word of a use
	over    float64
	regions []string
}

// parseCondition reads words, FIGURE>NUMBER and region=A,B, with spaces between.
func parseCondition(when string) (terms []term, err error) {
	for _, word := range strings.Fields(when) {
		if name, number, ok := strings.Cut(word, ">"); ok && slices.Contains(figures, name) {
			limit, err := strconv.ParseFloat(number, 64)
			if err != nil || !(limit >= 0) {
				return nil, fmt.Errorf("condition \"%s\": \"%s\" is no limit", Clean(when), Clean(number))
			}
			terms = append(terms, term{word: name, over: limit})
			continue
		}
		if list, ok := strings.CutPrefix(word, "region="); ok {
			t := term{word: "region"}
			for _, name := range strings.Split(list, ",") {
				region, err := parseRegion(name)
				if err != nil {
					return nil, fmt.Errorf("condition \"%s\": %w", Clean(when), err)
				}
				t.regions = append(t.regions, region)
			}
			terms = append(terms, t)
			continue
		}
		if !slices.Contains(facets, word) && !slices.Contains([]string{"always", "beyond-research", "multimodal", "quantized"}, word) {
			return nil, fmt.Errorf("condition \"%s\": there is no word \"%s\"", Clean(when), Clean(word))
		}
		terms = append(terms, term{word: word})
	}
	if terms == nil {
		return nil, fmt.Errorf("a condition is empty; always is a word")
	}
	return terms, nil
}

// truth has a third value: what it depends on was not said.
type truth uint8

const (
	no truth = iota
	open
	yes
)

// holds tells whether a use of a model meets the condition; open: it depends on what is named.
func holds(terms []term, u *Use, m *Model) (t truth, depends []string) {
	t = yes
	for _, x := range terms {
		one, on := x.holds(u, m)
		if one == no {
			return no, nil
		}
		if one == open {
			depends = append(depends, on)
		}
		t = min(t, one)
	}
	return t, depends
}

func (t term) holds(u *Use, m *Model) (truth, string) {
	switch {
	case t.word == "always":
		return yes, ""
	case t.word == "quantized":
		return is(m.Quantized), ""
	case t.word == "multimodal":
		if m.Multimodal == nil {
			return open, "whether it sees or hears"
		}
		return is(*m.Multimodal), ""
	case t.word == "region":
		return u.within(t.regions), "region"
	case slices.Contains(figures, t.word):
		return u.over(t.word, t.over), t.word
	case t.word == "commercial" || t.word == "beyond-research":
		if !u.hasPurpose() {
			return open, "purpose"
		}
		return is(u.Has("commercial") || t.word == "beyond-research" && u.Has("noncommercial")), ""
	case t.word == "weaken-guardrails" && m.Weakened != "" && !u.Has(t.word):
		return open, t.word
	}
	return is(u.Has(t.word)), ""
}

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}
