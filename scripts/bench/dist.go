package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/seed-f87006eb/llm"
)

// compareDist sets the program of the release archive, which chooses its code for the
// processor when it starts, beside bin/llm, which was compiled for this one. Both are the
// child process of this program, and new ones each time.
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
	program := func(path string) (speed, error) {
		return generateSpeed(*c, llm.Isolated(), llm.WorkerProgram(path))
	}
	var prompt, generation pairs
	for i := range c.pairs {
		var release, native speed
		err := inTurn(i,
			func() (err error) { release, err = program(filepath.Join(dir, "bin/llm")); return err },
			func() (err error) { native, err = program("bin/llm"); return err })
		if err != nil {
			return err
		}
		prompt.add(release.Prompt, native.Prompt)
		generation.add(release.Generation, native.Generation)
	}
	fmt.Println()
	header("release", "native", "ratio")
	prompt.print(fmt.Sprintf("pp%d", promptTokens), "tok/s", false)
	generation.print(fmt.Sprintf("tg%d", generationTokens), "tok/s", false)
	return nil
}
