package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/seed-f87006eb/llm/internal/golden"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-f87006eb/llm/internal/license"
	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// licensed are headers as files of well-known models have them: keys general.* and an architecture, no more.
var licensed = []struct {
	name, architecture string
	keys               map[string]any
}{
	{"llama-3.3-70b", "llama", map[string]any{"general.name": "Llama 3.3 70B Instruct", "general.license": "llama3.3", "general.organization": "Meta Llama"}},
	{"llama-4-scout", "llama4", map[string]any{"general.name": "Llama 4 Scout 17B 16E Instruct", "general.license": "other", "general.license.name": "llama4"}},
	{"qwen2.5-3b", "qwen2", map[string]any{"general.name": "Qwen2.5 3B Instruct", "general.license": "other", "general.license.name": "qwen-research",
		"general.license.link": "https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE"}},
	{"codestral-22b", "llama", map[string]any{"general.name": "Codestral 22B v0.1", "general.license": "other", "general.license.name": "mnpl",
		"general.license.link": "https://mistral.ai/licenses/MNPL-0.1.md"}},
	{"deepseek-v3", "deepseek2", map[string]any{"general.name": "DeepSeek V3", "general.license": "other", "general.license.name": "deepseek"}},
	{"deepseek-v3-retagged", "deepseek2", map[string]any{"general.name": "DeepSeek V3", "general.license": "mit"}},
	{"deepseek-r1", "deepseek2", map[string]any{"general.name": "DeepSeek R1", "general.license": "mit"}},
	{"falcon2-11b-retagged", "falcon", map[string]any{"general.name": "Falcon2 11B", "general.license": "apache-2.0"}},
	{"grok-2", "grok", map[string]any{"general.name": "Grok 2", "general.license": "other", "general.license.name": "grok-2"}},
	{"nemotron-nano-abliterated", "nemotron_h", map[string]any{"general.name": "NVIDIA Nemotron Nano 9B v2 abliterated", "general.license": "other",
		"general.license.name": "nvidia-open-model-license", "general.base_model.count": uint32(1), "general.base_model.0.name": "NVIDIA Nemotron Nano 9B v2"}},
	{"olmo-7b", "olmo", map[string]any{"general.name": "OLMo 7B", "general.license": "apache-2.0"}},
	{"bloom-560m", "bloom", map[string]any{"general.name": "Bloom 560m", "general.license": "bigscience-bloom-rail-1.0"}},
	{"gemma-3-270m-without-tag", "gemma3", map[string]any{"general.name": "Gemma 3 270m It", "general.basename": "gemma-3", "general.size_label": "270M"}},
	{"nothing", "llama", nil},
}

// writeLicensed writes a header into the test's folder.
func writeLicensed(t *testing.T, name string) string {
	t.Helper()
	i := slices.IndexFunc(licensed, func(x struct {
		name, architecture string
		keys               map[string]any
	}) bool {
		return x.name == name
	})
	f := (&testgguf.File{}).Set("general.architecture", licensed[i].architecture)
	for _, key := range []string{"general.name", "general.basename", "general.size_label", "general.organization", "general.license", "general.license.name",
		"general.license.link", "general.base_model.count", "general.base_model.0.name"} {
		if v, ok := licensed[i].keys[key]; ok {
			f.Set(key, v)
		}
	}
	return f.Write(t, name+".gguf")
}

// licenseIn runs the command in the folder of the file, so that it has a short name.
func licenseIn(t *testing.T, path string, args ...string) result {
	t.Helper()
	return finish(t, command(filepath.Dir(path), append(append([]string{"license"}, args...), filepath.Base(path))...))
}

