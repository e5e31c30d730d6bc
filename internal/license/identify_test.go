package license

import (
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/seed-f87006eb/llm/gguf"
)

// of is a file of a name, an architecture and a tag.
func of(name, architecture, tag string) *Evidence {
	e := &Evidence{Architecture: architecture}
	e.Metadata.Name = name
	if tag != "" {
		e.License = []string{tag}
	}
	return e
}

func named2(e *Evidence, name, link string) *Evidence {
	e.LicenseName, e.LicenseLink = name, link
	return e
}

func madeFrom(e *Evidence, name string) *Evidence {
	e.BaseModels = append(e.BaseModels, gguf.Source{Name: name})
	return e
}

func ids(all []Found) string {
	var s []string
	for _, l := range all {
		s = append(s, l.ID)
	}
	return strings.Join(s, " ")
}

func sure(all []Found) string {
	var s []string
	for _, l := range all {
		s = append(s, l.Confidence.String())
	}
	return strings.Join(s, " ")
}

// TestIdentify: which licences count, how sure that is, whether the file contradicts itself.
func TestIdentify(t *testing.T) {
	f := builtinFacts(t)
	apache := read(t, "testdata/cyclonedx/LICENSE")
	apache = strings.Replace(apache, "Copyright OWASP Foundation", "Copyright 2026 The makers of models", 1)
	for _, c := range []struct {
		what     string
		e        *Evidence
		ids      string
		sure     string
		conflict bool
	}{
		// What the file says.
		{"an id", of("x", "llama", "apache-2.0"), "apache-2.0", "high", false},
		{"an alias in other letters", of("x", "llama", " Apache License 2.0 "), "apache-2.0", "high", false},
		{"SPDX", of("x", "llama", "GPL-3.0-or-later"), "gpl-3.0", "high", false},
		{"an exception", of("x", "llama", "Apache-2.0 WITH LLVM-exception"), "apache-2.0", "high", false},
		{"an expression: the stricter counts too", of("x", "llama", "(MIT OR CC-BY-NC-4.0)"), "cc-by-nc-4.0 mit", "high high", false},
		{"a list in one text", of("x", "llama", "mit, llama2"), "llama2 mit", "high high", false},
		{"a list as some write it", of("x", "llama", `["mit", "gemma"]`), "gemma mit", "high high", false},
		{"a list", &Evidence{License: []string{"mit", "gemma"}}, "gemma mit", "high high", false},
		{"a list with something unknown", of("x", "llama", "mit,foo-1.0"), "unknown mit", "high high", false},
		{"a long list", &Evidence{License: strings.Split(strings.Repeat("mit ", 40), " ")[:40]}, "unknown mit", "high high", false},
		{"a long list in one text", of("x", "llama", strings.Repeat("mit,", 40)), "unknown", "high", false},
		{"an unknown string", of("x", "llama", "my-own-licence"), "unknown", "high", false},
		{"an id inside another", of("x", "llama", "not-mit"), "unknown", "high", false},
		{"an address", of("x", "llama", "https://www.apache.org/licenses/LICENSE-2.0.txt"), "apache-2.0", "high", false},
		{"an unknown address", of("x", "llama", "https://example.org/apache-2.0"), "unknown", "high", false},
		{"an address that is like another", of("x", "llama", "https://apache.org.example.com/licenses/LICENSE-2.0"), "unknown", "high", false},
		{"the name of a user", of("x", "llama", "https://apache.org@example.com/licenses/LICENSE-2.0"), "unknown", "high", false},
		{"a text", of("x", "llama", apache), "apache-2.0", "high", false},
		{"a text with another end", of("x", "llama", apache+"\nNobody may use it."), "unknown", "high", false},
		{"a text with a condition in the line of copyright", of("x", "llama", strings.Replace(apache, "The makers of models", "X, no commercial use", 1)), "unknown", "high", false},
		{"a megabyte", of("x", "llama", strings.Repeat("All rights are mine. ", 50_000)), "unknown", "high", false},
		{"our own licence", of("x", "llama", read(t, "../../LICENSE")), "mit", "high", false},
		{"GPL", of("x", "llama", read(t, "../../scripts/notices/texts/GPL-3.0.txt")), "gpl-3.0", "high", false},
		// other, its name and its link.
		{"nothing", of("x", "llama", ""), "unknown", "high", false},
		{"other", of("x", "llama", "other"), "unknown", "high", false},
		{"other with a name", named2(of("x", "llama", "other"), "qwen-research", ""), "qwen-research", "high", false},
		{"other with an unknown name", named2(of("x", "llama", "other"), "foo", "https://www.apache.org/licenses/LICENSE-2.0"), "unknown", "high", false},
		{"other with a link", named2(of("x", "llama", "other"), "", "https://ai.google.dev/gemma/terms"), "gemma", "high", false},
		{"a name that several have", named2(of("x", "llama", "other"), "modified-mit", ""), "mistral-modified-mit minimax-m2-modified-mit kimi-modified-mit joyai-modified-mit", "low low low low", false},
		{"the same of a family", named2(of("Kimi K2 Instruct", "deepseek2", "other"), "modified-mit", ""), "kimi-modified-mit", "medium", false},
		{"the same of another", named2(of("Devstral 2 123B", "llama", "other"), "modified-mit", ""), "mistral-modified-mit", "medium", false},
		// The family.
		{"a family by name and its own architecture", of("Gemma 3 270m It", "gemma3", ""), "gemma", "medium", false},
		{"a family by the architecture alone", of("my model", "gemma3", ""), "gemma", "low", false},
		{"a family by a name with an architecture that many have", of("Llama 3.3 70B", "llama", ""), "llama3.3", "low", false},
		{"what it was made of", madeFrom(of("my tune", "llama", ""), "Llama 3.1 8B"), "llama3.1", "medium", false},
		{"other and a family", of("Command R", "command-r", "other"), "cc-by-nc-4.0", "medium", false},
		{"the name of the file", &Evidence{File: "models/Falcon3-10B-Instruct-Q4_K_M-00001-of-00003.gguf", Architecture: "llama"}, "falcon-llm-license", "low", false},
		// Contradictions: the stricter.
		{"a quantizer's tag", of("falcon2-11B", "falcon", "apache-2.0"), "falcon-2-11b apache-2.0", "low high", true},
		{"Qwen2.5-3B", of("Qwen2.5 3B Instruct", "qwen2", "apache-2.0"), "qwen-research apache-2.0", "low high", true},
		{"DeepSeek-V3 of December 2024", of("DeepSeek V3", "deepseek2", "mit"), "deepseek mit", "low high", true},
		{"a fine-tune keeps the duties of its base", madeFrom(of("my tune", "llama", "mit"), "Llama 3.1 8B"), "llama3.1 mit", "medium high", true},
		{"two bases", madeFrom(madeFrom(of("merge", "llama", "apache-2.0"), "Llama 3.1 8B"), "Mistral 7B"), "llama3.1 apache-2.0", "medium high", true},
		{"a stricter tag", of("SmolLM2 135M", "llama", "cc-by-nc-4.0"), "cc-by-nc-4.0", "high", false},
		{"an unknown tag and a lenient family", of("Gpt-Oss-20B", "gpt-oss", "my-own"), "unknown", "high", false},
		// Names that imitate.
		{"a lenient family's name", of("OLMo 2 7B", "llama", ""), "unknown", "high", false},
		{"a lenient family's name beside a tag", of("OLMo 2 7B", "llama", "llama2"), "llama2", "high", false},
		{"a later generation's name", of("Gemma 4 31B", "gemma3", ""), "gemma", "low", false},
		{"a stricter family's name", of("Falcon H1 34B", "llama", "mit"), "falcon-llm-license mit", "low high", true},
	} {
		id := f.Identify(c.e)
		if ids(id.Licences) != c.ids || sure(id.Licences) != c.sure || id.Conflict != c.conflict {
			t.Errorf("%s: %s (%s) %v; want %s (%s) %v", c.what, ids(id.Licences), sure(id.Licences), id.Conflict, c.ids, c.sure, c.conflict)
		}
		if id.Conflict && (len(id.Licences) < 2 || len(id.Licences[0].Because) == 0 || len(id.Licences[1].Because) == 0) {
			t.Errorf("%s: both are not shown: %+v", c.what, id)
		}
	}
}

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestImitationIsShown: what counts for nothing is said too.
func TestImitationIsShown(t *testing.T) {
	id := builtinFacts(t).Identify(of("OLMo 2 7B", "llama", "llama2"))
	if len(id.Also) != 1 || id.Also[0].ID != "apache-2.0" || !strings.Contains(id.Also[0].Because[0], `its architecture "llama" is none of OLMo 2`) || id.Family != "" {
		t.Errorf("%+v", id)
	}
}

