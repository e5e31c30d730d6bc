package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/license"
)

type licenseFlags struct {
	json, sources, hash bool
	facts, use          string
}

func (a *app) licenseCommand() *cobra.Command {
	var f licenseFlags
	c := &cobra.Command{
		Use:   "license FILE|URL",
		Short: "Tell what may be done with a model, and why",
		Long: `Tell what may be done with a model (GGUF): which licence it is under and why, what that
allows, asks for and forbids, and what of the model is open.

Only the header is read, also behind a URL. Where the file and the family that it comes
from say different things, the stricter counts and both are shown. What is not known is
never a yes. The answers come from facts that are built in, each with its source, date and
confidence (--sources); newer ones can be put into a folder (--facts, or LLM_LICENSE_FACTS).
They are engineering facts, not legal advice. What --json prints is described in
docs/license.md.`,
		Example: `  llm license model.gguf
  llm license check --use commercial,mau=5e6,region=EU,redistribute model.gguf
  llm license notices model.gguf other.gguf >NOTICE
  llm license sbom model.gguf >model.cdx.json`,
		Args:              filesOrURLs(1),
		RunE:              func(_ *cobra.Command, args []string) error { return a.license(&f, args[0]) },
		ValidArgsFunction: completeModel,
	}
	c.PersistentFlags().StringVar(&f.facts, "facts", "", "folder with newer facts, as docs/license.md describes them")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().BoolVar(&f.sources, "sources", false, "say where each fact comes from")
	c.AddCommand(a.licenseCheckCommand(&f), a.licenseNoticesCommand(&f), a.licenseSBOMCommand(&f))
	return c
}

// filesOrURLs is for a command that takes so many; 0: one or more.
func filesOrURLs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if n > 0 && len(args) != n {
			return usagef("%s takes one file or URL, not %d; see '%s --help'", c.CommandPath(), len(args), c.CommandPath())
		}
		if len(args) == 0 {
			return usagef("%s takes files or URLs, and there is none; see '%s --help'", c.CommandPath(), c.CommandPath())
		}
		return nil
	}
}

func (a *app) licenseCheckCommand(f *licenseFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "check --use WORDS FILE|URL",
		Short: "Answer whether a model may be used in a certain way",
		Long: `Answer whether a model may be used in a certain way: allow, allow with duties, ask,
deny or unknown, with the clauses that say so.

What the answer depends on and was not said makes it ask: give the figures and regions.
Only clauses of high confidence deny; others ask. The exit code is 0 for both kinds of
allow, 3 for ask, 4 for deny and 5 for unknown.

Words of --use, with commas between:
` + useWords(),
		Example: `  llm license check --use commercial,mau=5e6,region=EU,redistribute,train-other model.gguf
  llm license check --use research,modify model.gguf --json`,
		Args:              filesOrURLs(1),
		RunE:              func(_ *cobra.Command, args []string) error { return a.licenseCheck(f, args[0]) },
		ValidArgsFunction: completeModel,
	}
	c.Flags().StringVar(&f.use, "use", "", "what is to be done with the model")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().BoolVar(&f.sources, "sources", false, "say where each fact comes from")
	return c
}

