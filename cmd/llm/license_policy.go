package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/license"
)

// policyPath is the file that says what this machine is used for, and whether somebody named it: then it must be there.
func policyPath() (path string, named bool) {
	if path = os.Getenv("LLM_POLICY"); path != "" {
		return path, true
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", false
	}
	return filepath.Join(folder, "llm", "policy.yaml"), false
}

// permit asks the use policy before files are loaded to be used. Without a policy nothing is read and nothing said. What
// is not allowed is an error that names the clause, with the exit code of its verdict.
func (a *app) permit(files []string) error {
	path, named := policyPath()
	if path == "" {
		return nil
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the use policy: %w", err)
	}
	defer file.Close()
	facts, err := licenseFacts("")
	if err != nil {
		return err
	}
	policy, err := facts.ParsePolicy(file)
	if err != nil {
		return fmt.Errorf("read the use policy %s: %w; docs/license.md describes it", path, err)
	}
	for _, name := range files {
		e, _, err := evidence(context.Background(), name)
		if err != nil {
			return err
		}
		id := facts.Identify(e)
		answer := facts.Decide(policy, e, id)
		if code := answer.Verdict.ExitCode(); code != 0 {
			return exitError{fmt.Errorf("the use policy %s does not let %s load: %s: %s; llm license says more (%s)",
				path, name, answer.Verdict, answer.Findings[0].Because(), facts.Footing()), code}
		}
	}
	return nil
}

// termsOf is what llm license says of a file, in short.
func termsOf(f *gguf.File, address string) (inspectedTerms, error) {
	facts, err := licenseFacts("")
	if err != nil {
		return inspectedTerms{}, err
	}
	e, err := evidenceOf(f, address)
	if err != nil {
		return inspectedTerms{}, err
	}
	id := facts.Identify(e)
	use, err := license.ParseUse("commercial")
	if err != nil {
		return inspectedTerms{}, err
	}
	answer, open := facts.Check(id, use), facts.Openness(id)
	t := inspectedTerms{Commercial: answer.Verdict.String(), Line: facts.Line(id), Openness: open.Line(), FactsAsOf: facts.AsOf()}
	for _, l := range id.Licences {
		t.Licences = append(t.Licences, l.ID)
	}
	return t, nil
}
