package license

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/seed-f87006eb/llm/gguf"
)

// File is a file of a model with the SHA-256 of its bytes in hexadecimal; empty: it was not computed.
type File struct{ Name, SHA256 string }

// spdx are identifiers of the SPDX list, which the schema of a BOM knows.
var spdx = map[string]string{
	"apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-3-clause": "BSD-3-Clause", "cc0-1.0": "CC0-1.0", "cc-by-4.0": "CC-BY-4.0",
	"cc-by-sa-4.0": "CC-BY-SA-4.0", "cc-by-sa-3.0": "CC-BY-SA-3.0", "cc-by-nc-4.0": "CC-BY-NC-4.0",
	"cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0", "cc-by-nc-nd-4.0": "CC-BY-NC-ND-4.0", "gpl-3.0": "GPL-3.0-only", "agpl-3.0": "AGPL-3.0-only",
}

// SBOM writes a bill of materials for a model in CycloneDX 1.6, JSON: the same for the same model, without a serial
// number and a time. The version is that of the program that writes it. Errors are those of writing.
func (f *Facts) SBOM(w io.Writer, e *Evidence, files []File, version string) error {
	id := f.Identify(e)
	bom := cdx.NewBOM()
	bom.SpecVersion = cdx.SpecVersion1_6
	model := f.component(e, id)
	if len(files) == 1 && files[0].SHA256 != "" {
		model.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: files[0].SHA256}}
	} else if len(files) > 1 {
		var parts []cdx.Component
		for i, file := range files {
			part := cdx.Component{BOMRef: fmt.Sprintf("part-%d", i+1), Type: cdx.ComponentTypeFile, Name: Clean(file.Name)}
			if file.SHA256 != "" {
				part.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: file.SHA256}}
			}
			parts = append(parts, part)
		}
		bom.Components = &parts
	}
	bom.Metadata = &cdx.Metadata{
		Component:  model,
		Tools:      &cdx.ToolsChoice{Components: &[]cdx.Component{{Type: cdx.ComponentTypeApplication, Name: "llm", Version: version}}},
		Properties: &[]cdx.Property{{Name: "llm:license:facts_as_of", Value: f.licences.AsOf}, {Name: "llm:license:note", Value: f.Footing()}},
	}
	encoder := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return fmt.Errorf("write the bill of materials: %w", err)
	}
	return nil
}

func (f *Facts) component(e *Evidence, id *Identification) *cdx.Component {
	c := &cdx.Component{
		BOMRef: "model", Type: cdx.ComponentTypeMachineLearningModel, Name: e.Title(), Version: cleanOrNone(e.Version),
		Description: cleanOrNone(e.Description), Group: cleanOrNone(e.Organization), Properties: f.properties(e, id),
		ModelCard: &cdx.MLModelCard{ModelParameters: &cdx.MLModelParameters{
			ArchitectureFamily: Clean(e.Architecture), ModelArchitecture: cleanOrNone(strings.TrimSpace(e.Basename + " " + e.SizeLabel)),
		}},
	}
	if e.Author != "" {
		c.Authors = &[]cdx.OrganizationalContact{{Name: Clean(e.Author)}}
	}
	var licences cdx.Licenses
	for _, l := range id.Licences {
		licences = append(licences, cdx.LicenseChoice{License: f.bomLicence(l, e)})
	}
	c.Licenses = &licences
	var refs []cdx.ExternalReference
	for _, r := range []struct {
		kind cdx.ExternalReferenceType
		url  string
	}{{cdx.ERTypeWebsite, e.URL}, {cdx.ERTypeVCS, e.RepoURL}, {cdx.ERTypeDistribution, e.Origin.RepoURL}, {cdx.ERTypeLicense, e.LicenseLink}} {
		if u := address(r.url); u != "" {
			refs = append(refs, cdx.ExternalReference{Type: r.kind, URL: u})
		}
	}
	if refs != nil {
		c.ExternalReferences = &refs
	}
	if ancestors := sources(e.BaseModels, "base"); ancestors != nil {
		c.Pedigree = &cdx.Pedigree{Ancestors: &ancestors}
	}
	var data []cdx.MLDatasetChoice
	for _, d := range e.Datasets {
		one := &cdx.ComponentData{Type: cdx.ComponentDataTypeDataset, Name: Clean(firstOf(d.Name, d.RepoURL, "unnamed"))}
		if u := address(firstOf(d.RepoURL, d.URL)); u != "" {
			one.Contents = &cdx.ComponentDataContents{URL: u}
		}
		data = append(data, cdx.MLDatasetChoice{ComponentData: one})
	}
	if data != nil {
		c.ModelCard.ModelParameters.Datasets = &data
	}
	return c
}

func sources(all []gguf.Source, ref string) (components []cdx.Component) {
	for i, s := range all {
		c := cdx.Component{
			BOMRef: fmt.Sprintf("%s-%d", ref, i+1), Type: cdx.ComponentTypeMachineLearningModel,
			Name: Clean(firstOf(s.Name, s.RepoURL, "unnamed")), Version: cleanOrNone(s.Version), Group: cleanOrNone(s.Organization),
		}
		if u := address(firstOf(s.RepoURL, s.URL)); u != "" {
			c.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: u}}
		}
		components = append(components, c)
	}
	return components
}

// bomLicence has an identifier of SPDX where there is one. What was concluded is marked so.
func (f *Facts) bomLicence(l Found, e *Evidence) *cdx.License {
	x := &cdx.License{Acknowledgement: cdx.LicenseAcknowledgementConcluded}
	if l.stated() {
		x.Acknowledgement, x.URL = cdx.LicenseAcknowledgementDeclared, address(e.LicenseLink)
	}
	if x.ID = spdx[l.ID]; x.ID == "" {
		x.Name = f.byID[l.ID].Name
	}
	x.Properties = &[]cdx.Property{{Name: "llm:license:id", Value: l.ID}, {Name: "llm:license:confidence", Value: l.Confidence.String()}}
	for _, why := range l.Because {
		*x.Properties = append(*x.Properties, cdx.Property{Name: "llm:license:because", Value: why})
	}
	return x
}

// properties are what the schema has no place for.
func (f *Facts) properties(e *Evidence, id *Identification) *[]cdx.Property {
	var all []cdx.Property
	add := func(name, value string) {
		if value != "" {
			all = append(all, cdx.Property{Name: "llm:" + name, Value: value})
		}
	}
	add("gguf:architecture", Clean(e.Architecture))
	add("gguf:file_type", Clean(e.FileType))
	if e.Parameters > 0 {
		add("gguf:parameters", strconv.FormatInt(e.Parameters, 10))
	}
	add("gguf:quantized_by", cleanOrNone(e.QuantizedBy))
	add("license:family", id.Family)
	if id.Conflict {
		add("license:conflict", "what the file says and its family contradict each other; the stricter counts")
	}
	for _, q := range questions {
		u, _ := NewUse(q.words)
		a := f.Check(id, u)
		add("license:may:"+strings.ReplaceAll(q.name, " ", "_"), a.Short())
	}
	o := f.Openness(id)
	add("openness:level", o.Level)
	add("openness:osaid", o.OSAID)
	add("openness:mof_class", o.MOFClass)
	return &all
}

// cleanOrNone is Clean of a text that may be absent.
func cleanOrNone(text string) string {
	if text == "" {
		return ""
	}
	return Clean(text)
}

// address is a stranger's address as far as it is one, else empty.
func address(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > 2000 || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	u.User = nil
	return u.String()
}
