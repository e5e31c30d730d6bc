package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// goParts are the runtime and the standard library, with what they have of others.
var goParts = []part{
	{"Go runtime and standard library, with golang.org/x/crypto, net, sys and text", "https://go.dev", "BSD-3-Clause", "", []text{whole("go/LICENSE"), whole("go/PATENTS")}},
	{"memmove of Inferno, in Go's runtime", "", "MIT", "", []text{{"go/src/runtime/memmove_amd64.s", "Inferno's libkern", "// THE SOFTWARE."}}},
	{"msun of FreeBSD, in Go's math", "", "SunPro", "", []text{{"go/src/math/log.go", "Copyright (C) 1993 by Sun", "is preserved."}, {"go/src/math/exp.go", "Copyright (C) 2004 by Sun", "is preserved."}}},
	{"Cephes Mathematical Library, in Go's math", "", "Cephes", "", []text{{"go/src/math/sin.go", "Cephes Math Library Release", "moshier@"}}},
	{"fiat-crypto, in Go's crypto", "https://github.com/mit-plv/fiat-crypto", "BSD-1-Clause", "",
		[]text{{"go/src/crypto/internal/fips140/edwards25519/scalar.go", "Copyright (c) 2015-2020 The fiat-crypto", "SOFTWARE, EVEN IF"}}},
}

// linked is what `go list` says of a package of the program.
type linked struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	SFiles            []string
	Module            *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// packages are those that the program is linked of.
func packages(root string) ([]linked, error) {
	out, err := goCommand(root, "list", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,SFiles,Module", "./cmd/llm")
	if err != nil {
		return nil, err
	}
	var all []linked
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var p linked
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

func goCommand(root string, args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Dir = root
	c.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=1", "GOFLAGS=", "GOPROXY=off") // the release's
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("go %s: %w", args[0], err)
	}
	return string(out), err
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents)`)

// modules are the modules of the program's packages, each with the licences of its root
// and of the folders of its packages.
func modules(root string) ([]part, error) {
	all, err := packages(root)
	if err != nil {
		return nil, err
	}
	parts := map[string]*part{}
	for _, p := range all {
		m := p.Module
		if m == nil || m.Main {
			continue
		}
		if parts[m.Path] == nil {
			parts[m.Path] = &part{name: m.Path + " " + m.Version, licence: licences[m.Path]}
			if licences[m.Path] == "" {
				return nil, fmt.Errorf("the licence of %s has no name; give it one in scripts/notices/golang.go", m.Path)
			}
		}
		for dir := p.Dir; ; dir = filepath.Dir(dir) {
			if err := parts[m.Path].addLicences(dir); err != nil {
				return nil, err
			}
			if dir == m.Dir {
				break
			}
		}
		if file := elsewhere[m.Path]; file != "" {
			if t := whole(filepath.Join(m.Dir, file)); !slices.Contains(parts[m.Path].texts, t) {
				parts[m.Path].texts = append(parts[m.Path].texts, t)
			}
		}
	}
	var sorted []part
	for _, p := range parts {
		if len(p.texts) == 0 {
			return nil, fmt.Errorf("%s has no licence file", p.name)
		}
		slices.SortFunc(p.texts, func(a, b text) int { return strings.Compare(a.path, b.path) })
		sorted = append(sorted, *p)
	}
	slices.SortFunc(sorted, func(a, b part) int { return strings.Compare(a.name, b.name) })
	return sorted, nil
}

// addLicences adds the licences in a folder that are not there yet.
func (p *part) addLicences(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if t := whole(filepath.Join(dir, e.Name())); e.Type().IsRegular() && licenceFile.MatchString(e.Name()) && filepath.Ext(e.Name()) != ".go" && !slices.Contains(p.texts, t) {
			p.texts = append(p.texts, t)
		}
	}
	return err
}

// elsewhere are licences in other folders: of a choice of several the one that was chosen.
var elsewhere = map[string]string{
	"github.com/golang/freetype": "licenses/ftl.txt",
}

// licences are the SPDX names of what the texts say.
var licences = map[string]string{
	"github.com/CycloneDX/cyclonedx-go":        "Apache-2.0",
	"github.com/clipperhouse/uax29/v2":         "MIT",
	"github.com/cpuguy83/go-md2man/v2":         "MIT",
	"github.com/klauspost/compress":            "BSD-3-Clause AND Apache-2.0 AND MIT",
	"github.com/mattn/go-runewidth":            "MIT",
	"github.com/mitchellh/colorstring":         "MIT",
	"github.com/peterh/liner":                  "MIT",
	"github.com/rivo/uniseg":                   "MIT",
	"github.com/russross/blackfriday/v2":       "BSD-2-Clause",
	"github.com/schollz/progressbar/v3":        "MIT",
	"github.com/spf13/cobra":                   "Apache-2.0",
	"github.com/spf13/pflag":                   "BSD-3-Clause",
	"codeberg.org/go-fonts/liberation":         "BSD-3-Clause AND OFL-1.1",
	"codeberg.org/go-latex/latex":              "BSD-3-Clause",
	"codeberg.org/go-pdf/fpdf":                 "MIT",
	"git.sr.ht/~sbinet/gg":                     "MIT",
	"github.com/ajstarks/svgo":                 "CC-BY-4.0",
	"github.com/golang/freetype":               "FTL",
	"github.com/santhosh-tekuri/jsonschema/v6": "Apache-2.0",
	"golang.org/x/image":                       "BSD-3-Clause",
	"golang.org/x/text":                        "BSD-3-Clause",
	"gonum.org/v1/plot":                        "BSD-3-Clause",
	"go.yaml.in/yaml/v3":                       "MIT AND Apache-2.0",
	"golang.org/x/sys":                         "BSD-3-Clause",
	"golang.org/x/term":                        "BSD-3-Clause",
}
