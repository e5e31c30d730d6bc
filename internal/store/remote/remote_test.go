package remote

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// TestSequentialRead reads a header as a parser does, and counts what it costs.
func TestSequentialRead(t *testing.T) {
	const header = 6_500_000
	c := content{size: 250_000_000}
	var requests atomic.Int32
	f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		c.serve(w, r)
	}), Options{})
	if f.Size() != c.size {
		t.Fatalf("size %d", f.Size())
	}
	window := int64(16 << 10)
	for off := int64(0); off < header; off += window {
		if off > 0 {
			window = min(window*2, 256<<10)
		}
		same(t, f, c, off, window)
		same(t, f, c, off/2, 100)
	}
	if n := f.BytesRead(); n < header || n > header+header/5+256<<10 {
		t.Errorf("%d bytes read for a header of %d", n, header)
	}
	if n := f.Requests(); n > 4 || n != int(requests.Load()) || f.Redirects() != 0 {
		t.Errorf("%d requests, the server saw %d; %d redirects", n, requests.Load(), f.Redirects())
	}
	before := f.BytesRead()
	same(t, f, c, 0, header)
	if f.BytesRead() != before || f.Requests() != int(requests.Load()) {
		t.Error("a second read of the same bytes is not free")
	}
}

func TestReadFarAndAtTheEnd(t *testing.T) {
	c := content{size: 40_000_000}
	f := open(t, start(t, c.serve), Options{})
	same(t, f, c, 100, 50)
	same(t, f, c, 30_000_000, 1000)
	same(t, f, c, gap, 1000) // within reach: the stream reads on
	if f.Requests() != 2 || f.BytesRead() > gap+1000+leastRead+1000 {
		t.Errorf("%d requests, %d bytes", f.Requests(), f.BytesRead())
	}
	p := make([]byte, 100)
	for _, x := range []struct {
		off  int64
		n    int
		want error
	}{{c.size - 60, 60, io.EOF}, {c.size, 0, io.EOF}, {c.size + 1, 0, io.EOF}, {c.size - 100, 100, nil}} {
		if n, err := f.ReadAt(p, x.off); n != x.n || err != x.want {
			t.Errorf("at %d: %d, %v", x.off, n, err)
		}
	}
	if _, err := f.ReadAt(p, -1); err == nil {
		t.Error("a negative offset is no error")
	}
}

func TestSmallAndEmptyFiles(t *testing.T) {
	c := content{size: 10}
	f := open(t, start(t, c.serve), Options{})
	p := make([]byte, 20)
	if n, err := f.ReadAt(p, 0); n != 10 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
	for name, h := range map[string]http.HandlerFunc{
		"200": content{}.serve,
		"416": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", "bytes */0")
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		},
	} {
		f := open(t, start(t, h), Options{})
		if n, err := f.ReadAt(p, 0); f.Size() != 0 || n != 0 || err != io.EOF {
			t.Errorf("%s: size %d; %d, %v", name, f.Size(), n, err)
		}
	}
}

func TestMaxFront(t *testing.T) {
	c := content{size: 10_000_000}
	f := open(t, start(t, c.serve), Options{MaxFront: 300_000})
	same(t, f, c, 0, 300_000)
	// What came with the last bytes of the front is kept as well, at most a segment.
	if _, err := f.ReadAt(make([]byte, 1), 300_000+segmentSize); !errors.Is(err, ErrTooLong) {
		t.Errorf("%v", err)
	}
}

func TestGoroutines(t *testing.T) {
	c := content{size: 20_000_000}
	f := open(t, start(t, c.serve), Options{})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			for range 40 {
				n := random.Int64N(60_000) + 1
				off := random.Int64N(3_000_000)
				if g == 0 && n%8 == 0 {
					off += 10_000_000
				}
				p := make([]byte, n)
				if got, err := f.ReadAt(p, off); int64(got) != n || err != nil || string(p) != string(c.bytes(off, n)) {
					t.Errorf("ReadAt %d at %d: %d, %v", n, off, got, err)
				}
				_, _, _ = f.Requests(), f.BytesRead(), f.URL()
			}
		})
	}
	wg.Wait()
}

func TestClose(t *testing.T) {
	gone := make(chan struct{})
	c := content{size: 250_000_000}
	f, err := Open(context.Background(), start(t, func(w http.ResponseWriter, r *http.Request) {
		c.serve(w, r)
		close(gone)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, f, c, 0, 100)
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	<-gone // the server could not send the rest
	if f.BytesRead() > 1<<20 {
		t.Errorf("%d bytes read", f.BytesRead())
	}
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("ReadAt: %v", err)
	}
	if err := f.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Close: %v", err)
	}
}
