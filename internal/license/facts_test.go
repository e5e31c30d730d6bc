package license

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func builtinFacts(t testing.TB) *Facts {
	t.Helper()
	f, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// rows are the lines of a table, their fields trimmed.
func rows(t *testing.T, name string) (all [][]string) {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			fields := strings.Split(line, "|")
			for i := range fields {
				fields[i] = strings.TrimSpace(fields[i])
			}
			all = append(all, fields)
		}
	}
	return all
}

// TestFactsAreRead: every clause has a reading or says nothing, and no reading is left over.
func TestFactsAreRead(t *testing.T) {
	f := builtinFacts(t)
	used := map[clauseText]bool{}
	for _, l := range f.licences.Entries {
		if l.Source == "" {
			t.Errorf("%s has no source", l.ID)
		}
		for _, field := range clauseFields {
			fact := l.clause(field)
			c := clauseText{field, fact}
			if _, ok := f.readings[c]; ok {
				used[c] = true
			} else if fact != "" && fact != "none" && !strings.HasPrefix(fact, "unknown") {
				t.Errorf("%s: %s %q is not read", l.ID, field, fact)
			}
		}
		if l.Commercial == "conditional" && l.Thresholds == "none" && l.UsePolicy == "none" {
			t.Errorf("%s: nothing says on which condition it may be used commercially", l.ID)
		}
	}
	for c := range f.readings {
		if !used[c] {
			t.Errorf("no licence says %q of %s", c.fact, c.field)
		}
	}
}

// TestFactsNameNoPlace: what is embedded passes what others' files must pass, and names no folder of whoever collected it.
func TestFactsNameNoPlace(t *testing.T) {
	place := regexp.MustCompile(`(^|[^a-z])/(work|tmp|home|root|Users)/`)
	files, err := builtin.ReadDir("facts")
	if err != nil || len(files) != 4 {
		t.Fatal(err, len(files))
	}
	for _, file := range files {
		data, err := builtin.ReadFile("facts/" + file.Name())
		if err != nil || place.Match(data) {
			t.Errorf("%s: %v, %s", file.Name(), err, place.Find(data))
		}
		if err := checkFacts(data, file.Name(), "llm."+strings.TrimSuffix(file.Name(), ".json")+"/1"); err != nil {
			t.Error(err)
		}
	}
}

// TestClauses: each clause says what it says to a use that meets it, and nothing of that to one that does not.
func TestClauses(t *testing.T) {
	f := builtinFacts(t)
	seen := map[[2]string]bool{}
	said := func(t *testing.T, id, use, clause, says string) bool {
		var m Model
		var words []string
		for _, word := range strings.Split(use, ",") {
			switch word {
			case "@multimodal":
				m.Multimodal = new(bool)
				*m.Multimodal = true
			case "@quantized":
				m.Quantized = true
			default:
				words = append(words, word)
			}
		}
		if m.Multimodal == nil {
			m.Multimodal = new(bool)
		}
		u, err := NewUse(words)
		if err != nil {
			t.Fatalf("%s: %v", use, err)
		}
		return slices.ContainsFunc(f.findings(f.byID[id], High, &u, &m), func(x Finding) bool {
			return x.Clause == clause && strings.TrimSpace(x.Verdict.String()+" "+x.Duty) == says
		})
	}
	for _, r := range rows(t, "clauses.txt") {
		id, clause, meets, says, misses := r[0], r[1], r[2], r[3], r[4]
		seen[[2]string{id, clause}] = true
		if f.byID[id] == nil {
			t.Fatalf("there is no licence %s", id)
		}
		if !said(t, id, meets, clause, says) {
			t.Errorf("%s, %s: it does not say %q to %s", id, clause, says, meets)
		}
		other := id
		if misses == "~" {
			misses, other = meets, "mit"
		}
		if said(t, other, misses, clause, says) {
			t.Errorf("%s, %s: it says %q to %s", other, clause, says, misses)
		}
	}
	for _, l := range f.licences.Entries {
		for _, field := range clauseFields {
			if fact := l.clause(field); l.Kind != "marker" && (fact != "none" || field == "patent_grant") && !seen[[2]string{l.ID, field}] {
				t.Errorf("%s: %s has no case", l.ID, field)
			}
		}
	}
}

// TestFamilies: every family pattern resolves, each name to its licences.
func TestFamilies(t *testing.T) {
	f := builtinFacts(t)
	seen := map[string]bool{}
	for _, r := range rows(t, "families.txt") {
		e := Evidence{Architecture: r[1]}
		e.Metadata.Name = r[0]
		id := f.Identify(&e)
		var ids []string
		for _, l := range id.Licences {
			ids = append(ids, l.ID)
		}
		want := r[3]
		if want == "" {
			want = "unknown"
		}
		if id.Family != r[2] || strings.Join(ids, " ") != want {
			t.Errorf("%s (%s): %q, %q; want %q, %q", r[0], r[1], id.Family, ids, r[2], want)
		}
		seen[r[2]] = true
	}
	for _, x := range f.families.Families {
		if !seen[x.Family] {
			t.Errorf("%s has no case", x.Family)
		}
	}
}

