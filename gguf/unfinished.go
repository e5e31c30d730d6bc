package gguf

import (
	"fmt"
	"path/filepath"
)

// Unfinished is a file that something else writes, by its name, and that becomes another
// once it is whole. What a crash leaves of it the next Begin of the same file removes.
type Unfinished struct{ file *newFile }

// Begin makes an empty file beside path, of a name that does not end in .gguf. Errors are
// those of the system.
func Begin(path string) (*Unfinished, error) {
	f, err := createNew(path)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", Quote(path), err)
	}
	return &Unfinished{f}, nil
}

// Path is where to write. The file is to be truncated and filled, not put there anew.
func (u *Unfinished) Path() string { return u.file.Name() }

// Publish has the file on the disk and gives it its name, at once. What is there already is
// an error ([fs.ErrExist]), unless it is to be replaced.
func (u *Unfinished) Publish(replace bool) error {
	err := u.file.Sync()
	if err == nil {
		err = u.file.publish(replace)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(u.file.path))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", Quote(u.file.path), err)
	}
	return nil
}

// Discard removes the file, unless it was published, and ends the work on it.
func (u *Unfinished) Discard() { u.file.discard() }
