package gguf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// EditOptions are of [Edit]. The zero value is good.
type EditOptions struct {
	DryRun   bool // say what would be done
	Progress Progress
	// Check may refuse what the file would be: its header, without data. Nothing is
	// written then.
	Check func(before, after *File) error
}

// Edited is what [Edit] did, or would do.
type Edited struct {
	Path    string // of the file itself, where the name that was given is a link to it
	Changed bool
	InPlace bool  // a few bytes of the file were written; else it was replaced by a new one
	Names   int   // of the file, before. When it was replaced, the others have the old one.
	Written int64 // bytes, shared ones with them
}

// Edit changes the keys of a file; tensors stay as they are, also those of unknown
// types. change gets the file as it is and a Writer with its keys. Of a split model the
// first part is edited.
//
// A crash at any moment leaves the old file or the new one. When nothing moves and all
// bytes that differ lie in one sector of 512 bytes, they are written in place;
// otherwise, and when the file has several names, a copy beside it takes its place,
// with its mode and, where this process may give it, its owner. Links are followed.
//
// Errors: those of [Open], change and the check, [ErrBusy], a file that is read-only, that changed
// meanwhile, or is not the first part; those of the system, and the context's.
func Edit(ctx context.Context, path string, o EditOptions, change func(*File, *Writer) error) (Edited, error) {
	e := editor{ctx: ctx, o: o, at: func(string) {}}
	return e.edit(path, change)
}

// editor is one edit.
type editor struct {
	ctx  context.Context
	o    EditOptions
	at   func(step string) // is told each step: tests crash there
	path string            // of the file itself
	file *diskFile
	info fs.FileInfo // when it was opened
	f    *File
	w    *Writer
	h    *header
}

func (e *editor) edit(path string, change func(*File, *Writer) error) (Edited, error) {
	done, err := e.run(path, change)
	if e.file != nil {
		err = errors.Join(err, e.file.Close())
	}
	if err != nil {
		return done, fmt.Errorf("edit %s: %w", Quote(path), err)
	}
	return done, nil
}

func (e *editor) run(path string, change func(*File, *Writer) error) (done Edited, err error) {
	if err := e.open(path); err != nil {
		return done, err
	}
	done.Path, done.Names = e.path, names(e.info)
	if err := e.change(change); err != nil {
		return done, err
	}
	from, to, err := e.difference()
	if err != nil || from == to {
		return done, err
	}
	if err := e.check(); err != nil {
		return done, err
	}
	done.Changed = true
	done.InPlace = to > 0 && from/sector == (to-1)/sector && done.Names == 1
	if done.InPlace {
		done.Written = to - from
	} else {
		done.Written = e.w.align(e.h.size) + e.dataSize()
	}
	switch {
	case e.o.DryRun:
		return done, nil
	case done.InPlace:
		return done, e.writeInPlace(from, to)
	}
	return done, explain(e.replace(done.Written), filepath.Dir(e.path), done.Written)
}

// open opens and locks the file that the name leads to.
func (e *editor) open(path string) (err error) {
	if e.path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	flag := os.O_RDWR
	if e.o.DryRun {
		flag = os.O_RDONLY
	}
	for {
		if e.file, e.info, err = openRegular(e.path, flag); err != nil {
			return err
		}
		if e.info.Mode()&0o222 == 0 {
			return fmt.Errorf("it is read-only: give yourself the permission (chmod u+w) and try again")
		}
		if e.o.DryRun {
			return nil
		}
		if _, err := lock(e.file.File); err != nil {
			return err
		}
		// Another edit may have replaced it before it was locked.
		if now, err := os.Stat(e.path); err != nil || os.SameFile(now, e.info) {
			return err
		}
		e.file.Close()
	}
}

