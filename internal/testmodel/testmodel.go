// Package testmodel finds the real models that the tests run on. Nothing but tests
// may import it.
package testmodel

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// SmolLM2 is the path of SmolLM2-135M-Instruct Q4_1: chat template, BPE, plain
// attention.
func SmolLM2(t testing.TB) string { return find(t, "SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2") }

// Gemma3 is the path of Gemma 3 270M Q4_K_M: a base model with a sliding window
// and a vocabulary of 262,144 tokens.
func Gemma3(t testing.TB) string { return find(t, "gemma-3-270m.Q4_K_M.gguf", "gemma3") }

// Template is the source of a chat template, by the name it has in the engine's source.
func Template(t testing.TB, name string) string {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(Root(), "third_party", "llama.cpp", "models", "templates", name+".jinja"))
	if err != nil {
		t.Fatalf("%v; get it with: make native", err)
	}
	return string(source)
}

// Root is the repository's root folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

func find(t testing.TB, file, name string) string {
	t.Helper()
	path := filepath.Join(Root(), "models", file)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v; get it with: scripts/fetch-model.sh %s", err, name)
	}
	return path
}
