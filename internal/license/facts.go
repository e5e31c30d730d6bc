package license

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// builtin are the facts of this version.
//
//go:embed facts/*.json
var builtin embed.FS

// factsLimit bounds a file of facts, in bytes.
const factsLimit = 16 << 20

// Licence is an entry of licences.json. Each clause is prose: "none" says that there is no such limit or duty, an empty
// text or one that begins with "unknown" that nobody knows.
type Licence struct {
	ID          string     `json:"id"`
	Aliases     []string   `json:"aliases"`
	Name        string     `json:"name"`
	Version     string     `json:"version"`
	Kind        string     `json:"kind"` // permissive, copyleft, rail, custom, noncommercial, marker
	Steward     string     `json:"steward"`
	OSIApproved bool       `json:"osi_approved"`
	Commercial  string     `json:"commercial_use"` // yes, no, conditional, unknown
	Thresholds  string     `json:"thresholds"`
	Attribution string     `json:"attribution"`
	Derivatives string     `json:"derivative_naming_or_share_alike"`
	Outputs     string     `json:"output_use_limits"`
	UsePolicy   string     `json:"use_policy"`
	Redistrib   string     `json:"redistribution"`
	Patents     string     `json:"patent_grant"`
	Regions     string     `json:"regions_excluded"`
	Families    []string   `json:"example_families"`
	Notes       string     `json:"notes"`
	Source      string     `json:"source"`
	Confidence  Confidence `json:"confidence"`
}

// licenceFile is licences.json.
type licenceFile struct {
	Schema       string    `json:"schema"`
	AsOf         string    `json:"as_of"`
	Disclaimer   string    `json:"disclaimer"`
	GGUFKeys     []string  `json:"gguf_keys"`
	ResolveOrder []string  `json:"resolve_order"`
	Traps        []string  `json:"traps"`
	Entries      []Licence `json:"entries"`
}

// Facts are what is known, by the names that the files have for it. They do not change, so any number of goroutines may
// use them.
type Facts struct {
	licences licenceFile
	openness opennessFile
	readings map[clauseText]reading
	families familyFile
	byID     map[string]*Licence
	byAlias  map[string]string
	from     []string // files that are not the built-in ones
}

// Builtin are the facts of this version.
func Builtin() (*Facts, error) { return Load(nil) }

// Load takes facts from a folder, and the built-in ones of what is not there; nil: the built-in ones alone. Files are
// read strictly, because a field that nobody reads could be a restriction. Errors: a file that is too long, has another
// schema or unknown fields, contradicts itself, or is older than the built-in one; and a folder without facts.
func Load(folder fs.FS) (*Facts, error) {
	f := &Facts{}
	var readings readingFile
	for _, file := range []struct {
		name, schema string
		into         any
		asOf         *string
	}{
		{"licences.json", "llm.licences/1", &f.licences, &f.licences.AsOf},
		{"openness.json", "llm.openness/1", &f.openness, &f.openness.AsOf},
		{"readings.json", "llm.readings/1", &readings, &readings.AsOf},
		{"families.json", "llm.families/1", &f.families, &f.families.AsOf},
	} {
		if err := decodeFacts(builtin, "facts/"+file.name, file.schema, file.into); err != nil {
			return nil, err
		}
		if folder == nil {
			continue
		}
		if _, err := fs.Stat(folder, file.name); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		older := *file.asOf
		if err := decodeFacts(folder, file.name, file.schema, file.into); err != nil {
			return nil, err
		}
		if *file.asOf < older {
			return nil, fmt.Errorf("facts %s: they are of %s, the built-in ones of %s; remove the file", file.name, *file.asOf, older)
		}
		f.from = append(f.from, file.name)
	}
	if folder != nil && f.from == nil {
		return nil, errors.New("facts: the folder has none of licences.json, openness.json, readings.json and families.json")
	}
	if err := f.index(readings); err != nil {
		return nil, err
	}
	return f, nil
}