// TestLicenseGolden holds the screen and the JSON to their record. -update writes them anew.
func TestLicenseGolden(t *testing.T) {
	paths := []string{testmodel.SmolLM2(t), testmodel.Gemma3(t)}
	for _, x := range licensed {
		paths = append(paths, writeLicensed(t, x.name))
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".gguf")
		r := licenseIn(t, path)
		if r.code != 0 || r.stderr != "" {
			t.Fatalf("%s: %d, %s", name, r.code, r.stderr)
		}
		golden.Compare(t, "license/"+name+".txt", r.stdout)
		for _, line := range strings.Split(r.stdout, "\n") {
			if utf8.RuneCountInString(line) > screenWidth {
				t.Errorf("%s: longer than a screen: %q", name, line)
			}
		}
		j := licenseIn(t, path, "--json", "--sources")
		if j.code != 0 || !json.Valid([]byte(j.stdout)) {
			t.Fatalf("%s: %d, %s", name, j.code, j.stderr)
		}
		golden.Compare(t, "license/"+name+".json", j.stdout)
		if !strings.Contains(r.stdout, "not legal advice") || !strings.Contains(j.stdout, "not legal advice") {
			t.Errorf("%s: it does not say what it is not", name)
		}
	}
}

// TestLicenseCheck: answers and exit codes.
func TestLicenseCheck(t *testing.T) {
	for _, c := range []struct {
		name, use string
		code      int
		want      string // of which the output has this part, spaces and lines aside
	}{
		{"llama-3.3-70b", "commercial,mau=700000001", 3, "ask >700M MAU (month before 2024-12-06) must ask Meta"},
		{"llama-3.3-70b", "commercial", 3, "allow with duties, but ask: it depends on mau:"},
		{"llama-3.3-70b", "commercial,mau=5e6,region=EU,redistribute,modify", 0, `begin the name of the derived model as the licence says: name begins with "Llama"`},
		{"llama-4-scout", "commercial,mau=5e6,region=EU", 4, "deny EU for multimodal models"},
		{"llama-4-scout", "commercial,mau=5e6,region=US", 0, "allow with duties:"},
		{"qwen2.5-3b", "research", 0, "allow:"},
		{"qwen2.5-3b", "commercial", 3, "it says no, with medium confidence"},
		{"codestral-22b", "commercial", 3, "non-production: test/research/personal only"},
		{"codestral-22b", "research", 0, "allow:"},
		{"deepseek-v3", "commercial,redistribute", 0, "bind every recipient to the restrictions"},
		{"deepseek-v3", "military", 4, "no military use in any way"},
		{"deepseek-v3-retagged", "commercial", 3, "the stricter counts"},
		{"deepseek-r1", "commercial,train-other,mau=1e12", 0, "allow:"},
		{"falcon2-11b-retagged", "commercial", 3, "TII AUP, latest version applies"},
		{"grok-2", "research,train-other", 4, "may not train/create/improve"},
		{"grok-2", "commercial", 3, "replaced by: commercial use if xAI AUP guardrails are followed"},
		{"nemotron-nano-abliterated", "commercial", 3, "it depends on weaken-guardrails"},
		{"nemotron-nano-abliterated", "commercial,weaken-guardrails", 4, "rights END AUTOMATICALLY"},
		{"olmo-7b", "commercial,redistribute", 0, "allow with duties:"},
		{"bloom-560m", "commercial", 0, "Attachment A use restrictions"},
		{"gemma-3-270m-without-tag", "commercial,redistribute", 0, "Gemma is provided under and subject to the Gemma Terms of Use"},
		{"nothing", "research", 5, "unknown:"},
		{"nothing", "", 5, "running it, and nothing else said"},
		{"olmo-7b", "comercial", 2, `use "comercial": the words are commercial,`},
		{"olmo-7b", "region=Mars", 2, "two letters"},
	} {
		path := writeLicensed(t, c.name)
		r := licenseIn(t, path, "check", "--use", c.use)
		if text := strings.Join(strings.Fields(r.stdout+r.stderr), " "); r.code != c.code || !strings.Contains(text, c.want) {
			t.Errorf("%s for %q: %d, %s%s; want %d, %s", c.name, c.use, r.code, r.stdout, r.stderr, c.code, c.want)
		}
		if c.code == 2 {
			continue
		}
		var j checkedLicense
		d := json.NewDecoder(strings.NewReader(licenseIn(t, path, "check", "--json", "--sources", "--use", c.use).stdout))
		d.DisallowUnknownFields()
		if err := d.Decode(&j); err != nil || j.Answer.Verdict.ExitCode() != c.code || len(j.Sources) == 0 || j.Facts.AsOf == "" {
			t.Errorf("%s for %q: %v, %+v", c.name, c.use, err, j)
		}
	}
}

