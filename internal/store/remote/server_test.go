package remote

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// content is a file of any size that takes no memory: a byte depends on its place.
type content struct {
	size int64
	salt byte
}

func (c content) ReadAt(p []byte, off int64) (int, error) {
	n := max(0, min(int64(len(p)), c.size-off))
	for i := range n {
		p[i] = byte(uint64(off+i)*2654435761>>13) ^ c.salt
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

func (c content) bytes(off, n int64) []byte {
	p := make([]byte, n)
	c.ReadAt(p, off)
	return p
}

var modified = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// serve is a good server of c, as the standard library has it.
func (c content) serve(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("ETag") == "" {
		w.Header().Set("ETag", fmt.Sprintf(`"%d-%d"`, c.size, c.salt))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", modified, io.NewSectionReader(c, 0, c.size))
}

// breaking ends each of its first n answers after that many bytes.
func (c content) breaking(n int32, after int64) http.HandlerFunc {
	var calls atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) <= n {
			w = &cut{w, after}
		}
		c.serve(w, r)
	}
}

type cut struct {
	http.ResponseWriter
	left int64
}

func (c *cut) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); c.left == 0 {
		c.ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// start runs a server until the test ends.
func start(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL + "/model.gguf"
}

func open(t *testing.T, address string, o Options) *File {
	t.Helper()
	f, err := Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// same reads n bytes and holds them against those of c.
func same(t *testing.T, f *File, c content, off, n int64) {
	t.Helper()
	p := make([]byte, n)
	if got, err := f.ReadAt(p, off); int64(got) != n || err != nil {
		t.Fatalf("ReadAt %d bytes at %d: %d, %v", n, off, got, err)
	}
	if !bytes.Equal(p, c.bytes(off, n)) {
		t.Fatalf("%d bytes at %d are others", n, off)
	}
}

// partial answers with a head of its own making and n bytes.
func partial(n int64, head ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, h := range head {
			k, v, _ := strings.Cut(h, ": ")
			w.Header().Add(k, v)
		}
		w.WriteHeader(http.StatusPartialContent)
		w.Write(make([]byte, n))
	}
}

// firstByte is where a request wants to begin.
func firstByte(r *http.Request) int64 {
	s, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}
