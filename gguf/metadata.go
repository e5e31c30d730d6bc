package gguf

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Metadata is what the keys general.* say: where the model comes from, and on which
// conditions. What the file does not say is empty. Nothing of it is checked: it is the
// word of whoever made the file.
type Metadata struct {
	Type string // "model", "adapter", "mmproj", …; empty means model
	Source
	Basename, SizeLabel, Finetune, QuantizedBy string

	License, LicenseName, LicenseLink string // an SPDX expression; else a name, and where it stands

	Origin     Source   // what it was converted from: general.source.*
	BaseModels []Source // what it was made of
	Datasets   []Source // what it was trained on
	Tags       []string
	Languages  []string // ISO 639

	QuantizationVersion uint64
	IMatrix             IMatrix
}

// Source names a model or a dataset, and who made it.
type Source struct {
	Name, Author, Version, Organization, Description string
	URL, RepoURL, DOI, UUID                          string
}

// IMatrix is the importance matrix that a quantization was made with: quantize.imatrix.*.
type IMatrix struct {
	File, Dataset   string
	Entries, Chunks int64
}

// maxList is of an array that Metadata reads, in bytes.
const maxList = 1 << 20

// ErrTooLong is for a list of names that no model has any use for.
var ErrTooLong = errors.New("a list of more than 1 MiB")

// Metadata reads the keys, and the lists that they have. Values of a wrong type count
// as absent. Errors: [ErrTooLong], and those of reading.
func (f *File) Metadata() (*Metadata, error) {
	m := &Metadata{
		Type: f.Text("general.type"), Basename: f.Text("general.basename"), SizeLabel: f.Text("general.size_label"),
		Finetune: f.Text("general.finetune"), QuantizedBy: f.Text("general.quantized_by"),
		License: f.Text("general.license"), LicenseName: f.Text("general.license.name"), LicenseLink: f.Text("general.license.link"),
		IMatrix: IMatrix{
			File: f.Text("quantize.imatrix.file"), Dataset: f.Text("quantize.imatrix.dataset"),
			Entries: f.int("quantize.imatrix.entries_count"), Chunks: f.int("quantize.imatrix.chunks_count"),
		},
		BaseModels: f.sources("general.base_model."),
		Datasets:   f.sources("general.dataset."),
	}
	m.QuantizationVersion, _ = f.Uint("general.quantization_version")
	for _, k := range f.Keys {
		if field, ok := strings.CutPrefix(k.Name, "general.source."); ok {
			m.Origin.set(field, k.text)
		} else if field, ok := strings.CutPrefix(k.Name, "general."); ok {
			m.Source.set(field, k.text)
		}
	}
	var errs [3]error
	var datasets []string
	m.Tags, errs[0] = f.list("general.tags")
	m.Languages, errs[1] = f.list("general.languages")
	datasets, errs[2] = f.list("general.datasets") // as files of 2024 name them
	for _, name := range datasets {
		m.Datasets = append(m.Datasets, Source{Name: name})
	}
	return m, errors.Join(errs[:]...)
}

// set has a field by the last part of its key.
func (s *Source) set(field, text string) {
	switch field {
	case "name":
		s.Name = text
	case "author":
		s.Author = text
	case "version":
		s.Version = text
	case "organization":
		s.Organization = text
	case "description":
		s.Description = text
	case "url":
		s.URL = text
	case "repo_url", "huggingface.repository":
		s.RepoURL = text
	case "doi":
		s.DOI = text
	case "uuid":
		s.UUID = text
	}
}

// sources are those of keys PREFIX NUMBER.FIELD, by number.
func (f *File) sources(prefix string) []Source {
	type numbered struct {
		n int
		Source
	}
	var found []numbered
	for _, k := range f.Keys {
		rest, ok := strings.CutPrefix(k.Name, prefix)
		number, field, dot := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if !ok || !dot || err != nil || n < 0 {
			continue
		}
		i := slices.IndexFunc(found, func(s numbered) bool { return s.n == n })
		if i < 0 {
			i = len(found)
			found = append(found, numbered{n: n})
		}
		found[i].set(field, k.text)
	}
	slices.SortFunc(found, func(a, b numbered) int { return a.n - b.n })
	var all []Source
	for _, s := range found {
		all = append(all, s.Source)
	}
	return all
}

// list is an array of strings, or one string; nil where it is absent.
func (f *File) list(name string) ([]string, error) {
	v, ok := f.Lookup(name)
	if text, isText := v.Text(); ok && isText {
		return []string{text}, nil
	}
	if !ok || v.Type != Array || v.Elem != String {
		return nil, nil
	}
	if v.Size > maxList {
		return nil, fmt.Errorf("read %s: %w", name, ErrTooLong)
	}
	s, err := v.Strings()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var all []string
	for _, text := range s.All() {
		all = append(all, text)
	}
	return all, nil
}

// int is an integer; 0 where it is absent or none.
func (f *File) int(name string) int64 {
	v, _ := f.Lookup(name)
	n, _ := v.Int()
	return n
}
