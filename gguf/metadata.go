package gguf

import (
	"fmt"
	"strings"
)

// Metadata is what a file says about its model in words: the keys general.* of the
// GGUF specification. Nothing here is checked; what is absent is empty.
type Metadata struct {
	Type         string // "model", "adapter", "mmproj", …
	Name         string
	Author       string
	Organization string
	Version      string
	Basename     string
	Finetune     string
	SizeLabel    string
	Description  string
	QuantizedBy  string

	License, LicenseName, LicenseLink string

	URL, Repository, Source string
	Tags, Languages         []string
	BaseModels, Datasets    []Origin

	IMatrix IMatrix
}

// Origin is a model or a dataset that a model was made from.
type Origin struct {
	Name, Author, Organization, Version, Repository string
}

// String is the name with its organization, or the address where there is no name.
func (o Origin) String() string {
	if o.Name == "" {
		return o.Repository
	}
	return strings.TrimPrefix(o.Organization+"/"+o.Name, "/")
}

// IMatrix is the importance matrix that a model was quantized with; no File: none, or
// it is not known.
type IMatrix struct {
	File, Dataset   string
	Entries, Chunks int
}

// maxOrigins are read of each kind: a count of the file is not believed.
const maxOrigins = 64

// Metadata reads the keys general.*. The error is of reading, or of a list that is none.
func (f *File) Metadata() (Metadata, error) {
	general := func(names ...string) string {
		for _, name := range names {
			if text := f.Text("general." + name); text != "" {
				return text
			}
		}
		return ""
	}
	m := Metadata{
		Type: general("type"), Name: general("name"), Author: general("author"), Organization: general("organization"),
		Version: general("version"), Basename: general("basename"), Finetune: general("finetune"), SizeLabel: general("size_label"),
		Description: general("description"), QuantizedBy: general("quantized_by"),
		License: general("license"), LicenseName: general("license.name"), LicenseLink: general("license.link"),
		URL: general("url"), Repository: general("repo_url"),
		Source:     general("source.repo_url", "source.url", "source.huggingface.repository"),
		BaseModels: f.origins("base_model"), Datasets: f.origins("dataset"),
		IMatrix: IMatrix{
			File: f.Text("quantize.imatrix.file"), Dataset: f.Text("quantize.imatrix.dataset"),
			Entries: f.number("quantize.imatrix.entries_count"), Chunks: f.number("quantize.imatrix.chunks_count"),
		},
	}
	var err error
	if m.Tags, err = f.words("general.tags"); err == nil {
		m.Languages, err = f.words("general.languages")
	}
	if datasets, err := f.words("general.datasets"); err == nil && m.Datasets == nil { // how it was written before 2025
		for _, name := range datasets {
			m.Datasets = append(m.Datasets, Origin{Name: name})
		}
	}
	return m, err
}

// origins reads general.KIND.0.name and so on.
func (f *File) origins(kind string) (all []Origin) {
	for i := range min(f.number("general."+kind+".count"), maxOrigins) {
		at := func(name string) string { return f.Text(fmt.Sprintf("general.%s.%d.%s", kind, i, name)) }
		all = append(all, Origin{at("name"), at("author"), at("organization"), at("version"), at("repo_url")})
	}
	return all
}

// words is a list of strings; none where the key is absent.
func (f *File) words(key string) ([]string, error) {
	v, ok := f.Lookup(key)
	if !ok {
		return nil, nil
	}
	all, err := v.Strings()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	words := make([]string, 0, min(all.Len(), firstPlaces))
	for _, word := range all.All() {
		words = append(words, word)
	}
	return words, nil
}

// number of a key; 0 where it is absent or none that fits.
func (f *File) number(key string) int {
	n, _ := f.Uint(key)
	if n > 1<<31 {
		return 0
	}
	return int(n)
}
