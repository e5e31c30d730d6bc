package license

import (
	"strings"
	"testing"
)

const aPolicy = `schema: llm.policy/1
use: [commercial, mau=5e6, region=EU]
accept:
  - licence: qwen-research
    because: read by N. N., 2026-11-20
  - licence: unknown
    file: our-*.gguf
    because: trained here
agreements:
  - licence: mrl-0.1
    because: contract of 2026-10-01
`

// TestPolicy: it decides for its use, and what is settled is settled for the licences and files that it names alone.
func TestPolicy(t *testing.T) {
	f := builtinFacts(t)
	p, err := f.ParsePolicy(strings.NewReader(aPolicy))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tag, file string
		want      Verdict
	}{
		{"apache-2.0", "a.gguf", Allow},
		{"gemma", "a.gguf", AllowWithDuties},
		{"cc-by-nc-4.0", "a.gguf", Deny},
		{"exaone-1.1-nc", "a.gguf", Deny},
		{"qwen-research", "a.gguf", Allow},
		{"stability-nc-2023", "a.gguf", Ask},
		{"mrl-0.1", "a.gguf", Allow},
		{"mrl-0.1,cc-by-nc-4.0", "a.gguf", Deny},
		{"foo", "a.gguf", Unknown},
		{"foo", "models/our-model.gguf", Allow},
		{"foo", "our-model/a.gguf", Unknown},
		{"llama4", "a.gguf", Deny},
	} {
		e := of("x", "llama", c.tag)
		e.File = c.file
		a := f.Decide(p, e, f.Identify(e))
		if a.Verdict != c.want || a.Verdict >= Ask && (len(a.Findings) == 0 || a.Findings[0].Verdict != a.Verdict) {
			t.Errorf("%s, %s: %+v", c.tag, c.file, a)
		}
	}
}

// TestPolicyIsStrict: a mistake is an error that says what is wrong.
func TestPolicyIsStrict(t *testing.T) {
	f := builtinFacts(t)
	for _, c := range []struct{ text, want string }{
		{"", "it is empty"},
		{"# nothing\n", "it is empty"},
		{"schema: llm.policy/2\nuse: [commercial]\n", "this version reads llm.policy/1"},
		{"use: [commercial]\n", "this version reads llm.policy/1"},
		{"schema: llm.policy/1\n", "use is missing"},
		{"schema: llm.policy/1\nuse: []\n", "use is missing"},
		{"schema: llm.policy/1\nuse: [comercial]\n", "use \"comercial\": the words are"},
		{"schema: llm.policy/1\nuse: [region=XX]\n", "two letters"},
		{"schema: llm.policy/1\nuse: {commercial: true}\n", "line 2"},
		{"schema: llm.policy/1\nuses: [commercial]\n", "field uses not found"},
		{"schema: llm.policy/1\nuse: [commercial]\nuse: [research]\n", "already defined"},
		{"schema: llm.policy/1\nuse: [commercial]\naccept: [{licence: gema, because: x}]\n", "there is none of this id"},
		{"schema: llm.policy/1\nuse: [commercial]\naccept: [{licence: gemma}]\n", "because is missing"},
		{"schema: llm.policy/1\nuse: [commercial]\naccept: [{licence: unknown, because: x}]\n", "file is missing"},
		{"schema: llm.policy/1\nuse: [commercial]\nagreements: [{licence: gemma, because: x, file: '['}]\n", "syntax error in pattern"},
		{"schema: llm.policy/1\nuse: [commercial]\n---\nschema: llm.policy/1\n", "behind the first document"},
		{"schema: llm.policy/1\nuse: [\x1b]\n", "control characters"},
		{"a: &a [x,x]\nb: &b [*a,*a]\n", "field a not found"},
		{strings.Repeat("#", policyLimit+1), "more than 1,048,576 bytes"},
		{"{", "line"},
	} {
		_, err := f.ParsePolicy(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%.80q: %v; want %s", c.text, err, c.want)
		}
	}
}

// FuzzPolicy: whatever stands in the file, it is an error of one printable line or a policy that decides.
func FuzzPolicy(f *testing.F) {
	f.Add(aPolicy)
	for _, text := range []string{"", "schema: llm.policy/1\nuse: [commercial]\n", "{", "a: &a [*a]", "- - - -", "? ? ?", "schema: !!binary aGk=", "%YAML 9\n---\n"} {
		f.Add(text)
	}
	facts, err := Builtin()
	if err != nil {
		f.Fatal(err)
	}
	id := facts.Identify(of("x", "llama", "foo"))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := facts.ParsePolicy(strings.NewReader(text))
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x00\x1b\n\r") {
				t.Errorf("%q", err)
			}
			return
		}
		if a := facts.Decide(p, of("x", "llama", "foo"), id); a.Verdict != Unknown {
			t.Errorf("%q: %s", text, a.Verdict)
		}
	})
}

// FuzzTag: whatever general.license says, nothing but a name of the facts leads to an answer that allows.
func FuzzTag(f *testing.F) {
	for _, s := range []string{"mit", "MIT OR Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0", "https://", "://", "other", "modified-mit", "a,b;c|d",
		"\x1b[31m", "(mit", " and ", "mit with ", strings.Repeat("x", 300), "Permission is hereby granted\n", "apache-2.0\x00"} {
		f.Add(s, s, s)
	}
	facts, err := Builtin()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, tag, name, link string) {
		e := of(name, "llama", tag)
		named2(e, name, link)
		id := facts.Identify(e)
		if len(id.Licences) == 0 {
			t.Fatal("no licence, not even an unknown one")
		}
		for _, l := range append(id.Licences, id.Also...) {
			if facts.byID[l.ID] == nil {
				t.Errorf("%q", l.ID)
			}
			for _, why := range l.Because {
				if strings.ContainsAny(why, "\x00\x1b\n\r") {
					t.Errorf("%q", why)
				}
			}
		}
		if claims, _ := facts.tagClaims("general.license", tag); len(claims) > 0 && claims[0].id == "unknown" {
			if a := facts.Check(id, Use{}); a.Verdict < Unknown {
				t.Errorf("%q: %s", tag, a.Verdict)
			}
		}
		facts.Report(e)
	})
}