// TestLicenseNotices of a bundle of three models.
func TestLicenseNotices(t *testing.T) {
	r := finish(t, command(t.TempDir(), "license", "notices", testmodel.SmolLM2(t), testmodel.Gemma3(t), writeLicensed(t, "llama-3.3-70b")))
	if r.code != 0 || r.stderr != "" {
		t.Fatalf("%d, %s", r.code, r.stderr)
	}
	golden.Compare(t, "license/NOTICE.txt", r.stdout)
	r = finish(t, command(t.TempDir(), "license", "notices", "--json", writeLicensed(t, "nothing"), writeLicensed(t, "codestral-22b")))
	var j struct{ Against []string }
	if err := json.Unmarshal([]byte(r.stdout), &j); err != nil || len(j.Against) != 2 || strings.Count(r.stderr, "\n") != 2 || !strings.Contains(r.stderr, "unknown") {
		t.Errorf("%v, %+v, %s", err, j, r.stderr)
	}
}

// TestLicenseSBOM of the models that are here is valid, and has the hash of the file.
func TestLicenseSBOM(t *testing.T) {
	c := jsonschema.NewCompiler()
	folder := filepath.Join(testmodel.Root(), "internal", "license", "testdata", "cyclonedx")
	for _, name := range []string{"spdx.schema.json", "jsf-0.82.schemax.json", "bom-1.6.schema.json"} {
		file, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource("http://cyclonedx.org/schema/"+strings.Replace(name, "schemax", "schema", 1), doc); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{testmodel.SmolLM2(t), testmodel.Gemma3(t), writeLicensed(t, "grok-2")} {
		for _, args := range [][]string{{"sbom"}, {"sbom", "--hash"}} {
			r := licenseIn(t, path, args...)
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(r.stdout))
			if err != nil || r.code != 0 {
				t.Fatalf("%v, %d, %s", err, r.code, r.stderr)
			}
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if has := strings.Contains(r.stdout, `"SHA-256"`); has != (len(args) == 2) {
				t.Errorf("%s %q: a hash: %v", path, args, has)
			}
		}
	}
	if r := finish(t, command(t.TempDir(), "license", "sbom", "--hash", "https://example.org/a.gguf")); r.code != 2 {
		t.Errorf("%d, %s", r.code, r.stderr)
	}
}

// TestLicenseBad: what strangers write, and what users get wrong.
func TestLicenseBad(t *testing.T) {
	for _, c := range []struct {
		license any
		want    string
	}{
		{"\x1b[31mmit\x1b[0m\a", `general.license is "\x1b[31mmit\x1b[0m\a", which the facts do not know`},
		{strings.Repeat("All mine. ", 100_000), "a text of 1,000,000 bytes that the facts do not know"},
		{[]string{"mit", "gemma"}, "Gemma Terms of Use (gemma), high confidence"},
		{slices.Repeat([]string{"mit"}, 100_000), "general.license is \"a list of 1100000 bytes\", which the facts do not know"},
		{slices.Repeat([]string{"mit"}, 100), "general.license has 100 names; those after 16 are not read"},
		{[]string{}, "nothing in the file says under which licence it is"},
		{uint32(7), "nothing in the file says under which licence it is"},
		{"https://example.org/\x1b", `is the address "https://example.org/\x1b"`},
	} {
		path := testgguf.Decoder(1).Set("general.license", c.license).Write(t, "a.gguf")
		r := licenseIn(t, path)
		if text := strings.Join(strings.Fields(r.stdout), " "); r.code != 0 || !strings.Contains(text, c.want) || strings.ContainsAny(r.stdout, "\x1b\a") || len(r.stdout) > 8000 {
			t.Errorf("%.50v: %d, %.3000s%s", c.license, r.code, r.stdout, r.stderr)
		}
	}
	model := testmodel.SmolLM2(t)
	empty := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"license"}, 2, "takes one file or URL, not 0"},
		{[]string{"license", model, model}, 2, "takes one file or URL, not 2"},
		{[]string{"license", "notices"}, 2, "takes files or URLs, and there is none"},
		{[]string{"license", "none.gguf"}, 1, "no such file"},
		{[]string{"license", "--facts", empty, model}, 1, "the folder has none of"},
		{[]string{"license", "--facts", "none", model}, 1, "the folder has none of"},
	} {
		if r := finish(t, command(empty, c.args...)); r.code != c.code || !strings.Contains(r.stderr, c.want) || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%q: %d, %s", c.args, r.code, r.stderr)
		}
	}
}