// TestSidecar: a text beside a file is looked at last, and is never sure.
func TestSidecar(t *testing.T) {
	f := builtinFacts(t)
	e := of("x", "llama", "")
	e.Sidecar = &Sidecar{"LICENSE", read(t, "../../LICENSE")}
	if id := f.Identify(e); ids(id.Licences) != "mit" || sure(id.Licences) != "low" {
		t.Errorf("%+v", id)
	}
	for _, use := range []string{"", "research", "commercial", "redistribute"} {
		u, _ := ParseUse(use)
		if a := f.Check(f.Identify(e), u); a.Verdict != Ask {
			t.Errorf("%s: %s", use, a.Verdict)
		}
	}
	e.License = []string{"gemma"}
	if id := f.Identify(e); ids(id.Licences) != "gemma" {
		t.Errorf("%+v", id)
	}
}

// TestModel: what clauses ask about a model.
func TestModel(t *testing.T) {
	f := builtinFacts(t)
	for _, c := range []struct {
		e        *Evidence
		sees     string
		weakened bool
	}{
		{of("Llama 3.2 1B", "llama", "llama3.2"), "no", false},
		{of("Llama 3.2 11B Vision", "llama", "llama3.2"), "yes", false},
		{of("my tune", "llama", "llama3.2"), "not known", false},
		{of("Nemotron Nano 9B v2 abliterated", "nemotron_h", ""), "not known", true},
		{&Evidence{File: "x-Uncensored.gguf"}, "not known", true},
		{&Evidence{Metadata: gguf.Metadata{Type: "mmproj"}}, "yes", false},
		{&Evidence{Metadata: gguf.Metadata{Tags: []string{"image-text-to-text"}}}, "yes", false},
		{of("Revision 3", "llama", ""), "not known", false},
	} {
		m := f.Identify(c.e).Model
		sees := "not known"
		if m.Multimodal != nil {
			sees = map[bool]string{true: "yes", false: "no"}[*m.Multimodal]
		}
		if sees != c.sees || (m.Weakened != "") != c.weakened {
			t.Errorf("%+v: %s, %q", c.e, sees, m.Weakened)
		}
	}
}

