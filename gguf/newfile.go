package gguf

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// unfinishedEnd is how the name of an unfinished file ends: never as a model's does.
const unfinishedEnd = ".llm-tmp"

// newFile is a file in the making, beside the one that it is to become. Its lock says
// that somebody is still at it: a crash leaves one without, which the next who writes
// the same file removes.
type newFile struct {
	*os.File
	path string // what it is to become
}

// unfinishedStart is how the names of what is to become a file begin.
func unfinishedStart(base string) string {
	const most = 200 // bytes, of the 255 that a name has
	return "." + base[:min(len(base), most)] + "."
}

func createNew(path string) (*newFile, error) {
	folder, base := filepath.Dir(path), filepath.Base(path)
	removeLeftovers(folder, base)
	for {
		name := filepath.Join(folder, unfinishedStart(base)+strconv.FormatUint(rand.Uint64(), 36)+unfinishedEnd)
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// Between its creation and its lock it looked like a leftover.
		_, err = lock(f)
		if _, gone := os.Lstat(name); err == nil && gone == nil {
			return &newFile{f, path}, nil
		}
		f.Close()
	}
}

// removeLeftovers removes unfinished files of this name that nobody is at.
func removeLeftovers(folder, base string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // whoever writes here will say it
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), unfinishedStart(base)) || !strings.HasSuffix(e.Name(), unfinishedEnd) || !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(folder, e.Name())
		if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
			if locked, _ := lock(f); locked {
				os.Remove(path)
			}
			f.Close()
		}
	}
}

// publish gives the file its name: at once, and for good. It has to be synced.
func (f *newFile) publish(replace bool) error {
	switch {
	case replace:
		return os.Rename(f.Name(), f.path)
	case os.Link(f.Name(), f.path) == nil: // never replaces another
		os.Remove(f.Name())
		return nil
	}
	if err := refuseExisting(f.path); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.path) // where files have one name only
}

func refuseExisting(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return nil
}

// discard removes the file, unless it was published.
func (f *newFile) discard() {
	os.Remove(f.Name())
	f.Close()
}

// explain adds the remedy to an error of writing.
func explain(err error, folder string, need int64) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %d bytes are needed beside the files that are there: make room in %s, or write elsewhere", err, need, folder)
	}
	return err
}
