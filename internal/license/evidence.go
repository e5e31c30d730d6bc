package license

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/seed-f87006eb/llm/gguf"
)

// Evidence is what a file says about where it comes from. It is the word of whoever made the file.
type Evidence struct {
	File         string // as it was given
	Architecture string
	gguf.Metadata
	License    []string // general.license: one, or a list
	FileType   string   // the mix of tensor types, such as Q4_K_M
	Quantized  bool     // it is no longer what it was trained as
	Parameters int64
	Sidecar    *Sidecar // a licence text beside the file
}

// Sidecar is a text that lies beside a file.
type Sidecar struct{ Name, Text string }

// listLimit bounds general.license where it is a list, in bytes and in names.
const (
	listLimit  = 1 << 20
	listLength = 16
)

// FromFile reads the header's keys. What has a wrong type counts as absent, but general.license may be a list; one that
// is too long is an unknown licence. Errors are those of reading.
func FromFile(f *gguf.File, file string) (Evidence, error) {
	m, err := f.Metadata()
	if err != nil {
		return Evidence{}, err
	}
	e := Evidence{File: file, Architecture: f.Architecture(), Metadata: *m, FileType: f.FileType().Short()}
	hyper, err := f.Hyper()
	if err != nil {
		hyper = nil // a file that is not sound has a licence too
	}
	p := f.Parameters(hyper)
	e.Parameters = p.Total
	for _, t := range p.Types {
		if name := t.Type.String(); name != "F32" && name != "F16" && name != "BF16" {
			e.Quantized = true
		}
	}
	if m.License != "" {
		e.License = []string{m.License}
	}
	v, ok := f.Lookup("general.license")
	if ok && v.Type == gguf.Array && v.Elem == gguf.String {
		if v.Size > listLimit {
			e.License = []string{fmt.Sprintf("a list of %d bytes", v.Size)} // which names no licence
			return e, nil
		}
		list, err := v.Strings()
		if err != nil {
			return Evidence{}, fmt.Errorf("read general.license: %w", err)
		}
		for _, text := range list.All() {
			e.License = append(e.License, text)
		}
	}
	return e, nil
}

// named is a name of a model, and what of the file says it.
type named struct{ key, name string }

// ownNames are those of the model itself.
func (e *Evidence) ownNames() (all []named) {
	add := func(key, name string) {
		if name = normal(name); name != "" {
			all = append(all, named{key, name})
		}
	}
	add("general.name", e.Name)
	if e.Basename != "" {
		add("general.basename", strings.Join([]string{e.Basename, e.SizeLabel, e.Version, e.Finetune}, "-"))
	}
	add("general.repo_url", repository(e.RepoURL))
	add("general.url", repository(e.URL))
	add("general.source", repository(e.Origin.RepoURL))
	add("general.source", e.Origin.Name)
	add("general.license.link", repository(e.LicenseLink))
	return all
}

// baseNames are those of what it was made of.
func (e *Evidence) baseNames() (all []named) {
	add := func(key, name string) {
		if name = normal(name); name != "" {
			all = append(all, named{key, name})
		}
	}
	for _, b := range e.BaseModels {
		add("general.base_model", b.Name)
		add("general.base_model", repository(b.RepoURL))
	}
	for _, tag := range e.Tags {
		if name, ok := strings.CutPrefix(tag, "base_model:"); ok {
			add("general.tags", name[strings.LastIndexAny(name, ":/")+1:])
		}
	}
	return all
}

// fileName is that of the file, without folder, kind and part.
func (e *Evidence) fileName() string {
	name := e.File[strings.LastIndexAny(e.File, `/\`)+1:]
	name, _, _ = strings.Cut(name, "?")
	return normal(part.ReplaceAllString(strings.TrimSuffix(name, ".gguf"), ""))
}

// nameLimit is how much of a name is looked at, in bytes.
const nameLimit = 512

var (
	between = regexp.MustCompile(`[\s_/:]+`)
	part    = regexp.MustCompile(`-\d{5}-of-\d{5}$`)
)

// normal is a name in lower case with - between words.
func normal(name string) string {
	if len(name) > nameLimit {
		name = name[:nameLimit]
	}
	return strings.Trim(between.ReplaceAllString(strings.ToLower(strings.TrimSpace(name)), "-"), "-")
}

// repository is the last part of the path of a repository's address, OWNER/NAME.
func repository(address string) string {
	_, path, ok := strings.Cut(address, "://")
	if !ok {
		return ""
	}
	parts := strings.Split(path, "/")
	if len(parts) < 3 {
		return ""
	}
	return parts[2]
}

var (
	weakened   = regexp.MustCompile(`(?:^|[^a-z0-9])(abliterated|abliteration|uncensored|decensored|heretic|jailbroken|unaligned)(?:$|[^a-z0-9])`)
	multimodal = regexp.MustCompile(`(?:^|[^a-z0-9])(vision|vl|multimodal|omni|image-text-to-text|any-to-any|audio)(?:$|[^a-z0-9])`)
)

// Model is what clauses ask about a model.
type Model struct {
	Multimodal *bool  `json:"multimodal,omitempty"` // it sees or hears; nil: not known
	Quantized  bool   `json:"quantized"`            // the file has been changed from what was trained
	Weakened   string `json:"weakened,omitempty"`   // what says that its guardrails were taken out
}

// model looks at names, tags and the rule of its family.
func (e *Evidence) model(found []match) Model {
	m := Model{Quantized: e.Quantized}
	names := append(e.ownNames(), e.baseNames()...)
	names = append(names, named{"the file's name", e.fileName()})
	for _, tag := range e.Tags {
		names = append(names, named{"general.tags", normal(tag)})
	}
	seen := e.Type == "mmproj"
	for _, n := range names {
		if w := weakened.FindStringSubmatch(n.name); w != nil && m.Weakened == "" {
			m.Weakened = n.key + " has the word " + w[1]
		}
		seen = seen || multimodal.MatchString(n.name)
	}
	if seen {
		m.Multimodal = &seen
	}
	for _, x := range found {
		if v := x.family.Multimodal; v != nil && (m.Multimodal == nil || *v) {
			m.Multimodal = v
		}
	}
	return m
}
