package license

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// policySchema names the form of a policy file; policyLimit bounds it, in bytes.
const (
	policySchema = "llm.policy/1"
	policyLimit  = 1 << 20
)

// Policy says what a machine is used for, and what of licences its people have settled. docs/license.md describes the
// file.
type Policy struct {
	Schema     string      `yaml:"schema"`
	Use        []string    `yaml:"use"`        // words as ParseUse reads them
	Accept     []Exception `yaml:"accept"`     // read by a person: what would ask, or is not known, is allowed
	Agreements []Exception `yaml:"agreements"` // there is a contract: the licence says nothing any more

	use Use
}

// Exception is a licence that is settled.
type Exception struct {
	Licence string `yaml:"licence"` // an id of licences.json
	File    string `yaml:"file"`    // for files of this name alone; * and ? stand for characters. The licence unknown needs it
	Because string `yaml:"because"`
}

// ParsePolicy reads a file strictly. Errors say what is wrong, with the line where it is known.
func (f *Facts) ParsePolicy(r io.Reader) (*Policy, error) {
	data, err := io.ReadAll(io.LimitReader(r, policyLimit+1))
	if err != nil {
		return nil, err
	}
	if len(data) > policyLimit {
		return nil, fmt.Errorf("it has more than %s bytes", thousands(policyLimit))
	}
	p := &Policy{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(p); err == io.EOF {
		return nil, fmt.Errorf("it is empty; it begins with schema: %s", policySchema)
	} else if err != nil {
		return nil, errors.New(Clean(strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\n", ""), "yaml: ")))
	}
	if err := d.Decode(&Policy{}); err != io.EOF {
		return nil, errors.New("something stands behind the first document")
	}
	if p.Schema != policySchema {
		return nil, fmt.Errorf("schema \"%s\": this version reads %s", Clean(p.Schema), policySchema)
	}
	if len(p.Use) == 0 {
		return nil, errors.New("use is missing: say what the machine is used for, such as use: [commercial, region=EU]")
	}
	if p.use, err = NewUse(p.Use); err != nil {
		return nil, err
	}
	for _, x := range append(slices.Clone(p.Accept), p.Agreements...) {
		if err := f.checkException(&x); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (f *Facts) checkException(x *Exception) error {
	l := f.byID[x.Licence]
	switch {
	case l == nil:
		return fmt.Errorf("licence \"%s\": there is none of this id; llm license MODEL shows the ids", Clean(x.Licence))
	case strings.TrimSpace(x.Because) == "":
		return fmt.Errorf("licence %s: because is missing: say who settled it, and how", x.Licence)
	case l.Kind == "marker" && x.File == "":
		return fmt.Errorf("licence %s: file is missing: what is not known can be accepted for named files alone", x.Licence)
	}
	if _, err := path.Match(x.File, ""); err != nil {
		return fmt.Errorf("file \"%s\": %w", Clean(x.File), err)
	}
	return nil
}

// Decide answers for the policy's use, with what its people have settled.
func (f *Facts) Decide(p *Policy, e *Evidence, id *Identification) Answer {
	a := f.Check(id, p.use)
	a.Findings = slices.DeleteFunc(a.Findings, func(x Finding) bool {
		return covers(p.Agreements, x.Licence, e.File) || x.Verdict < Deny && x.Verdict >= Ask && covers(p.Accept, x.Licence, e.File)
	})
	a.Verdict, a.Otherwise, a.Depends = Allow, nil, nil
	for _, x := range a.Findings {
		a.Verdict = max(a.Verdict, x.Verdict)
		if x.Verdict >= Ask {
			a.Depends = append(a.Depends, x.Depends...)
		}
	}
	slices.Sort(a.Depends)
	a.Depends = slices.Compact(a.Depends)
	return a
}

func covers(all []Exception, licence, file string) bool {
	name := file[strings.LastIndexAny(file, `/\`)+1:]
	return slices.ContainsFunc(all, func(x Exception) bool {
		fits, _ := path.Match(x.File, name)
		return x.Licence == licence && (x.File == "" || fits)
	})
}