func useWords() string {
	var b strings.Builder
	for _, w := range license.UseWords {
		for i, line := range fold(w.Meaning, 60) {
			word := w.Word
			if i > 0 {
				word = ""
			}
			fmt.Fprintf(&b, "  %-18s %s\n", word, line)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (a *app) licenseNoticesCommand(f *licenseFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "notices FILE|URL...",
		Short: "Write the notice file that the licences of models ask for",
		Long: `Write the notice file that has to go with models when they are passed on: their names and
origins, the words that their licences ask for, and what else has to be done. Where the
facts do not have the words, it says so. What stands against passing a model on is said
on standard error.`,
		Example:           "  llm license notices model.gguf other.gguf >NOTICE",
		Args:              filesOrURLs(0),
		RunE:              func(_ *cobra.Command, args []string) error { return a.licenseNotices(f, args) },
		ValidArgsFunction: completeModel,
	}
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return c
}

func (a *app) licenseSBOMCommand(f *licenseFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "sbom FILE|URL",
		Short: "Write a bill of materials of a model (CycloneDX ML-BOM)",
		Long: `Write a bill of materials of a model: CycloneDX 1.6 in JSON, with its licences, what it was
made of and trained on as far as the file says it, and what is open. The same model gives
the same text.`,
		Example:           "  llm license sbom model.gguf --hash >model.cdx.json",
		Args:              filesOrURLs(1),
		RunE:              func(_ *cobra.Command, args []string) error { return a.licenseSBOM(f, args[0]) },
		ValidArgsFunction: completeModel,
	}
	c.Flags().BoolVar(&f.hash, "hash", false, "read the whole file, for its SHA-256")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON (it always does)")
	return c
}

// licenseFacts are the built-in ones, or with those of the folder that the flag or the environment names.
func licenseFacts(folder string) (*license.Facts, error) {
	if folder == "" {
		folder = os.Getenv("LLM_LICENSE_FACTS")
	}
	if folder == "" {
		return license.Builtin()
	}
	f, err := license.Load(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", folder, err)
	}
	return f, nil
}

// sidecarNames are what a licence text beside a model is called; sidecarLimit is how much of one is read, in bytes.
var sidecarNames = []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"}

const sidecarLimit = 1 << 20

// evidence reads the header of a file, or of what is behind a URL.
func evidence(ctx context.Context, address string) (*license.Evidence, []license.File, error) {
	file, err := openHeader(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	e, err := evidenceOf(file, address)
	if err != nil {
		return nil, nil, err
	}
	var files []license.File
	for _, p := range file.Parts {
		files = append(files, license.File{Name: p.Name})
	}
	return e, files, nil
}

// evidenceOf is what a header says, and a text beside it where it is a file.
func evidenceOf(file *gguf.File, address string) (*license.Evidence, error) {
	e, err := license.FromFile(file, address)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(address, "://") {
		e.Sidecar = sidecar(filepath.Dir(address))
	}
	return &e, nil
}

func sidecar(folder string) *license.Sidecar {
	for _, name := range sidecarNames {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err != nil || !info.Mode().IsRegular() || info.Size() > sidecarLimit {
			continue
		}
		if text, err := os.ReadFile(path); err == nil {
			return &license.Sidecar{Name: name, Text: string(text)}
		}
	}
	return nil
}

// read gets the facts, and what a model says of itself.
func (f *licenseFlags) read(address string) (*license.Facts, *license.Evidence, error) {
	ctx, stop := interruptible()
	defer stop()
	facts, err := licenseFacts(f.facts)
	if err != nil {
		return nil, nil, err
	}
	e, _, err := evidence(ctx, address)
	return facts, e, err
}

func (a *app) license(f *licenseFlags, address string) error {
	facts, e, err := f.read(address)
	if err != nil {
		return err
	}
	r := facts.Report(e)
	if f.sources {
		r.Sources = facts.Cite(r.Licence)
	}
	return a.report(r, f.json, func(s style) string { return licenseScreen(r, facts, s) }, true)
}

// checkedLicense is what llm license check prints as JSON.
type checkedLicense struct {
	File    string                  `json:"file"`
	Model   string                  `json:"model"`
	Answer  license.Answer          `json:"answer"`
	Licence *license.Identification `json:"licence"`
	Facts   license.FactsNote       `json:"facts"`
	Sources []license.SourceNote    `json:"sources,omitempty"`
}

func (a *app) licenseCheck(f *licenseFlags, address string) error {
	u, err := license.ParseUse(f.use)
	if err != nil {
		return usagef("--%w", err)
	}
	facts, e, err := f.read(address)
	if err != nil {
		return err
	}
	id := facts.Identify(e)
	r := &checkedLicense{File: license.Clean(address), Model: e.Title(), Answer: facts.Check(id, u), Licence: id, Facts: facts.Note()}
	if f.sources {
		r.Sources = facts.Cite(id)
	}
	if err := a.report(r, f.json, func(s style) string { return answerScreen(r, s) }, true); err != nil {
		return err
	}
	if code := r.Answer.Verdict.ExitCode(); code != 0 {
		return exitError{errReported, code}
	}
	return nil
}

func (a *app) licenseNotices(f *licenseFlags, addresses []string) error {
	ctx, stop := interruptible()
	defer stop()
	facts, err := licenseFacts(f.facts)
	if err != nil {
		return err
	}
	var all []*license.Evidence
	for _, address := range addresses {
		e, _, err := evidence(ctx, address)
		if err != nil {
			return err
		}
		all = append(all, e)
	}
	text, against := facts.Notices(all)
	for _, line := range against {
		fmt.Fprintf(a.err, "llm: %s\n", oneLine(line))
	}
	if f.json {
		return json.NewEncoder(a.out).Encode(struct {
			Notice  string            `json:"notice"`
			Against []string          `json:"against"`
			Facts   license.FactsNote `json:"facts"`
		}{text, append([]string{}, against...), facts.Note()})
	}
	_, err = a.out.WriteString(text)
	return err
}
