package gguf

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallModel has a few keys and half a megabyte of data.
func smallModel(t testing.TB) *Writer {
	t.Helper()
	w := NewWriter()
	set(t, w, "general.architecture", "llama")
	set(t, w, "general.name", "small")
	set(t, w, "llama.context_length", uint32(2048))
	set(t, w, "tokenizer.ggml.tokens", slices.Repeat([]string{"token"}, 500))
	set(t, w, "general.description", strings.Repeat("long ", 100))
	for _, name := range []string{"a", "b", "c"} {
		data := bytes.Repeat([]byte(name), 4*40001)
		if err := w.Add(Tensor{Name: name, Type: F32, Dims: []uint64{40001}}, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func set(t testing.TB, w *Writer, name string, value any) {
	t.Helper()
	v, err := NewValue(value)
	if err == nil {
		err = w.Set(name, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func writeModel(t testing.TB, path string) {
	t.Helper()
	if err := os.WriteFile(path, bytesOf(t, smallModel(t)), 0o640); err != nil {
		t.Fatal(err)
	}
}

// setting is a change of one key.
func setting(t testing.TB, name string, value any) func(*File, *Writer) error {
	return func(_ *File, w *Writer) error { set(t, w, name, value); return nil }
}

// onlyFile fails when a folder has more in it.
func onlyFile(t testing.TB, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 || entries[0].Name() != filepath.Base(path) {
		t.Errorf("%v: %v", entries, err)
	}
}

// TestEdit: after each change the file is what a Writer makes of it, whether a few
// bytes were written or all.
func TestEdit(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*testing.T, *Writer)
		inPlace bool
		same    bool // nothing differs
	}{
		"number":           {func(t *testing.T, w *Writer) { set(t, w, "llama.context_length", uint32(4096)) }, true, false},
		"text as long":     {func(t *testing.T, w *Writer) { set(t, w, "general.name", "large") }, true, false},
		"type as long":     {func(t *testing.T, w *Writer) { set(t, w, "llama.context_length", int32(-1)) }, true, false},
		"name as long":     {func(t *testing.T, w *Writer) { w.Rename("general.name", "general.nome") }, true, false},
		"nothing":          {func(t *testing.T, w *Writer) { set(t, w, "general.name", "small") }, false, true},
		"two sectors":      {func(t *testing.T, w *Writer) { set(t, w, "general.description", strings.Repeat("LONG ", 100)) }, false, false},
		"a byte more":      {func(t *testing.T, w *Writer) { set(t, w, "general.name", "smaller") }, false, false},
		"fills padding":    {func(t *testing.T, w *Writer) { set(t, w, "general.name", "smal") }, false, false},
		"another key":      {func(t *testing.T, w *Writer) { set(t, w, "general.tags", []string{"x"}) }, false, false},
		"a key less":       {func(t *testing.T, w *Writer) { w.Remove("tokenizer.ggml.tokens") }, false, false},
		"no keys":          {func(t *testing.T, w *Writer) { w.keys = nil }, false, false},
		"much more":        {func(t *testing.T, w *Writer) { set(t, w, "general.license", strings.Repeat("x", 1<<20)) }, false, false},
		"array of another": {func(t *testing.T, w *Writer) { set(t, w, "tokenizer.ggml.tokens", []int32{1, 2}) }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "m.gguf")
			writeModel(t, path)
			want := smallModel(t)
			c.change(t, want)
			done, err := Edit(t.Context(), path, EditOptions{}, func(_ *File, w *Writer) error { c.change(t, w); return nil })
			if err != nil {
				t.Fatal(err)
			}
			if done.InPlace != c.inPlace || done.Changed == c.same || done.Path != path || done.Names != 1 {
				t.Errorf("%+v", done)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, bytesOf(t, want)) {
				t.Errorf("the file is not what it should be: %v", err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
			onlyFile(t, path)
		})
	}
}

// TestEditOldAndUnknown: the version, the byte order, tensors of unknown types and what
// stands behind the data stay as they are.
func TestEditOldAndUnknown(t *testing.T) {
	w := NewWriter()
	w.version, w.BigEndian = 2, true
	set(t, w, "a", "b")
	set(t, w, "numbers", []uint16{1, 2, 3})
	if err := w.Add(Tensor{Name: "t", Type: I8, Dims: []uint64{5}}, strings.NewReader("12345")); err != nil {
		t.Fatal(err)
	}
	b := bytesOf(t, w)
	at := bytes.Index(b, []byte{0, 0, 0, byte(I8)})
	b[at+3] = 99 // a type of the future
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, append(b, "behind"...), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Edit(t.Context(), path, EditOptions{}, setting(t, "more", []int32{-1, 1}))
	if err != nil {
		t.Fatal(err)
	}
	b, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := readBytes(t, b)
	more, _ := f.Lookup("more")
	numbers, err := Numbers[int32](more)
	if f.Version != 2 || !f.BigEndian || f.Tensors[0].Type != 99 || !slices.Equal(numbers, []int32{-1, 1}) || err != nil {
		t.Errorf("%+v, %v, %v", f, numbers, err)
	}
	if data := b[f.Parts[0].DataOffset:]; !bytes.HasPrefix(data, []byte("12345\x00")) || !bytes.HasSuffix(data, []byte("\x00behind")) {
		t.Errorf("%q", data)
	}
}

// TestEditNames: a link leads to the file, and stays one; a second name keeps what it
// had.
func TestEditNames(t *testing.T) {
	dir := t.TempDir()
	path, link, second := filepath.Join(dir, "m.gguf"), filepath.Join(dir, "link.gguf"), filepath.Join(dir, "second.gguf")
	writeModel(t, path)
	if err := errors.Join(os.Symlink("m.gguf", link), os.Link(path, second)); err != nil {
		t.Fatal(err)
	}
	old := fileHash(t, path)
	done, err := Edit(t.Context(), link, EditOptions{}, setting(t, "general.name", "large"))
	if err != nil || done.InPlace || done.Names != 2 || done.Path != path {
		t.Errorf("%+v, %v", done, err)
	}
	if fileHash(t, path) == old || fileHash(t, second) != old {
		t.Error("the wrong file was changed")
	}
	if to, err := os.Readlink(link); err != nil || to != "m.gguf" {
		t.Errorf("%q, %v", to, err)
	}
}

func TestEditRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, b []byte, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole := bytesOf(t, smallModel(t))
	second := NewWriter()
	set(t, second, KeySplitNo, uint16(1))
	set(t, second, KeySplitCount, uint16(2))
	set(t, second, KeySplitTensors, int32(0))
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	content := func(path string) (b []byte) {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			b, _ = os.ReadFile(path)
		}
		return b
	}
	name := setting(t, "general.name", "x")
	for _, c := range []struct {
		path   string
		change func(*File, *Writer) error
		want   string
	}{
		{filepath.Join(dir, "missing"), name, "no such file"},
		{dir, name, "not a plain file (a folder)"},
		{fifo, name, "not a plain file (a pipe)"},
		{file("text", []byte("hello, this is a text"), 0o600), name, "not a GGUF file"},
		{file("cut", whole[:1000], 0o600), name, "damaged GGUF file"},
		{file("readonly", whole, 0o444), name, "it is read-only: give yourself the permission"},
		{file("second", bytesOf(t, second), 0o600), name, "it is part 2 of 2"},
		{file("alignment", whole, 0o600), setting(t, KeyAlignment, uint32(64)), "cannot be changed without moving"},
		{file("no", whole, 0o600), func(*File, *Writer) error { return errors.New("not this") }, "not this"},
	} {
		before := content(c.path)
		_, err := Edit(t.Context(), c.path, EditOptions{}, c.change)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "edit "+Quote(c.path)) {
			t.Errorf("%v, want %q", err, c.want)
		}
		if !bytes.Equal(before, content(c.path)) {
			t.Errorf("%s was changed", c.path)
		}
	}
}

// TestEditBesideOthers: two edits of a file do not mix, and one that comes between
// without a lock is noticed.
func TestEditBesideOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path)
	for i, name := range []string{"large", "larger"} { // in place, and not
		_, err := Edit(t.Context(), path, EditOptions{}, func(_ *File, w *Writer) error {
			set(t, w, "general.name", name)
			_, err := Edit(t.Context(), path, EditOptions{}, setting(t, "general.name", "other"))
			if !errors.Is(err, ErrBusy) {
				t.Errorf("a second edit: %v", err)
			}
			return os.Chtimes(path, time.Time{}, time.Unix(int64(i), 0))
		})
		if err == nil || !strings.Contains(err.Error(), "another program changed it meanwhile") {
			t.Error(err)
		}
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, bytesOf(t, smallModel(t))) {
		t.Errorf("the file was changed: %v", err)
	}
	onlyFile(t, path)
}

