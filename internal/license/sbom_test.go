package license

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-f87006eb/llm/gguf"
)

// bomSchema is the official schema of CycloneDX 1.6, read by a validator that knows nothing of our encoder.
func bomSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"spdx.schema.json", "jsf-0.82.schemax.json", "bom-1.6.schema.json"} {
		file, err := os.Open(filepath.Join("testdata", "cyclonedx", name))
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
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func full() *Evidence {
	e := of("My \x1bmodel", "llama", "apache-2.0")
	e.LicenseLink, e.URL, e.RepoURL = "https://example.org/a b", "https://example.org/model", "https://user:secret@example.org/o/my-model"
	e.Author, e.Organization, e.Version, e.Description, e.QuantizedBy = "A", "O", "1", "what it is", "Q"
	e.Basename, e.SizeLabel, e.FileType, e.Quantized, e.Parameters = "my-model", "8B", "Q4_K_M", true, 8e9
	e.BaseModels = []gguf.Source{{Name: "Llama 3.1 8B", Organization: "Meta", RepoURL: "https://example.org/meta/Llama-3.1-8B"}, {}}
	e.Datasets = []gguf.Source{{Name: "D", RepoURL: "https://example.org/d"}, {URL: "javascript:x"}}
	return e
}

// TestSBOM: what is written is valid, the same each time, and holds no secret of an address.
func TestSBOM(t *testing.T) {
	f, schema := builtinFacts(t), bomSchema(t)
	sum := strings.Repeat("0a", 32)
	models := []*Evidence{full(), {}, of("", "", strings.Repeat("a text\n", 100_000))}
	for i := range f.licences.Entries {
		models = append(models, of("x", "llama", f.licences.Entries[i].ID))
	}
	for i, e := range models {
		all := [][]File{nil, {{"a.gguf", sum}}, {{"a-1.gguf", sum}, {"a-2.gguf", ""}}}
		if i > 2 {
			all = all[:1]
		}
		for _, files := range all {
			var a, b bytes.Buffer
			if err := f.SBOM(&a, e, files, "1.2.3"); err != nil {
				t.Fatal(err)
			}
			if err := f.SBOM(&b, e, files, "1.2.3"); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%s: another text the second time, %v", e.Title(), err)
			}
			doc, err := jsonschema.UnmarshalJSON(&a)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(doc); err != nil {
				t.Errorf("%s: %v", e.License, err)
			}
			if strings.Contains(b.String(), "secret") {
				t.Error("it has a secret")
			}
		}
	}
}

// TestSchemaRefuses what is no bill of materials: the validator does look.
func TestSchemaRefuses(t *testing.T) {
	f, schema := builtinFacts(t), bomSchema(t)
	var b bytes.Buffer
	if err := f.SBOM(&b, full(), nil, "1"); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{{`"machine-learning-model"`, `"ml-model"`}, {`"Apache-2.0"`, `"apache-2"`}, {`"specVersion"`, `"version2"`}, {`"declared"`, `"said"`}} {
		text := strings.Replace(b.String(), change[0], change[1], 1)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil || text == b.String() {
			t.Fatal(err)
		}
		if schema.Validate(doc) == nil {
			t.Errorf("%s in the place of %s is valid", change[1], change[0])
		}
	}
}

// TestSBOMSays what is known.
func TestSBOMSays(t *testing.T) {
	var b bytes.Buffer
	if err := builtinFacts(t).SBOM(&b, full(), []File{{"a.gguf", strings.Repeat("0a", 32)}}, "1"); err != nil {
		t.Fatal(err)
	}
	var bom struct {
		Metadata struct {
			Component struct {
				Name     string
				Licenses []struct {
					License struct{ ID, Name, Acknowledgement, URL string }
				}
				Hashes    []struct{ Alg, Content string }
				Pedigree  struct{ Ancestors []struct{ Name string } }
				ModelCard struct {
					ModelParameters struct{ Datasets []struct{ Name string } }
				}
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &bom); err != nil {
		t.Fatal(err)
	}
	c := bom.Metadata.Component
	if c.Name != `My \x1bmodel` || len(c.Licenses) != 2 || c.Licenses[0].License.Name != "Llama 3.1 Community License Agreement" || c.Licenses[0].License.Acknowledgement != "concluded" ||
		c.Licenses[1].License.ID != "Apache-2.0" || c.Licenses[1].License.Acknowledgement != "declared" || c.Licenses[0].License.URL != "" || c.Licenses[1].License.URL != "https://example.org/a%20b" ||
		len(c.Hashes) != 1 || len(c.Pedigree.Ancestors) != 2 || len(c.ModelCard.ModelParameters.Datasets) != 2 {
		t.Errorf("%+v", c)
	}
}
