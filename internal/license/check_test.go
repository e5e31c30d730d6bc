package license

import (
	"slices"
	"strings"
	"testing"
)

// uses are each word and each pair of words of a use, with and without figures and regions.
func uses(t *testing.T) (all []Use) {
	t.Helper()
	words := append(slices.Clone(facets), "region=EU", "region=US", "region=world", "mau=1", "mau=1e12", "revenue=1", "revenue=1e12", "dau=2e6", "monthly-revenue=5")
	for i, a := range words {
		for _, b := range words[i:] {
			pair := []string{a}
			if name, _, _ := strings.Cut(a, "="); b != a && (name == "region" || !strings.HasPrefix(b, name+"=")) {
				pair = append(pair, b)
			}
			u, err := NewUse(pair)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, u)
		}
	}
	return append(all, Use{})
}

// TestUnknownStaysUnknown through every path, alone and beside what is known.
func TestUnknownStaysUnknown(t *testing.T) {
	f := builtinFacts(t)
	for _, e := range []*Evidence{of("", "", ""), of("x", "llama", "other"), of("x", "llama", "none"), of("x", "llama", "foo"), of("OLMo 7B", "llama", ""),
		of("Gpt-Oss-20B", "gpt-oss", "my-own"), of("Gpt-Oss-20B", "gpt-oss", "unknown"), of("Gpt-Oss-20B", "gpt-oss", "none"), of("x", "llama", "mit,foo")} {
		id := f.Identify(e)
		for _, u := range uses(t) {
			if a := f.Check(id, u); a.Verdict != Unknown || a.Otherwise != nil || a.Findings[0].Verdict != Unknown {
				t.Errorf("%s for %q: %+v", e.License, u, a)
			}
		}
		if level := f.Openness(id).Level; level != "open weights, licence not known" {
			t.Errorf("%s: %s", e.License, level)
		}
	}
	id := f.Identify(of("x", "llama", "cc-by-nc-4.0,foo"))
	if a := f.Check(id, mustUse(t, "commercial")); a.Verdict != Deny {
		t.Errorf("a certain no is less than an unknown: %+v", a)
	}
}

