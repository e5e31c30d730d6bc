package wholefile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-f87006eb/llm/internal/wholefile"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	text := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, s)
			return errors.Join(failed, err)
		}
	}
	broken := errors.New("broken")
	for _, c := range []struct {
		text string
		err  error
		want string
	}{{"one", nil, "one"}, {"half of tw", broken, "one"}, {"two", nil, "two"}} {
		if err := wholefile.Write(path, 0o640, text(c.text, c.err)); !errors.Is(err, c.err) {
			t.Errorf("%q: %v", c.text, err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != c.want {
			t.Errorf("%q, %v; want %q", got, err, c.want)
		}
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", st.Mode(), err)
	}
	if err := wholefile.Write(filepath.Join(path, "none"), 0o600, text("", nil)); err == nil {
		t.Error("a file in a file")
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%v are left", left)
	}
}