// TestClean: nothing of a stranger's text reaches a terminal as a command, and its length is said.
func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"\x1b[31mred\a\nthree\xff":  `\x1b[31mred\a\nthree\xff`,
		"a \"word\"":                `a "word"`,
		"abc\u202etxt":              `abc\u202etxt`,
		strings.Repeat("é", 150):    strings.Repeat("é", 100) + "… (300 bytes)",
		strings.Repeat("x", 123456): strings.Repeat("x", 200) + "… (123,456 bytes)",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	e := of("\x1b]0;owned\a", "lla\x1bma", "mit\x1b[2J")
	named2(e, "\x1bname", "https://x/\x1b[1m")
	madeFrom(e, "Llama 3.1\x1b[0m")
	e.Author, e.QuantizedBy, e.File = "\x1bauthor", "\x1bby", "/models/\x1bfile.gguf"
	f := builtinFacts(t)
	var b strings.Builder
	if err := f.SBOM(&b, e, []File{{Name: "\x1bfile"}}, "1"); err != nil {
		t.Fatal(err)
	}
	text, against := f.Notices([]*Evidence{e})
	for _, out := range append(against, text, b.String(), f.Line(f.Identify(e)), strings.Join(f.Identify(e).Licences[0].Because, "")) {
		if i := strings.IndexFunc(out, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }); i >= 0 {
			t.Errorf("a control character at %d of %.300q", i, out)
		}
	}
}
