package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// defaultModel is what scripts/fetch-model.sh gets when it is not told otherwise.
const defaultModel = "SmolLM2-135M-Instruct.Q4_1.gguf"

// modelArg takes the model from the flag, else from the first argument, else the
// default model, and returns the arguments that are left.
func (a *app) modelArg(flag string, args []string) (path string, rest []string, err error) {
	if flag != "" {
		return flag, args, checkModelArg(flag)
	}
	if len(args) > 0 {
		return args[0], args[1:], checkModelArg(args[0])
	}
	places := defaultModelPlaces()
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p, nil, nil
		}
	}
	return "", nil, usagef("no MODEL was given and the default model is not at %s; give a .gguf file, or get the default model with scripts/fetch-model.sh",
		strings.Join(places, " or "))
}

// checkModelArg notices a missing file before anything is read from a pipe, and a
// prompt in the place of the model.
func checkModelArg(arg string) error {
	_, err := os.Stat(arg)
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return nil
	case strings.Contains(arg, " ") && !strings.HasSuffix(arg, ".gguf"):
		return usagef("the first argument is the model file, and there is no file %q; to ask the default model, use -p", arg)
	}
	return fmt.Errorf("open model %s: %w; check the path", arg, fs.ErrNotExist)
}

// defaultModelPlaces are where the default model is looked for: beside the
// repository's bin folder, in models here, and in the user's data folder.
func defaultModelPlaces() []string {
	var places []string
	if exe, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(exe), "..", "models", defaultModel))
	}
	places = append(places, filepath.Join("models", defaultModel))
	data := os.Getenv("XDG_DATA_HOME")
	if data == "" {
		if home, err := os.UserHomeDir(); err == nil {
			data = filepath.Join(home, ".local", "share")
		}
	}
	if data != "" {
		places = append(places, filepath.Join(data, "llm", "models", defaultModel))
	}
	return places
}