// TestEditStops: a context that ends leaves the old file and nothing else.
func TestEditStops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stop := errors.New("stop")
	o := EditOptions{Progress: func(done, total int64) {
		if done < 0 || done > total {
			t.Errorf("%d of %d", done, total)
		}
		cancel(stop)
	}}
	if _, err := Edit(ctx, path, o, setting(t, "general.name", "larger")); !errors.Is(err, stop) {
		t.Error(err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, bytesOf(t, smallModel(t))) {
		t.Errorf("the file was changed: %v", err)
	}
	onlyFile(t, path)
}

// TestEditCheck: the check sees both headers, and what it refuses is not written.
func TestEditCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path)
	no := errors.New("no")
	o := EditOptions{Check: func(before, after *File) error {
		if before.Text("general.name") != "small" || after.Text("general.name") != "larger" {
			t.Errorf("%q, %q", before.Text("general.name"), after.Text("general.name"))
		}
		if v, _ := after.Lookup("tokenizer.ggml.tokens"); v.Len() != 500 || len(after.Tensors) != 3 {
			t.Errorf("%d tokens, %d tensors", v.Len(), len(after.Tensors))
		} else if s, err := v.Strings(); err != nil || s.At(499) != "token" {
			t.Error(err)
		}
		if _, err := after.Data(after.Tensors[2]); err != nil {
			t.Error(err)
		}
		return no
	}}
	if _, err := Edit(t.Context(), path, o, setting(t, "general.name", "larger")); !errors.Is(err, no) {
		t.Error(err)
	}
	readFile(t, path, smallModel(t))
	onlyFile(t, path)
}

// TestEditDryRun says what would be done, and writes nothing: not even to a file that
// somebody else has locked.
func TestEditDryRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path)
	done, err := Edit(t.Context(), path, EditOptions{DryRun: true}, setting(t, "llama.context_length", uint32(binary.LittleEndian.Uint32([]byte{0, 8, 1, 0}))))
	if err != nil || !done.Changed || !done.InPlace || done.Written != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	done, err = Edit(t.Context(), path, EditOptions{DryRun: true}, setting(t, "general.name", "larger"))
	if err != nil || !done.Changed || done.InPlace || done.Written < 3*4*40001 {
		t.Errorf("%+v, %v", done, err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, bytesOf(t, smallModel(t))) {
		t.Errorf("the file was changed: %v", err)
	}
}
