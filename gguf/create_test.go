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
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

// TestCreateFails: whatever stops it, no file is there afterwards, and no part of one;
// what was there stays.
func TestCreateFails(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "m", Err: syscall.ENOSPC}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stop := errors.New("stop")
	failing := func(err error) *Writer {
		w := smallModel(t)
		if err := w.Add(Tensor{Name: "last", Type: I8, Dims: []uint64{9}}, iotest.ErrReader(err)); err != nil {
			t.Fatal(err)
		}
		return w
	}
	for _, c := range []struct {
		ctx    context.Context
		name   string
		second *Writer
		is     error
		want   string
	}{
		{t.Context(), "there.gguf", smallModel(t), fs.ErrExist, "file already exists"},
		{t.Context(), "no/m.gguf", smallModel(t), fs.ErrNotExist, "no such file or directory"},
		{t.Context(), "two.gguf", failing(io.ErrNoProgress), io.ErrNoProgress, `write tensor "last"`},
		{t.Context(), "two.gguf", failing(full), syscall.ENOSPC, "bytes are needed beside the files that are there: make room in "},
		{ctx, "two.gguf", smallModel(t), stop, "stop"},
	} {
		dir := t.TempDir()
		there := filepath.Join(dir, "there.gguf")
		if err := os.WriteFile(there, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		progress := func(done, total int64) {
			if c.ctx == ctx && done > total/2+total/4 {
				cancel(stop)
			}
		}
		err := Create(c.ctx, []Output{{filepath.Join(dir, "one.gguf"), smallModel(t)}, {filepath.Join(dir, c.name), c.second}}, false, progress)
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%v, want %v, %q", err, c.is, c.want)
		}
		onlyFile(t, there)
		if b, err := os.ReadFile(there); string(b) != "old" {
			t.Errorf("%q, %v", b, err)
		}
	}
}

// TestCreateReplaces: a file that is replaced is the old one until the new one is whole,
// and what a crash left of an earlier try goes; what another program writes stays.
func TestCreateReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), ".m.gguf.1x"+unfinishedEnd), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	other, err := createNew(path)
	if err != nil {
		t.Fatal(err)
	}
	w := smallModel(t)
	set(t, w, "general.name", "another")
	var told int64
	progress := func(done, total int64) {
		if told = done; done < total {
			readFile(t, path, smallModel(t))
		}
	}
	if err := Create(t.Context(), []Output{{path, w}}, true, progress); err != nil {
		t.Fatal(err)
	}
	want := smallModel(t)
	set(t, want, "general.name", "another")
	readFile(t, path, want)
	if info, err := os.Stat(path); err != nil || told > info.Size() || told < info.Size()-256 {
		t.Errorf("%d bytes told, %v", told, err)
	}
	if _, err := os.Stat(other.Name()); err != nil {
		t.Error(err)
	}
	other.discard()
	onlyFile(t, path)
}

func readFile(t testing.TB, path string, want *Writer) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(b, bytesOf(t, want)) {
		t.Errorf("%s is not what it should be: %v", path, err)
	}
}

// TestCopyFromOneFile: writers that copy from one open file at once do not disturb each
// other.
func TestCopyFromOneFileGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	failures := make(chan error)
	const copies = 4
	for i := range copies {
		go func() {
			w, err := f.Copy()
			if err == nil {
				err = Create(context.Background(), []Output{{fmt.Sprint(path, i), w}}, false, nil)
			}
			failures <- err
		}()
	}
	for range copies {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	for i := range copies {
		readFile(t, fmt.Sprint(path, i), smallModel(t))
	}
}
