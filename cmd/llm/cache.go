package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// cacheDir is the folder for what is made again where it is missing: LLM_CACHE, or llm in the
// user's folder for such.
func cacheDir() (string, error) {
	if dir := os.Getenv("LLM_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no folder for what is cached: %w; name one with LLM_CACHE", err)
	}
	return filepath.Join(dir, "llm"), nil
}
