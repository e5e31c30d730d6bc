package quantize

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-f87006eb/llm/internal/testgguf"
	"github.com/seed-f87006eb/llm/quant"
)

func newCache(t *testing.T, dir string) *Cache {
	t.Helper()
	c := &Cache{Dir: dir}
	t.Cleanup(func() { c.Close() })
	return c
}

func make1(t *testing.T, c *Cache, source string, s Spec) string {
	t.Helper()
	path, err := c.Make(t.Context(), source, s)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCacheKeys(t *testing.T) {
	c := newCache(t, filepath.Join(t.TempDir(), "levels"))
	in := testgguf.Quantizable(1).Write(t, "in.gguf")
	first := make1(t, c, in, Spec{FileType: quant.Q4_0})
	if base := filepath.Base(first); !strings.HasPrefix(base, "in-Q4_0-") {
		t.Errorf("its name is %s", base)
	}
	inode, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	for what, source := range map[string]string{
		"again":                 in,
		"a copy":                testgguf.Quantizable(1).Write(t, "in.gguf"),
		"under another name":    testgguf.Quantizable(1).Write(t, "other.gguf"),
		"made by other threads": in,
	} {
		path := make1(t, c, source, Spec{FileType: quant.Q4_0, Threads: 1})
		if now, err := os.Stat(path); path != first || err != nil || !os.SameFile(inode, now) {
			t.Errorf("%s: another file %s, %v", what, path, err)
		}
	}
	matrix := flat(t, in)
	paths := map[string]string{first: "the first"}
	for what, path := range map[string]string{
		"another type":    make1(t, c, in, Spec{FileType: quant.Q5_0}),
		"no mixture":      make1(t, c, in, Spec{FileType: quant.Q4_0, Pure: true}),
		"with a matrix":   make1(t, c, in, Spec{FileType: quant.Q4_0, Imatrix: matrix}),
		"other weights":   make1(t, c, testgguf.Quantizable(2).Write(t, "in.gguf"), Spec{FileType: quant.Q4_0}),
		"with other keys": make1(t, c, testgguf.Quantizable(1).Set("general.name", "x").Write(t, "in.gguf"), Spec{FileType: quant.Q4_0}),
	} {
		if before, ok := paths[path]; ok {
			t.Errorf("%s is the file of %s", what, before)
		}
		paths[path] = what
	}
}

// TestCacheOnce: of several that want the same file at once one makes it.
func TestCacheOnce(t *testing.T) {
	dir, in := t.TempDir(), testgguf.Quantizable(1).Write(t, "in.gguf")
	var all sync.WaitGroup
	var mu sync.Mutex
	var files []os.FileInfo
	for range 4 {
		all.Go(func() {
			c := &Cache{Dir: dir}
			defer c.Close()
			path, err := c.Make(t.Context(), in, Spec{FileType: quant.Q4_K_M})
			if err != nil {
				t.Error(err)
				return
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			files = append(files, info)
			mu.Unlock()
		})
	}
	all.Wait()
	for _, f := range files {
		if !os.SameFile(f, files[0]) {
			t.Error("it was made twice")
		}
	}
}

// TestCacheInterrupted: what was stopped is not taken for finished, nor what was damaged.
func TestCacheInterrupted(t *testing.T) {
	dir, in := t.TempDir(), testgguf.Quantizable(1).Write(t, "in.gguf")
	c := newCache(t, dir)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("no more")
	c.Progress = func(string, int64, int64) { cancel(stopped) }
	if _, err := c.Make(ctx, in, Spec{FileType: quant.Q4_0, Threads: 1, Buffer: 1}); !errors.Is(err, stopped) {
		t.Fatalf("not stopped: %v", err)
	}
	if n, err := c.Size(); n != 0 || err != nil {
		t.Errorf("%d bytes are left, %v", n, err)
	}
	c = newCache(t, dir)
	path := make1(t, c, in, Spec{FileType: quant.Q4_0})
	whole := content(t, path)
	c.Close()
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	if again := make1(t, c, in, Spec{FileType: quant.Q4_0}); again != path || content(t, path) != whole {
		t.Error("a file that was cut is taken for whole")
	}
}

// TestCacheLimit: what was not used for the longest time goes, and nothing that is in use or
// is no level.
func TestCacheLimit(t *testing.T) {
	dir, in := t.TempDir(), testgguf.Quantizable(1).Write(t, "in.gguf")
	foreign := filepath.Join(dir, "model-Q4_0.gguf")
	if err := os.WriteFile(foreign, make([]byte, 1<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	c := newCache(t, dir)
	old := make1(t, c, in, Spec{FileType: quant.Q4_0})
	recent := make1(t, c, in, Spec{FileType: quant.Q4_1})
	c.Close()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(old, long, long); err != nil {
		t.Fatal(err)
	}
	used, err := c.Size()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(old)
	if err != nil {
		t.Fatal(err)
	}
	c.Limit = used + info.Size()/2
	held := make1(t, c, in, Spec{FileType: quant.Q4_K_S})
	for path, there := range map[string]bool{old: false, recent: true, held: true, foreign: true} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	other := newCache(t, dir)
	other.Limit = 1 << 20
	if _, err := other.Make(t.Context(), in, Spec{FileType: quant.Q8_0}); !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "the limit is 1048576") {
		t.Errorf("no room: %v", err)
	}
	if _, err := os.Stat(held); err != nil {
		t.Errorf("what another one holds is gone: %v", err)
	}
}
