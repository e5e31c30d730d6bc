package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/zstd"
)

func archive(t *testing.T, fsys fstest.MapFS) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeArchive(&b, fsys, "llm", time.Unix(1700000000, 0)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestArchiveIsItsContent: dates, owners and permissions of files do not count.
func TestArchiveIsItsContent(t *testing.T) {
	text := bytes.Repeat([]byte("some text "), 300000)
	one := archive(t, fstest.MapFS{"llm/b/c": {Data: text, Mode: 0o600, ModTime: time.Now()}, "llm/a": {Data: []byte("x"), Mode: 0o700}, "other": {}})
	two := archive(t, fstest.MapFS{"llm/a": {Data: []byte("x"), Mode: 0o755, ModTime: time.Now()}, "llm/b/c": {Data: text, Mode: 0o664}})
	if !bytes.Equal(one, two) {
		t.Error("the same content makes two archives")
	}
	z, err := zstd.NewReader(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	want := []struct {
		name string
		mode int64
		size int
	}{{"llm/", 0o755, 0}, {"llm/a", 0o755, 1}, {"llm/b/", 0o755, 0}, {"llm/b/c", 0o644, len(text)}}
	r := tar.NewReader(z)
	for _, w := range want {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil || h.Name != w.name || h.Mode != w.mode || len(data) != w.size || h.ModTime.Unix() != 1700000000 || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%v, %d bytes, %v; want %v", h, len(data), err, w)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("more than that: %v", err)
	}
}

func TestArchiveRefusesLinks(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	err := writeArchive(io.Discard, os.DirFS(filepath.Dir(dir)), filepath.Base(dir), time.Now())
	if err == nil || !strings.Contains(err.Error(), "link is neither a file nor a folder") {
		t.Error(err)
	}
}

func TestGlibcVersion(t *testing.T) {
	for in, want := range map[string][2]int{"GLIBC_2.36": {2, 36}, "GLIBC_2.2.5": {2, 2}, "GLIBCXX_3.4": {}, "GLIBC_PRIVATE": {}, "GLIBC_ABI_DT_RELR": {}, "": {}} {
		major, minor, ok := glibcVersion(in)
		if ok != (want[0] > 0) || ok && (major != want[0] || minor != want[1]) {
			t.Errorf("%q is %d.%d, %v", in, major, minor, ok)
		}
	}
	dir := t.TempDir()
	for _, text := range []string{"", "abc", "\x7fELF and no more than this"} {
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if v, err := glibcFloor(dir); err == nil || !strings.Contains(err.Error(), "no program that needs glibc") {
			t.Errorf("%q: %s, %v", text, v, err)
		}
	}
}
