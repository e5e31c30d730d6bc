package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm"
)

// thirdPartyNotices is written by scripts/notices.
//
//go:embed THIRD_PARTY_NOTICES
var thirdPartyNotices string

func (a *app) versionCommand() *cobra.Command {
	var asJSON, notices bool
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the versions of llm and of its engine",
		Example: "  llm version\n  llm version --json\n  llm version --notices",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if notices && asJSON {
				return usagef("--notices and --json exclude each other")
			}
			if notices {
				_, err := a.out.WriteString(thirdPartyNotices)
				return err
			}
			v, err := version()
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(v)
			}
			_, err = a.out.WriteString(v.String())
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVar(&notices, "notices", false, "print the licences of what llm is made of")
	return c
}

// glibcFloor is the oldest glibc that the program and its libraries run with; the build of
// a release sets it (scripts/dist.sh), others do not know.
var glibcFloor string

type versions struct {
	LLM     string   `json:"llm"`
	Go      string   `json:"go"`
	Engine  string   `json:"engine"`
	Tree    string   `json:"tree"`
	Backend string   `json:"backend"`
	System  string   `json:"system"`
	Modules []string `json:"modules,omitempty"` // that the engine loaded
	GLIBC   string   `json:"glibc,omitempty"`   // this or newer
}

func (v versions) String() string {
	s := fmt.Sprintf("llm      %s (%s, %s/%s)\nengine   llama.cpp %s\ntree     %s\nbackend  %s\nsystem   %s\n",
		v.LLM, v.Go, runtime.GOOS, runtime.GOARCH, v.Engine, v.Tree, v.Backend, v.System)
	for _, m := range v.Modules {
		s += "module   " + m + "\n"
	}
	if v.GLIBC != "" {
		s += fmt.Sprintf("needs    glibc %s or newer\n", v.GLIBC)
	}
	return s
}

func version() (versions, error) {
	b := llm.BuildInfo()
	v := versions{LLM: "unknown", Go: runtime.Version(), Engine: b.Version, Tree: b.Tree, Backend: b.Backend, System: b.System, GLIBC: glibcFloor}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.LLM = info.Main.Version
	}
	backends, err := llm.Backends()
	for _, b := range backends {
		if b.Module != "" && b.Name != "" {
			v.Modules = append(v.Modules, filepath.Base(b.Module))
		}
	}
	return v, err
}