// decodeFacts reads a file strictly into an empty value.
func decodeFacts(folder fs.FS, name, schema string, into any) error {
	file, err := folder.Open(name)
	if err != nil {
		return fmt.Errorf("facts: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, factsLimit+1))
	if err != nil {
		return fmt.Errorf("facts: %w", err)
	}
	if len(data) > factsLimit {
		return fmt.Errorf("facts %s: it has more than %s bytes", name, thousands(factsLimit))
	}
	if folder != fs.FS(builtin) {
		if err := checkFacts(data, name, schema); err != nil {
			return err
		}
	}
	clearFacts(into)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("facts %s: %w", name, err)
	}
	return nil
}

// checkFacts looks at what somebody else wrote before it is decoded.
func checkFacts(data []byte, name, schema string) error {
	var head struct {
		Schema string `json:"schema"`
		AsOf   string `json:"as_of"`
	}
	var whole any
	if err := errors.Join(json.Unmarshal(data, &head), json.Unmarshal(data, &whole)); err != nil {
		return fmt.Errorf("facts %s: %w", name, err)
	}
	if head.Schema != schema {
		return fmt.Errorf("facts %s: the schema is \"%s\"; this version reads %s", name, Clean(head.Schema), schema)
	}
	if _, err := time.Parse(time.DateOnly, head.AsOf); err != nil {
		return fmt.Errorf("facts %s: as_of \"%s\" is not a date such as 2026-11-24", name, Clean(head.AsOf))
	}
	if !printable(whole) {
		return fmt.Errorf("facts %s: a text has characters that cannot be printed", name)
	}
	return nil
}

// printable looks at all texts of a value: they go to terminals.
func printable(value any) bool {
	switch v := value.(type) {
	case string:
		return !strings.ContainsFunc(v, func(r rune) bool { return !strconv.IsPrint(r) })
	case []any:
		return !slices.ContainsFunc(v, func(x any) bool { return !printable(x) })
	case map[string]any:
		for key, x := range v {
			if !printable(key) || !printable(x) {
				return false
			}
		}
	}
	return true
}

// clearFacts empties what a newer file replaces: JSON would mix both.
func clearFacts(into any) {
	switch v := into.(type) {
	case *licenceFile:
		*v = licenceFile{}
	case *opennessFile:
		*v = opennessFile{}
	case *readingFile:
		*v = readingFile{}
	case *familyFile:
		*v = familyFile{}
	}
}

// index makes the tables, and notices what cannot be.
func (f *Facts) index(readings readingFile) error {
	f.byID, f.byAlias, f.readings = map[string]*Licence{}, map[string]string{}, map[clauseText]reading{}
	for i := range f.licences.Entries {
		l := &f.licences.Entries[i]
		if f.byID[l.ID] != nil || l.ID == "" {
			return fmt.Errorf("facts licences.json: the id \"%s\" is empty or there twice", Clean(l.ID))
		}
		if !slices.Contains([]string{"yes", "no", "conditional", "unknown"}, l.Commercial) || kindRank(l.Kind) < 0 {
			return fmt.Errorf("facts licences.json: %s: commercial_use \"%s\" or kind \"%s\" is none that this version reads", l.ID, Clean(l.Commercial), Clean(l.Kind))
		}
		f.byID[l.ID] = l
	}
	if f.byID["unknown"] == nil {
		return errors.New("facts licences.json: the entry unknown is missing")
	}
	for id, l := range f.byID {
		for _, name := range append([]string{id, l.Name}, l.Aliases...) {
			key := strings.ToLower(strings.TrimSpace(name))
			if other, ok := f.byAlias[key]; ok && other != id {
				return fmt.Errorf("facts licences.json: \"%s\" names both %s and %s", Clean(name), other, id)
			}
			f.byAlias[key] = id
		}
	}
	for _, r := range readings.Readings {
		if err := r.parse(); err != nil {
			return fmt.Errorf("facts readings.json: %w", err)
		}
		f.readings[clauseText{r.Field, r.Fact}] = r
	}
	return f.families.index(f)
}

// AsOf is the date of the facts about licences.
func (f *Facts) AsOf() string { return f.licences.AsOf }

// Licence is an entry.
func (f *Facts) Licence(id string) (Licence, bool) {
	l := f.byID[id]
	if l == nil {
		return Licence{}, false
	}
	return *l, true
}

// Footing is what every output ends with: of which date the facts are, and what they are not.
func (f *Facts) Footing() string {
	text := fmt.Sprintf("Facts of %s. These are engineering facts, not legal advice.", f.licences.AsOf)
	if f.from != nil {
		text = fmt.Sprintf("Facts of %s, with your own %s. These are engineering facts, not legal advice.", f.licences.AsOf, strings.Join(f.from, ", "))
	}
	return text
}

// compile makes a pattern of names: it must begin and end at the edge of a word, and a version that goes on is another.
func compile(names []string) (*regexp.Regexp, error) {
	return regexp.Compile(`(?:^|[^a-z0-9])(?:` + strings.Join(names, "|") + `)(?:$|[^a-z0-9.+]|\.(?:$|[^0-9]))`)
}
