package gguf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seed-f87006eb/llm/gguf"
)

// lazyFile is a file with an array of each kind, behind which stands a tensor.
func lazyFile() []byte {
	texts := make([]byte, 0, 1<<20)
	for i := range 50_000 {
		texts = append(texts, file(text(fmt.Sprint("text ", i)))...)
	}
	b := file(start(1, 3), text("numbers"), gguf.Array, gguf.Uint32, uint64(50_000), bytes.Repeat(file(uint32(7)), 50_000),
		text("texts"), gguf.Array, gguf.String, uint64(50_000), texts,
		text("arrays"), gguf.Array, gguf.Array, uint64(50_000), bytes.Repeat(file(gguf.Uint8, uint64(1), "a"), 50_000),
		text("t"), uint32(1), uint64(1000), gguf.F32, uint64(0))
	return append(append(b, make([]byte, -len(b)&31)...), bytes.Repeat([]byte{1}, 4000)...)
}

// readAll reads what the header left unread, and returns the errors by name.
func readAll(f *gguf.File) map[string]error {
	errs := map[string]error{}
	value := func(name string) gguf.Value { v, _ := f.Lookup(name); return v }
	_, errs["numbers"] = gguf.Numbers[uint32](value("numbers"))
	_, errs["ints"] = value("numbers").Ints()
	_, errs["texts"] = value("texts").Strings()
	_, errs["arrays"] = value("arrays").Arrays()
	data, err := f.Data(f.Tensors[0])
	if err == nil {
		_, err = io.ReadFull(data, make([]byte, 4000))
	}
	errs["data"] = err
	return errs
}

// TestFileChangesWhileOpen: a file that is cut short, or written over, between Open and
// the reading of its arrays is an error, and no crash.
func TestFileChangesWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.WriteFile(path, lazyFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, err := range readAll(f) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := bytes.Repeat([]byte{0xff}, int(f.Size()))
	if err := os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, err := range readAll(f) {
		if shape := name == "texts" || name == "arrays"; shape && !errors.Is(err, gguf.ErrSyntax) || !shape && err != nil {
			t.Errorf("written over: %s: %v", name, err)
		}
	}
	for _, size := range []int64{f.Keys[0].Offset + 10, 10, 0} {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
		for name, err := range readAll(f) {
			if err == nil || !strings.Contains(err.Error(), "EOF") && !strings.Contains(err.Error(), "shorter") {
				t.Errorf("%d bytes left: %s: %v", size, name, err)
			}
		}
	}
}

// TestGoroutines: any goroutine may read from a File.
func TestGoroutines(t *testing.T) {
	b := lazyFile()
	f, err := gguf.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := f.Lookup("texts")
	shared, err := v.Strings()
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := i; j < shared.Len(); j += 1 + i {
				if got := shared.At(j); got != fmt.Sprint("text ", j) {
					t.Errorf("string %d is %q", j, got)
					return
				}
			}
			own, err := v.Strings()
			if err != nil || own.At(i) != shared.At(i) {
				t.Errorf("%v", err)
			}
			for j, text := range shared.All() {
				if text != fmt.Sprint("text ", j) {
					t.Errorf("string %d is %q", j, text)
					return
				}
			}
			for name, err := range readAll(f) {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestWindows: what is longer than the memory that a header is read through, and what
// stands across its ends.
func TestWindows(t *testing.T) {
	long := strings.Repeat("a long text ", 100_000)
	for shift := range 40 {
		b := file(start(0, 4), text(strings.Repeat("k", 16300+shift)), gguf.Uint64, uint64(0x0102030405060708),
			text("long"), gguf.String, text(long), text("texts"), gguf.Array, gguf.String, uint64(3), text(long), text(""), text(long), text("last"), gguf.Bool, true)
		f, err := gguf.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%d: %v", shift, err)
		}
		n, _ := f.Keys[0].Uint()
		texts, err := f.Keys[2].Strings()
		if err != nil || n != 0x0102030405060708 || f.Text("long") != long || texts.At(2) != long || texts.At(1) != "" || f.Keys[3].Name != "last" {
			t.Fatalf("%d: %v, %x", shift, err, n)
		}
	}
}

// TestHeaderLimit: a header without end gets no time and no memory without end.
func TestHeaderLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse.gguf")
	if err := os.WriteFile(path, file(start(0, 1), text("a"), gguf.Array, gguf.String, uint64(1)<<30), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<34); err != nil {
		t.Fatal(err)
	}
	if _, err := gguf.Open(path); err == nil || !strings.Contains(err.Error(), "a header of more than 256 MiB") {
		t.Error(err)
	}
}
