package license

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// familyFile is families.json.
type familyFile struct {
	Schema   string              `json:"schema"`
	AsOf     string              `json:"as_of"`
	Note     string              `json:"note"`
	Several  map[string][]string `json:"several_texts"`         // names that several licences have
	Generic  []string            `json:"generic_architectures"` // that families of several makers have
	Links    map[string]string   `json:"links"`                 // host and path, without www. and what names a format
	Families []family            `json:"families"`
}

// family is how the files of a family show that they are of it.
type family struct {
	Family        string   `json:"family"`
	Names         []string `json:"names"`
	Licences      []string `json:"licences"` // all of them hold
	Architectures []string `json:"architectures,omitempty"`
	Alone         bool     `json:"alone,omitempty"`
	Multimodal    *bool    `json:"multimodal,omitempty"`
	Openness      string   `json:"openness,omitempty"`
	Examples      []string `json:"examples"`

	pattern *regexp.Regexp
}

func (f *familyFile) index(facts *Facts) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("facts families.json: "+format, args...)
	}
	for i := range f.Families {
		x := &f.Families[i]
		var err error
		if x.pattern, err = compile(x.Names); err != nil || len(x.Names) == 0 || len(x.Licences) == 0 {
			return bad("%s: names or licences are missing or wrong: %v", Clean(x.Family), err)
		}
		for _, id := range x.Licences {
			if facts.byID[id] == nil {
				return bad("%s: there is no licence \"%s\"", Clean(x.Family), Clean(id))
			}
		}
		if x.Openness != "" && facts.openness.find(x.Openness) == nil {
			return bad("%s: openness.json has no family \"%s\"", Clean(x.Family), Clean(x.Openness))
		}
	}
	for name, ids := range f.Several {
		for _, id := range ids {
			if facts.byID[id] == nil {
				return bad("%s: there is no licence \"%s\"", Clean(name), Clean(id))
			}
		}
	}
	for address, id := range f.Links {
		if facts.byID[id] == nil {
			return bad("%s: there is no licence \"%s\"", Clean(address), Clean(id))
		}
	}
	return nil
}

// match is a family that a file seems to be of.
type match struct {
	family    *family
	conf      Confidence
	how       string
	base      bool // it is that of a model that this one was made of
	imitation bool // the name says so and the architecture does not
}

// match finds the families of a file: that of each of its names, and of its architecture where no name says anything.
func (f *familyFile) match(e *Evidence) (all []match) {
	add := func(n named, base bool, most Confidence) {
		i := slices.IndexFunc(f.Families, func(x family) bool { return x.pattern.MatchString(n.name) })
		if i < 0 {
			return
		}
		m := match{family: &f.Families[i], conf: most, base: base, how: fmt.Sprintf("%s is \"%s\"", n.key, Clean(n.name))}
		switch a := m.family.Architectures; {
		case a != nil && !slices.Contains(a, e.Architecture) && e.Type != "adapter" && e.Type != "mmproj":
			m.conf, m.imitation = Low, true
			m.how += fmt.Sprintf(", but its architecture \"%s\" is none of %s", Clean(e.Architecture), m.family.Family)
		case !base && (a == nil || slices.Contains(f.Generic, e.Architecture)):
			m.conf = Low // a name alone, which anybody can give
		}
		same := slices.IndexFunc(all, func(x match) bool { return x.family == m.family && x.base == base })
		if same < 0 {
			all = append(all, m)
		} else if all[same].conf < m.conf {
			all[same] = m
		}
	}
	for _, n := range e.ownNames() {
		add(n, false, Medium)
	}
	for _, n := range e.baseNames() {
		add(n, true, Medium)
	}
	add(named{"the file's name", e.fileName()}, false, Low)
	if !slices.ContainsFunc(all, func(m match) bool { return !m.imitation }) {
		i := slices.IndexFunc(f.Families, func(x family) bool { return x.Alone && slices.Contains(x.Architectures, e.Architecture) })
		if i >= 0 {
			all = append(all, match{family: &f.Families[i], conf: Low, how: fmt.Sprintf("its architecture is %s", Clean(e.Architecture))})
		}
	}
	return all
}

// claims are those of the family.
func (m *match) claims() (all []claim) {
	what := "the family is " + m.family.Family
	if m.base {
		what = "it was made of " + m.family.Family
	}
	if m.imitation {
		what = "it is called like " + m.family.Family
	}
	for _, id := range m.family.Licences {
		all = append(all, claim{id: id, conf: m.conf, how: what + ": " + m.how})
	}
	return all
}

var kinds = strings.Fields("permissive copyleft rail custom noncommercial marker")

// kindRank orders kinds, the most lenient first; -1: none.
func kindRank(kind string) int { return slices.Index(kinds, kind) }

// rank orders licences for which is shown as the one that governs, the most lenient first.
func (l *Licence) rank() int {
	return 10*slices.Index([]string{"yes", "conditional", "unknown", "no"}, l.Commercial) + kindRank(l.Kind)
}
