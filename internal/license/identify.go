package license

import (
	"fmt"
	"slices"
	"strings"
)

// Identification is which licences a file is under, and why.
type Identification struct {
	Licences []Found  `json:"licences"`           // all count; the one that governs stands first
	Also     []Found  `json:"also,omitempty"`     // what is said as well and counts for nothing, because it is more lenient
	Family   string   `json:"family,omitempty"`   // of the model itself
	MadeOf   []string `json:"made_of,omitempty"`  // families of what it was made of
	Conflict bool     `json:"conflict,omitempty"` // what the file says and where it comes from contradict each other
	Notes    []string `json:"notes,omitempty"`
	Model    Model    `json:"model"`

	families []match
}

// Found is a licence and what says that it holds.
type Found struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Kind       string     `json:"kind"`
	Confidence Confidence `json:"confidence"` // that it is this licence
	Because    []string   `json:"because"`
}

// stated tells whether the file itself says it.
func (l *Found) stated() bool {
	return slices.ContainsFunc(l.Because, func(why string) bool { return strings.HasPrefix(why, "general.license") })
}

// Identify finds the licences that a file is under. The order is that of the facts: general.license, then its name and
// link, then the family, then a text beside the file. What is concluded can only make the answer stricter than what the
// file says.
func (f *Facts) Identify(e *Evidence) *Identification {
	id := &Identification{families: f.families.match(e)}
	said := f.stated(e, id)
	said = f.narrow(said, id.families)
	strictest := -1
	for _, c := range said {
		strictest = max(strictest, f.byID[c.id].rank())
	}
	counted, also := said, []claim(nil)
	for _, m := range id.families {
		switch {
		case m.base && !m.imitation:
			id.MadeOf = append(id.MadeOf, m.family.Family)
		case id.Family == "" && !m.imitation:
			id.Family = m.family.Family
		}
		for _, c := range m.claims() {
			rank := f.byID[c.id].rank()
			same := slices.ContainsFunc(said, func(s claim) bool { return s.id == c.id })
			switch {
			case same && !m.imitation, said == nil && !m.imitation, said != nil && rank > strictest, said != nil && rank == strictest && c.conf >= Medium:
				counted = append(counted, c)
				id.Conflict = id.Conflict || said != nil && !same
			default:
				also = append(also, c)
			}
		}
	}
	if counted == nil && e.Sidecar != nil {
		c := f.textClaim("the file "+Clean(e.Sidecar.Name)+" beside it", e.Sidecar.Text)
		c.conf = Low // it may belong to another file
		counted = []claim{c}
	}
	if counted == nil {
		counted = []claim{{"unknown", High, "nothing in the file says under which licence it is", true}}
	}
	id.Licences = f.found(counted)
	for _, x := range f.found(also) {
		if !slices.ContainsFunc(id.Licences, func(l Found) bool { return l.ID == x.ID }) {
			id.Also = append(id.Also, x)
		}
	}
	slices.SortStableFunc(id.Licences, func(a, b Found) int { return f.byID[b.ID].rank() - f.byID[a.ID].rank() })
	id.Model = e.model(id.families)
	return id
}

// stated are the licences that the file says of itself.
func (f *Facts) stated(e *Evidence, id *Identification) []claim {
	var all []claim
	silent := len(e.License) == 0
	values := e.License
	if len(values) > listLength {
		id.Notes = append(id.Notes, fmt.Sprintf("general.license has %s names; those after %d are not read", thousands(len(values)), listLength))
		all = append(all, claim{"unknown", High, fmt.Sprintf("general.license has more than %d names", listLength), true})
		values = values[:listLength]
	}
	for _, value := range values {
		claims, quiet := f.tagClaims("general.license", value)
		all, silent = append(all, claims...), silent || quiet
	}
	if !silent {
		return all
	}
	if e.LicenseName != "" {
		claims, quiet := f.tagClaims("general.license.name", e.LicenseName)
		if all = append(all, claims...); !quiet {
			return all
		}
	}
	if e.LicenseLink != "" {
		if licence, ok := f.linked(e.LicenseLink); ok {
			return append(all, claim{licence, High, fmt.Sprintf("general.license.link is \"%s\"", Clean(e.LicenseLink)), true})
		}
		id.Notes = append(id.Notes, fmt.Sprintf("general.license.link is \"%s\", which the facts do not know", Clean(e.LicenseLink)))
	}
	if len(e.License) > 0 {
		id.Notes = append(id.Notes, fmt.Sprintf("general.license is \"%s\", which names no licence", Clean(e.License[0])))
	}
	return all
}

// narrow takes, of the licences that one name stands for, those of the family, where it has some.
func (f *Facts) narrow(said []claim, families []match) []claim {
	for _, ids := range f.families.Several {
		if !slices.ContainsFunc(said, func(c claim) bool { return c.conf == Low && slices.Contains(ids, c.id) }) {
			continue
		}
		var of []string
		for _, m := range families {
			for _, id := range m.family.Licences {
				if slices.Contains(ids, id) && !m.imitation {
					of = append(of, id)
				}
			}
		}
		if of == nil {
			continue
		}
		said = slices.DeleteFunc(said, func(c claim) bool { return slices.Contains(ids, c.id) && !slices.Contains(of, c.id) })
		for i := range said {
			if slices.Contains(of, said[i].id) {
				said[i].conf = Medium
			}
		}
	}
	return said
}

// found puts the claims of one licence together.
func (f *Facts) found(claims []claim) (all []Found) {
	for _, c := range claims {
		i := slices.IndexFunc(all, func(x Found) bool { return x.ID == c.id })
		if i < 0 {
			l := f.byID[c.id]
			i, all = len(all), append(all, Found{ID: c.id, Name: l.Name, Kind: l.Kind, Confidence: c.conf})
		}
		all[i].Confidence = max(all[i].Confidence, c.conf)
		if !slices.Contains(all[i].Because, c.how) {
			all[i].Because = append(all[i].Because, c.how)
		}
	}
	return all
}
