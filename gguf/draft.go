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

// draftEnd is how the name of an unfinished file ends: never as a model's does.
const draftEnd = ".llm-tmp"

// draft is a file in the making, beside the one that it is to become. Its lock says
// that somebody is still at it: a crash leaves one without, which the next who writes
// the same file removes.
type draft struct {
	*os.File
	path string // what it is to become
}

// draftStart is how the names of the drafts of a file begin.
func draftStart(base string) string {
	const most = 200 // bytes, of the 255 that a name has
	return "." + base[:min(len(base), most)] + "."
}

func newDraft(path string) (*draft, error) {
	folder, base := filepath.Dir(path), filepath.Base(path)
	removeLeftovers(folder, base)
	for {
		name := filepath.Join(folder, draftStart(base)+strconv.FormatUint(rand.Uint64(), 36)+draftEnd)
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
			return &draft{f, path}, nil
		}
		f.Close()
	}
}

// removeLeftovers removes drafts of a file that nobody is at.
func removeLeftovers(folder, base string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return // whoever writes here will say it
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), draftStart(base)) || !strings.HasSuffix(e.Name(), draftEnd) || !e.Type().IsRegular() {
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

// publish gives the draft its name: at once, and for good. It has to be synced.
func (d *draft) publish(replace bool) error {
	switch {
	case replace:
		return os.Rename(d.Name(), d.path)
	case os.Link(d.Name(), d.path) == nil: // never replaces another
		os.Remove(d.Name())
		return nil
	}
	if err := refuseExisting(d.path); err != nil {
		return err
	}
	return os.Rename(d.Name(), d.path) // where files have one name only
}

func refuseExisting(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return nil
}

// discard removes the draft, unless it was published.
func (d *draft) discard() {
	os.Remove(d.Name())
	d.Close()
}

// explain adds the remedy to an error of writing.
func explain(err error, folder string, need int64) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %d bytes are needed beside the files that are there: make room in %s, or write elsewhere", err, need, folder)
	}
	return err
}
