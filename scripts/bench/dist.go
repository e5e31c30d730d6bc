package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// compareDist sets the program of the release archive, which chooses its code for the
// processor when it starts, beside bin/llm, which was compiled for this one.
func (c *config) compareDist() error {
	found, err := filepath.Glob("dist/llm-*.tar.zst")
	if err != nil || len(found) != 1 {
		fmt.Println("\nno release archive to compare with; make one with: make dist")
		return err
	}
	dir, err := os.MkdirTemp("", "dist")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if out, err := exec.Command("tar", "--zstd", "-xf", found[0], "-C", dir, "--strip-components=1").CombinedOutput(); err != nil {
		return fmt.Errorf("unpack %s: %w: %s", found[0], err, out)
	}
	var prompt, generation pairs
	for i := range c.pairs {
		var release, native speeds
		err := inTurn(i,
			func() (err error) { release, err = c.programSpeed(filepath.Join(dir, "bin/llm")); return err },
			func() (err error) { native, err = c.programSpeed("bin/llm"); return err })
		if err != nil {
			return err
		}
		prompt.add(release.Prompt, native.Prompt)
		generation.add(release.Generation, native.Generation)
	}
	fmt.Println()
	header("release", "native", "ratio")
	prompt.print(fmt.Sprintf("pp%d", promptTokens), "tok/s", false)
	generation.print(fmt.Sprintf("tg%d, after the prompt", generationTokens), "tok/s", false)
	return nil
}

// programSpeed is what `llm run --json` says of a prompt and its reply.
func (c *config) programSpeed(program string) (s speeds, err error) {
	out, err := exec.Command(program, "run", "-m", c.model, "--no-chat", "--json", "--ignore-eos", "--temp", "0", "-c", "1024", "-t", strconv.Itoa(c.threads),
		"-n", strconv.Itoa(generationTokens), "-p", strings.Repeat(" the", promptTokens)).Output()
	if err != nil {
		return s, fmt.Errorf("%s: %w", program, err)
	}
	for line := range bytes.Lines(out) {
		var u struct {
			Event            string
			PromptTokens     float64 `json:"prompt_tokens"`
			PromptMS         float64 `json:"prompt_ms"`
			CompletionTokens float64 `json:"completion_tokens"`
			GenerationMS     float64 `json:"generation_ms"`
		}
		if err := json.Unmarshal(line, &u); err != nil {
			return s, fmt.Errorf("%s: %w", program, err)
		}
		if u.Event == "usage" && u.PromptTokens == promptTokens && u.CompletionTokens == generationTokens {
			return speeds{1000 * u.PromptTokens / u.PromptMS, 1000 * (u.CompletionTokens - 1) / u.GenerationMS}, nil
		}
	}
	return s, fmt.Errorf("%s said nothing of %d and %d tokens: %s", program, promptTokens, generationTokens, out)
}
