package testheader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
	"github.com/seed-f87006eb/llm/internal/testmodel"
)

// Tiny are the paths of tiny models, one or two of each architecture that the engine's own
// generator makes (tests/test-llama-archs.cpp@v0.5.0): its headers, with holes for the
// weights, which read as zeros. They have no vocabulary and 128 tokens. The files stay, and
// are shared: nobody may change them.
func Tiny(tb testing.TB) []string {
	tb.Helper()
	paths, err := TinyPaths()
	if err != nil {
		tb.Fatal(err)
	}
	return paths
}

// TinyPaths is [Tiny] where there is no test.
func TinyPaths() ([]string, error) {
	making.Lock()
	defer making.Unlock()
	folder, err := folder()
	if err != nil {
		return nil, err
	}
	tiny := filepath.Join(folder, "tiny")
	if _, err := os.Stat(tiny); errors.Is(err, fs.ErrNotExist) {
		err = generate(folder, tiny)
		if err != nil {
			return nil, err
		}
	}
	return filepath.Glob(filepath.Join(tiny, "*.gguf"))
}

// generate makes the models in other folders, and renames that of their headers when it is
// whole; another process may be at it too.
func generate(folder, tiny string) error {
	program, err := generator()
	if err != nil {
		return err
	}
	whole, err := os.MkdirTemp(folder, "whole")
	if err != nil {
		return err
	}
	defer os.RemoveAll(whole)
	headers, err := os.MkdirTemp(folder, "headers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(headers)
	if out, err := exec.Command(program, "-s", "1", "-o", whole).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, out)
	}
	models, err := filepath.Glob(filepath.Join(whole, "*.gguf"))
	if err != nil {
		return err
	}
	for _, model := range models {
		if err := hollow(model, filepath.Join(headers, filepath.Base(model))); err != nil {
			return err
		}
	}
	if err := os.Rename(headers, tiny); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// generator is the program that the native build makes of the engine's.
func generator() (string, error) {
	for _, build := range []string{"cpu", "cpu-asan"} {
		path := filepath.Join(testmodel.Root(), "build", build, "bin", "tiny-models")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("build/cpu/bin/tiny-models is missing; get it with: make native")
}

// hollow copies the header of a file, with a hole for the rest.
func hollow(from, to string) error {
	f, err := gguf.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	if _, err := io.CopyN(out, in, f.Parts[0].DataOffset); err != nil {
		return err
	}
	if err := out.Truncate(f.Size()); err != nil {
		return err
	}
	return out.Close()
}
