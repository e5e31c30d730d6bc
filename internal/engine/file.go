package engine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrNotModel: the path does not lead to a model file.
var ErrNotModel = errors.New("not a model file")

// cause is what the system said, without the operation and the path.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// checkFile finds what is wrong with a path in words that help, before the engine
// sees it. The engine itself validates the rest of the file.
func checkFile(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w; check the path", path, fs.ErrNotExist)
	case err != nil:
		return fmt.Errorf("%s: %w", path, cause(err))
	case st.IsDir():
		return fmt.Errorf("%s: is a directory, %w; give the .gguf file in it", path, ErrNotModel)
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s: is not a regular file, %w", path, ErrNotModel)
	case st.Size() == 0:
		return fmt.Errorf("%s: is empty, %w; fetch it again", path, ErrNotModel)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, cause(err))
	}
	defer f.Close()
	var magic [4]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil || string(magic[:]) != "GGUF" {
		return fmt.Errorf("%s: is not a GGUF file (it starts with %q), %w; convert the model to GGUF first", path, magic[:], ErrNotModel)
	}
	return nil
}