func mustUse(t testing.TB, text string) Use {
	t.Helper()
	u, err := ParseUse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestConfidence: of every licence and for every use, what is of low confidence is never a yes, and only what is of
// high confidence is a no.
func TestConfidence(t *testing.T) {
	f := builtinFacts(t)
	for i := range f.licences.Entries {
		l := &f.licences.Entries[i]
		for _, c := range []Confidence{Low, Medium, High} {
			id := &Identification{Licences: []Found{{ID: l.ID, Kind: l.Kind, Confidence: c}}}
			for _, u := range uses(t) {
				a := f.Check(id, u)
				sure := min(c, l.Confidence)
				if sure == Low && a.Verdict < Ask || sure < High && a.Verdict == Deny {
					t.Fatalf("%s of %s confidence says %s to %q", l.ID, sure, a.Verdict, u)
				}
				for _, x := range a.Findings {
					if x.Verdict == Deny && (x.Confidence != High || x.Depends != nil) || x.Confidence > sure || x.Source != l.Source {
						t.Fatalf("%s: %+v", l.ID, x)
					}
				}
			}
		}
	}
}

// TestLess said never gives a better answer: what is open asks.
func TestLessSaidIsNoBetter(t *testing.T) {
	f := builtinFacts(t)
	for i := range f.licences.Entries {
		l := &f.licences.Entries[i]
		id := &Identification{Licences: []Found{{ID: l.ID, Kind: l.Kind, Confidence: High}}}
		for _, words := range []string{"commercial", "commercial,redistribute", "host", "commercial,host,train-other"} {
			less := f.Check(id, mustUse(t, words))
			for _, more := range []string{"mau=1e12", "revenue=1e12", "monthly-revenue=1e12", "dau=1e12", "region=EU", "region=KR", "region=world"} {
				full := f.Check(id, mustUse(t, words+","+more))
				if less.Verdict < min(full.Verdict, Ask) {
					t.Errorf("%s: %s to %s, %s with %s", l.ID, less.Verdict, words, full.Verdict, more)
				}
			}
		}
	}
}

// TestCheck: answers for well-known cases.
func TestCheck(t *testing.T) {
	f := builtinFacts(t)
	for _, c := range []struct {
		tag, use  string
		want      Verdict
		otherwise string
		depends   string
	}{
		{"apache-2.0", "", Allow, "", ""},
		{"apache-2.0", "commercial,redistribute,mau=1e12,region=world", AllowWithDuties, "", ""},
		{"llama3.3", "commercial,mau=7e8,region=EU", AllowWithDuties, "", ""},
		{"llama3.3", "commercial,mau=700000001", Ask, "", ""},
		{"llama3.3", "commercial", Ask, "allow with duties", "mau"},
		{"llama3.3", "research", AllowWithDuties, "", ""},
		{"llama3.3", "", Ask, "allow with duties", "mau"},
		{"llama3", "research,train-other", Deny, "", ""},
		{"llama3.1", "research,train-other", AllowWithDuties, "", ""},
		{"llama4", "research", Ask, "allow with duties", "region"},
		{"llama4", "research,region=EU", Deny, "", ""},
		{"llama4", "research,region=FR", Deny, "", ""},
		{"llama4", "research,region=CH", AllowWithDuties, "", ""},
		{"llama3.2", "research,region=EU", Ask, "allow with duties", "whether it sees or hears"},
		{"cc-by-nc-4.0", "", Ask, "allow with duties", "purpose"},
		{"cc-by-nc-4.0", "commercial", Deny, "", ""},
		{"cc-by-nc-4.0", "noncommercial", AllowWithDuties, "", ""},
		{"qwen-research", "commercial", Ask, "", ""},
		{"qwen-research", "research", Allow, "", ""},
		{"qwen-research", "research,redistribute", Unknown, "", ""},
		{"mistral-modified-mit", "commercial,revenue=2e7", Allow, "", ""},
		{"mistral-modified-mit", "commercial,revenue=1e8", Ask, "allow", "monthly-revenue"},
		{"mistral-modified-mit", "commercial,revenue=3e8", Ask, "", ""},
		{"stability-community", "commercial,revenue=2e6", Deny, "", ""},
		{"stability-community", "commercial,revenue=1e6", AllowWithDuties, "", ""},
		{"tencent-hunyuan-community", "research,region=UK", Deny, "", ""},
		{"nvidia-open-model-license", "commercial,weaken-guardrails", Deny, "", ""},
		{"deepseek", "commercial,military", Deny, "", ""},
		{"agpl-3.0", "commercial,host", AllowWithDuties, "", ""},
		{"mit", "patents,commercial", Ask, "", ""},
	} {
		a := f.Check(f.Identify(of("x", "llama", c.tag)), mustUse(t, c.use))
		otherwise := ""
		if a.Otherwise != nil {
			otherwise = a.Otherwise.String()
		}
		if a.Verdict != c.want || otherwise != c.otherwise || strings.Join(a.Depends, ",") != c.depends {
			t.Errorf("%s for %q: %s, otherwise %q, depends on %q", c.tag, c.use, a.Verdict, otherwise, a.Depends)
		}
	}
}

// TestCheckModel: clauses that ask about the model itself.
func TestCheckModel(t *testing.T) {
	f := builtinFacts(t)
	for _, c := range []struct {
		e    *Evidence
		use  string
		want Verdict
	}{
		{of("Llama 3.2 11B Vision Instruct", "llama", "llama3.2"), "research,region=EU", Deny},
		{of("Llama 3.2 1B Instruct", "llama", "llama3.2"), "research,region=EU", AllowWithDuties},
		{of("Llama 4 Scout", "llama4", "llama4"), "noncommercial,region=IT", Deny},
		{of("NVIDIA Nemotron Nano 9B v2", "nemotron_h", "nvidia-open-model-license"), "research", AllowWithDuties},
		{of("NVIDIA Nemotron Nano 9B v2 abliterated", "nemotron_h", "nvidia-open-model-license"), "research", Ask},
		{of("Qwen3 8B abliterated", "qwen3", "apache-2.0"), "research", Allow},
		{&Evidence{License: []string{"cc-by-nc-nd-4.0"}, Quantized: true}, "research,redistribute", Ask},
		{&Evidence{License: []string{"cc-by-sa-4.0"}, Quantized: true}, "research,redistribute", AllowWithDuties},
	} {
		if a := f.Check(f.Identify(c.e), mustUse(t, c.use)); a.Verdict != c.want {
			t.Errorf("%s for %s: %+v", c.e.Name, c.use, a)
		}
	}
}

// TestParseUse: what it is not, and that String reads back.
func TestParseUse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "",
		" Commercial , SELL":                     "commercial,redistribute",
		"mau=5e6,region=uk,region=EU,commercial": "commercial,mau=5000000,region=EU,region=GB",
		"region=world,monthly-revenue=0.5":       "monthly-revenue=0.5,region=WORLD",
	} {
		u, err := ParseUse(text)
		if err != nil || u.String() != want {
			t.Errorf("%q: %q, %v", text, u, err)
		}
	}
	for _, text := range []string{"comercial", "mau", "mau=", "mau=many", "mau=-1", "mau=nan", "mau=inf", "mau=1,mau=2", "region=", "region=XX", "region=Europe",
		"users=5", "commercial=yes", "\x1b[31m"} {
		if u, err := ParseUse(text); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %q, %v", text, u, err)
		}
	}
	for _, w := range UseWords {
		word := strings.NewReplacer("=N", "=1", "=R", "=EU").Replace(w.Word)
		if _, err := ParseUse(word); err != nil {
			t.Errorf("%s: %v", w.Word, err)
		}
	}
	for _, q := range questions {
		if _, err := NewUse(q.words); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
	}
}

// TestOpenness: the words open source stand for what complies and for nothing else.
func TestOpenness(t *testing.T) {
	f := builtinFacts(t)
	open := map[string]bool{}
	for _, r := range rows(t, "families.txt") {
		for _, tag := range []string{"", "apache-2.0"} {
			id := f.Identify(of(r[0], r[1], tag))
			o := f.Openness(id)
			text := strings.ToLower(o.Level + o.Line())
			if strings.Contains(text, "open source") || strings.Contains(text, "open-source") {
				open[o.Family] = true
				if !strings.HasPrefix(o.OSAID, "complies") {
					t.Errorf("%s: %s", r[0], o.Level)
				}
			}
			tune := of("my tune", r[1], "apache-2.0")
			madeFrom(tune, r[0])
			if o := f.Openness(f.Identify(tune)); strings.Contains(strings.ToLower(o.Level), "open source") {
				t.Errorf("a model made of %s: %s", r[0], o.Level)
			}
		}
	}
	for _, family := range []string{"Pythia", "Amber"} { // known by a name alone, which anybody can give
		if open[family] {
			t.Errorf("%s: a name is enough", family)
		}
	}
	for _, family := range []string{"OLMo (1)", "T5"} {
		if !open[family] {
			t.Errorf("%s complies, and it is not said", family)
		}
	}
}