// TestFamiliesOfFacts: every family that the facts name has a pattern that leads to its licence, and to its openness.
func TestFamiliesOfFacts(t *testing.T) {
	f := builtinFacts(t)
	elsewhere := []string{"Stable Diffusion 1.x (image)", "Stable Diffusion 3.x", "SDXL (image)", // no language models
		"Phi-1.5/Phi-2 at first (later MIT)"} // what holds is the later one
	for _, l := range f.licences.Entries {
		for _, example := range l.Families {
			ok := slices.ContainsFunc(f.families.Families, func(x family) bool {
				return slices.Contains(x.Examples, example) && slices.Contains(x.Licences, l.ID)
			})
			if !ok && !slices.Contains(elsewhere, example) {
				t.Errorf("%s: no pattern for %q", l.ID, example)
			}
		}
	}
	for _, o := range f.openness.Families {
		if !slices.ContainsFunc(f.families.Families, func(x family) bool { return x.Openness == o.Family }) {
			t.Errorf("no pattern leads to the openness of %q", o.Family)
		}
	}
}

// TestLoad: newer facts replace the built-in ones, and a clause that nobody has read asks.
func TestLoad(t *testing.T) {
	data, err := builtin.ReadFile("facts/licences.json")
	if err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(data), `"as_of": "2026-11-24"`, `"as_of": "2027-01-02"`, 1)
	newer = strings.Replace(newer, `"redistribution": "free, licence+NOTICE"`, `"redistribution": "a new sentence"`, 1)
	f, err := Load(fstest.MapFS{"licences.json": {Data: []byte(newer)}})
	if err != nil {
		t.Fatal(err)
	}
	id := f.Identify(&Evidence{License: []string{"apache-2.0"}})
	for use, want := range map[string]Verdict{"commercial": Allow, "commercial,redistribute": Ask} {
		u, _ := ParseUse(use)
		if a := f.Check(id, u); a.Verdict != want {
			t.Errorf("%s: %+v", use, a)
		}
	}
	if text := f.Footing(); !strings.Contains(text, "2027-01-02") || !strings.Contains(text, "your own licences.json") {
		t.Error(text)
	}
	for what, file := range map[string]string{
		"they are of 2020-01-01":            strings.Replace(string(data), `"as_of": "2026-11-24"`, `"as_of": "2020-01-01"`, 1),
		"unknown field \"extra\"":           strings.Replace(newer, `"id": "mit"`, `"extra": 1, "id": "mit"`, 1),
		"this version reads llm.licences/1": strings.Replace(newer, "llm.licences/1", "llm.licences/2", 1),
		"is not a date":                     strings.Replace(newer, "2027-01-02", "soon", 1),
		"is empty or there twice":           strings.Replace(newer, `"id": "mit"`, `"id": "apache-2.0"`, 1),
		"characters that cannot be printed": strings.Replace(newer, "MIT License", `MIT \u001b[31mLicense`, 1),
		"is none that this version reads":   strings.Replace(newer, `"commercial_use": "yes"`, `"commercial_use": "sure"`, 1),
		"it must be low, medium or high":    strings.Replace(newer, `"confidence": "high"`, `"confidence": "total"`, 1),
		"after top-level value":             newer + "{}",
		"names both":                        strings.Replace(newer, `"mit license"`, `"apache-2.0"`, 1),
		"the entry unknown is missing":      strings.Replace(newer, `"id": "unknown"`, `"id": "unknown2"`, 1),
		"unexpected end":                    newer[:1000],
	} {
		_, err := Load(fstest.MapFS{"licences.json": {Data: []byte(file)}})
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("a folder without facts")
	}
}

// TestReadingsAreStrict: a condition or effect that this version does not know is an error, not ignored.
func TestReadingsAreStrict(t *testing.T) {
	for _, r := range []string{
		`{"field":"thresholds","fact":"x","rules":[{"when":"comercial","effect":"deny"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"mau>many","effect":"deny"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"mau>-1","effect":"deny"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"region=XX","effect":"deny"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"","effect":"deny"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"always","effect":"forbid"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"always","effect":"duty","duty":"dance"}]}`,
		`{"field":"thresholds","fact":"x","rules":[{"when":"always","effect":"deny","duty":"copy"}]}`,
		`{"field":"treshold","fact":"x","rules":[{"when":"always","effect":"deny"}]}`,
	} {
		var x reading
		if err := json.Unmarshal([]byte(r), &x); err != nil || x.parse() == nil {
			t.Errorf("%s: %v", r, err)
		}
	}
}
