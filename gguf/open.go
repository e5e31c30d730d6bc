package gguf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotRegular is for what is no plain file: a folder, a pipe, a device.
var ErrNotRegular = errors.New("not a plain file")

// ErrMissingPart is for a split model that lacks some of its files; the text names them.
var ErrMissingPart = errors.New("parts of the model are missing")

// Open reads the header of a file, and of all others where it is one part of a split
// model. Errors: [fs.ErrNotExist], [ErrNotRegular], [ErrNotGGUF], [ErrVersion],
// [ErrSyntax], [ErrMissingPart] and those of the system. The caller closes the File.
func Open(path string) (*File, error) {
	folder, name := filepath.Split(path)
	return ReadSplit(name, func(name string) (io.ReaderAt, int64, error) {
		return openFile(filepath.Join(folder, name))
	})
}

func openFile(path string) (io.ReaderAt, int64, error) {
	file, info, err := openRegular(path, os.O_RDONLY)
	if err != nil {
		return nil, 0, err
	}
	return file, info.Size(), nil
}

// openRegular refuses what would block or has no size before it opens it, and again
// when it was put in the file's place meanwhile.
func openRegular(path string, flag int) (*diskFile, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = regular(path, info)
	}
	if err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, flag|nonBlocking, 0)
	if err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = regular(path, info)
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return &diskFile{File: file}, info, nil
}

func regular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("%w (%s)", ErrNotRegular, describe(info.Mode()))}
}

func describe(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// Read reads the header of one file, of which r has size bytes: a part of a split model
// stands for itself. Errors are those of [Open] and of r.
func Read(r io.ReaderAt, size int64) (*File, error) {
	f, err := parse(r, size, nil)
	if err != nil {
		return nil, fmt.Errorf("read the header: %w", err)
	}
	return f, nil
}

// Peek reads the keys of these names, and nothing behind the last of them: a name or an
// architecture stands before the vocabulary, which is most of a header. What the file
// does not have is absent.
func Peek(r io.ReaderAt, size int64, names ...string) (map[string]Value, error) {
	found := make(map[string]Value, len(names))
	_, err := parse(r, size, func(k Key) bool {
		for _, name := range names {
			if _, ok := found[name]; k.Name == name && !ok {
				found[name] = k.Value
			}
		}
		return len(found) == len(names)
	})
	if err != nil {
		return nil, fmt.Errorf("read the keys: %w", err)
	}
	return found, nil
}
