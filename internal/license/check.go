package license

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// clauseFields are the clauses of a licence by their names in licences.json.
var clauseFields = []string{"thresholds", "attribution", "derivative_naming_or_share_alike", "output_use_limits", "use_policy",
	"redistribution", "patent_grant", "regions_excluded"}

// clause is the prose of a field.
func (l *Licence) clause(field string) string {
	switch field {
	case "commercial_use":
		return l.Commercial
	case "thresholds":
		return l.Thresholds
	case "attribution":
		return l.Attribution
	case "derivative_naming_or_share_alike":
		return l.Derivatives
	case "output_use_limits":
		return l.Outputs
	case "use_policy":
		return l.UsePolicy
	case "redistribution":
		return l.Redistrib
	case "patent_grant":
		return l.Patents
	case "regions_excluded":
		return l.Regions
	}
	return ""
}

// Finding is what a clause says to a use.
type Finding struct {
	Licence    string     `json:"licence"`
	Clause     string     `json:"clause"` // its name in licences.json; "licence": it concerns all of it
	Fact       string     `json:"fact"`   // its prose
	Verdict    Verdict    `json:"verdict"`
	Duty       string     `json:"duty,omitempty"`    // kind of duty
	Asks       string     `json:"asks,omitempty"`    // what the duty asks for
	Quote      string     `json:"quote,omitempty"`   // words that must be shown
	Depends    []string   `json:"depends,omitempty"` // what was not said, on which it depends
	Why        string     `json:"why,omitempty"`
	Confidence Confidence `json:"confidence"`
	Source     string     `json:"source"`
}

// Answer is what may be done.
type Answer struct {
	Use     string  `json:"use"` // as ParseUse reads it
	Verdict Verdict `json:"verdict"`
	// Otherwise is the verdict where what the use does not say is below each limit; absent: nothing depends on it.
	Otherwise *Verdict  `json:"otherwise,omitempty"`
	Depends   []string  `json:"depends,omitempty"`
	Findings  []Finding `json:"findings"` // that gives the verdict first
}

// Check answers for a use: the strictest of all clauses of all licences counts.
func (f *Facts) Check(id *Identification, u Use) Answer {
	a := Answer{Use: u.String(), Findings: []Finding{}}
	for _, l := range id.Licences {
		a.Findings = append(a.Findings, f.findings(f.byID[l.ID], l.Confidence, &u, &id.Model)...)
	}
	settled := Allow
	for _, x := range a.Findings {
		a.Verdict = max(a.Verdict, x.Verdict)
		if x.Depends == nil {
			settled = max(settled, x.Verdict)
			continue
		}
		for _, d := range x.Depends {
			if x.Verdict >= Ask && !slices.Contains(a.Depends, d) {
				a.Depends = append(a.Depends, d)
			}
		}
	}
	if a.Depends != nil && settled < a.Verdict {
		a.Otherwise = &settled
	}
	slices.SortStableFunc(a.Findings, func(x, y Finding) int { return cmp.Compare(y.Verdict, x.Verdict) })
	return a
}

// findings are those of one licence that is known with a confidence.
func (f *Facts) findings(l *Licence, sure Confidence, u *Use, m *Model) (all []Finding) {
	sure = min(sure, l.Confidence)
	add := func(field string, v Verdict, c Confidence, why string) *Finding {
		all = append(all, Finding{Licence: l.ID, Clause: field, Fact: l.clause(field), Verdict: v, Why: why, Confidence: min(c, sure), Source: l.Source})
		return &all[len(all)-1]
	}
	if l.Kind == "marker" {
		add("licence", Unknown, High, "the licence is not known: "+l.Notes)
		return all
	}
	if sure == Low {
		add("licence", Ask, Low, "that it is this licence, or what it says, is of low confidence: read its text")
	}
	f.commercial(l, u, add)
	for _, field := range clauseFields {
		fact := l.clause(field)
		r, read := f.readings[clauseText{field, fact}]
		switch {
		case read:
			c := High
			if r.Confidence != nil {
				c = *r.Confidence
			}
			for _, x := range r.Rules {
				t, depends := holds(x.terms, u, m)
				if t == no || t == open && x.Effect == "allow" {
					continue
				}
				one := add(field, effects[x.Effect], c, "")
				one.Duty, one.Asks, one.Quote, one.Depends = x.Duty, duties[x.Duty], x.Quote, depends
				one.settle(c)
			}
		case fact == "none":
		case fact == "" || strings.HasPrefix(fact, "unknown"):
			if concerns(field, u) {
				add(field, Unknown, High, "the facts do not say what the licence says of it")
			}
		case field == "use_policy" || field == "regions_excluded" || field == "thresholds" || concerns(field, u):
			add(field, Ask, High, "nobody has read this clause for this version yet")
		}
	}
	return all
}

var effects = map[string]Verdict{"allow": Allow, "duty": AllowWithDuties, "ask": Ask, "deny": Deny}

// settle turns what depends on something, or is not certain, from a no into a question. A permission of low confidence
// is none.
func (x *Finding) settle(c Confidence) {
	switch {
	case x.Depends != nil && x.Verdict >= Ask:
		x.Verdict, x.Why = Ask, "it depends on what was not said: "+strings.Join(x.Depends, ", ")
	case x.Verdict == Deny && x.Confidence < High:
		x.Verdict, x.Why = Ask, fmt.Sprintf("it says no, with %s confidence: read the text", x.Confidence)
	case x.Verdict <= AllowWithDuties && c == Low:
		x.Verdict, x.Why = Ask, "this clause is of low confidence: read the text"
	}
}

// commercial weighs the purpose against commercial_use.
func (f *Facts) commercial(l *Licence, u *Use, add func(string, Verdict, Confidence, string) *Finding) {
	wants := u.Has("commercial")
	switch {
	case l.Commercial == "no" && (wants || !u.hasPurpose()):
		x := add("commercial_use", Deny, High, "the licence is for non-commercial use")
		if !wants {
			x.Depends = []string{"purpose"}
		}
		x.settle(High)
	case l.Commercial == "unknown" && (wants || !u.hasPurpose()):
		add("commercial_use", Unknown, High, "the facts do not say whether it may be used commercially")
	case l.Commercial == "conditional" && wants && l.Thresholds == "none" && l.UsePolicy == "none":
		add("commercial_use", Ask, High, "commercial use has conditions that the facts do not name")
	case l.Commercial == "yes" && wants:
		add("commercial_use", Allow, High, "")
	}
}

// concerns tells whether a clause plays a part in a use, as far as its name tells.
func concerns(field string, u *Use) bool {
	switch field {
	case "thresholds":
		return u.Has("commercial") || !u.hasPurpose()
	case "attribution", "redistribution":
		return u.Has("redistribute")
	case "derivative_naming_or_share_alike":
		return u.Has("modify") || u.Has("redistribute")
	case "output_use_limits":
		return u.Has("train-other")
	case "patent_grant":
		return u.Has("patents")
	case "regions_excluded":
		return u.regions != nil
	}
	return true
}