// change has the new header made.
func (e *editor) change(change func(*File, *Writer) error) (err error) {
	if e.f, err = parse(e.file, e.info.Size(), nil); err != nil {
		return err
	}
	e.f.Parts[0].Name = filepath.Base(e.path)
	part, parts, err := e.f.split()
	if err == nil && part > 0 {
		err = fmt.Errorf("it is part %d of %d, and the keys of a model are in the first: edit that", part+1, parts)
	}
	if err != nil {
		return err
	}
	e.w = e.f.copyKeys(func(string) bool { return true })
	e.w.version = e.f.Version
	if err := change(e.f, e.w); err != nil {
		return err
	}
	if e.w.align(1) != e.f.Alignment {
		return fmt.Errorf("%s says where the tensors are: it cannot be changed without moving them", KeyAlignment)
	}
	if e.h, err = e.w.startAndKeys(len(e.f.Tensors)); err != nil {
		return err
	}
	table := int64(24) // magic, version, two counts
	if n := len(e.f.Keys); n > 0 {
		last := e.f.Keys[n-1]
		table = last.Offset + last.Size
	}
	size := e.f.Parts[0].HeaderSize - table
	e.h.add(io.NewSectionReader(e.file, table, size), size)
	return nil
}

// check shows the header that is to be written to the caller.
func (e *editor) check() error {
	if e.o.Check == nil {
		return nil
	}
	b, err := io.ReadAll(e.h.reader())
	if err != nil {
		return err
	}
	after, err := parse(headerOnly(b), e.w.align(e.h.size)+e.dataSize(), nil)
	if err != nil {
		return err
	}
	after.Parts[0].Name = e.f.Parts[0].Name
	return e.o.Check(e.f, after)
}

// headerOnly is a file of which only the start is known; the rest reads as zeros.
type headerOnly []byte

func (h headerOnly) ReadAt(b []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(h)) {
		n = copy(b, h[at:])
	}
	clear(b[n:])
	return len(b), nil
}

// difference is where the new header differs from the old one: nowhere when from and to
// are the same; to is 0 when it is of another length.
func (e *editor) difference() (from, to int64, err error) {
	size := e.f.Parts[0].HeaderSize
	if e.h.size != size {
		return 1, 0, nil
	}
	old, changed := io.NewSectionReader(e.file, 0, size), e.h.reader()
	one, two := make([]byte, bufferSize), make([]byte, bufferSize)
	for at := int64(0); at < size; at += bufferSize {
		n := min(size-at, bufferSize)
		_, err1 := io.ReadFull(old, one[:n])
		_, err2 := io.ReadFull(changed, two[:n])
		if err := errors.Join(err1, err2); err != nil {
			return 0, 0, err
		}
		if bytes.Equal(one[:n], two[:n]) {
			continue
		}
		for i := range n {
			if one[i] != two[i] {
				if to == 0 {
					from = at + i
				}
				to = at + i + 1
			}
		}
	}
	return from, to, nil
}

// unchanged fails when somebody who takes no locks wrote the file.
func (e *editor) unchanged() error {
	now, err := os.Stat(e.path)
	if err != nil {
		return err
	}
	if !os.SameFile(now, e.info) || now.Size() != e.info.Size() || !now.ModTime().Equal(e.info.ModTime()) {
		return fmt.Errorf("another program changed it meanwhile: nothing was written; try again")
	}
	return nil
}

func (e *editor) writeInPlace(from, to int64) error {
	b := make([]byte, to-from)
	r := e.h.reader()
	if _, err := io.CopyN(io.Discard, r, from); err != nil {
		return err
	}
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	if err := e.unchanged(); err != nil {
		return err
	}
	e.at("write in place")
	if _, err := e.file.WriteAt(b, from); err != nil {
		return err
	}
	e.at("written in place")
	return e.file.Sync()
}

// dataSize is of all that stands behind the header and its padding.
func (e *editor) dataSize() int64 { return max(e.info.Size()-e.f.Parts[0].DataOffset, 0) }

// replace writes the new file beside the old one and renames it.
func (e *editor) replace(total int64) error {
	f, err := createNew(e.path)
	if err != nil {
		return err
	}
	defer f.discard()
	e.at("created")
	c := copier{ctx: e.ctx, out: f.File, total: total, progress: e.o.Progress}
	if err := c.header(e.h, e.w.align(e.h.size)); err != nil {
		return err
	}
	data := e.dataSize()
	if err := c.copy(io.NewSectionReader(e.file, e.f.Parts[0].DataOffset, data), data); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	if err := giveTo(f.File, e.info); err != nil {
		return err
	}
	e.at("written")
	if err := f.Sync(); err != nil {
		return err
	}
	if err := e.unchanged(); err != nil {
		return err
	}
	e.at("synced")
	if err := f.publish(true); err != nil {
		return err
	}
	e.at("renamed")
	return syncFolder(filepath.Dir(e.path))
}
