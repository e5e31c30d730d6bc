package gguf

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func filesIn(t *testing.T, folder string) string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

// TestUnfinished: what is written by its name gets its own when it is whole, and else goes.
func TestUnfinished(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "m.gguf")
	write := func(text string, replace bool) error {
		u, err := Begin(path)
		if err != nil {
			return err
		}
		defer u.Discard()
		if strings.HasSuffix(u.Path(), ".gguf") || filepath.Dir(u.Path()) != folder {
			t.Errorf("it is written to %s", u.Path())
		}
		if err := os.WriteFile(u.Path(), []byte(text), 0o666); err != nil {
			return err
		}
		return u.Publish(replace)
	}
	for _, c := range []struct {
		text, there string
		replace     bool
		want        error
	}{
		{"one", "one", false, nil},
		{"two", "one", false, fs.ErrExist},
		{"two", "two", true, nil},
	} {
		if err := write(c.text, c.replace); !errors.Is(err, c.want) {
			t.Errorf("write %s: %v, not %v", c.text, err, c.want)
		}
		if b, err := os.ReadFile(path); string(b) != c.there || err != nil || filesIn(t, folder) != "m.gguf" {
			t.Errorf("after %s there is %q, %v, in %s", c.text, b, err, filesIn(t, folder))
		}
	}
	u, err := Begin(path)
	if err != nil {
		t.Fatal(err)
	}
	u.Discard()
	// A crash leaves the file without its lock; another one that is at work keeps its own.
	left := filepath.Join(folder, unfinishedStart("m.gguf")+"1"+unfinishedEnd)
	if err := os.WriteFile(left, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	first, err := Begin(path)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Discard()
	second, err := Begin(path)
	if err != nil {
		t.Fatal(err)
	}
	second.Discard()
	if got := filesIn(t, folder); got != filepath.Base(first.Path())+" m.gguf" {
		t.Errorf("the folder has %s", got)
	}
	if _, err := Begin(filepath.Join(folder, "none", "m.gguf")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