// TestLicenseAround: what stands beside the file, behind a URL, and in a folder of newer facts.
func TestLicenseAround(t *testing.T) {
	path := writeLicensed(t, "nothing")
	text, err := os.ReadFile(filepath.Join(testmodel.Root(), "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, filepath.Join(filepath.Dir(path), "LICENSE"), string(text))
	want := "MIT License (mit), low confidence the file LICENSE beside it is the text of MIT License"
	if r := licenseIn(t, path); r.code != 0 || !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), want) {
		t.Errorf("%d, %s%s", r.code, r.stdout, r.stderr)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(filepath.Dir(writeLicensed(t, "llama-4-scout")))))
	defer server.Close()
	if r := finish(t, command(t.TempDir(), "license", "check", "--use", "research,region=EU", server.URL+"/llama-4-scout.gguf")); r.code != 4 {
		t.Errorf("%d, %s%s", r.code, r.stdout, r.stderr)
	}
	facts, err := os.ReadFile(filepath.Join(testmodel.Root(), "internal", "license", "facts", "licences.json"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	newer := strings.Replace(strings.Replace(string(facts), `"as_of": "2026-11-24"`, `"as_of": "2030-01-01"`, 1), `"commercial_use": "yes"`, `"commercial_use": "no"`, 1)
	writeText(t, filepath.Join(folder, "licences.json"), newer)
	for _, viaFlag := range []bool{true, false} {
		args := []string{"license", "check", "--use", "commercial", testmodel.SmolLM2(t)}
		if viaFlag {
			args = append(args, "--facts", folder)
		}
		cmd := command(t.TempDir(), args...)
		if !viaFlag {
			cmd.Env = append(cmd.Env, "LLM_LICENSE_FACTS="+folder)
		}
		if r := finish(t, cmd); r.code != 4 || !strings.Contains(r.stdout, "Facts of 2030-01-01, with your own licences.json") {
			t.Errorf("%d, %s%s", r.code, r.stdout, r.stderr)
		}
	}
}

// TestLicenseSources: each fact keeps its source, its date and how sure it is.
func TestLicenseSources(t *testing.T) {
	r := licenseIn(t, testmodel.Gemma3(t), "--sources")
	text := strings.Join(strings.Fields(r.stdout), " ")
	for _, want := range []string{"source gemma: ", "(high confidence, 2026-11-24)", "source openness of Gemma 3 / 3n: "} {
		if r.code != 0 || !strings.Contains(text, want) {
			t.Errorf("%s is not in %s%s", want, r.stdout, r.stderr)
		}
	}
}

// TestLicenseJSON: docs/license.md has each field.
func TestLicenseJSON(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(testmodel.Root(), "docs", "license.md"))
	if err != nil {
		t.Fatal(err)
	}
	fields := append(jsonFields(reflect.TypeFor[license.Report](), ""), jsonFields(reflect.TypeFor[checkedLicense](), "")...)
	for _, field := range append(jsonFields(reflect.TypeFor[license.Answer](), ""), fields...) {
		if name := field[strings.LastIndex(field, ".")+1:]; !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/license.md does not describe %s", field)
		}
	}
	for _, w := range license.UseWords {
		if !strings.Contains(string(page), "`"+w.Word+"`") {
			t.Errorf("docs/license.md does not have the word %s", w.Word)
		}
	}
}
