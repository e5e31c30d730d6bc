package remote

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestResume(t *testing.T) {
	c := content{size: 10_000_000}
	for breaks := range int32(3) {
		serve := c.breaking(breaks, 700_001)
		f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
			if (firstByte(r) > 0) != (r.Header.Get("If-Range") == `"10000000-0"`) {
				t.Errorf("from %d, If-Range %q", firstByte(r), r.Header.Get("If-Range"))
			}
			serve(w, r)
		}), Options{})
		same(t, f, c, 0, 3_000_000)
		if f.Requests() != 1+int(breaks) || f.BytesRead() > 3_000_000+leastRead {
			t.Errorf("%d breaks: %d requests, %d bytes", breaks, f.Requests(), f.BytesRead())
		}
	}
	f := open(t, start(t, c.breaking(100, 700_001)), Options{})
	n, err := f.ReadAt(make([]byte, 3_000_000), 0)
	if n != 3*700_001 || err == nil || !strings.Contains(err.Error(), "broke 3 times") || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v", n, err)
	}
	same(t, f, c, 0, int64(n)) // what came stays
}

// TestShorterParts: a server may send less than asked for, and is asked again.
func TestShorterParts(t *testing.T) {
	c := content{size: 10_000_000}
	f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("Range"), "-") {
			r.Header.Set("Range", rangeHeader(firstByte(r), firstByte(r)+999_999))
		}
		c.serve(w, r)
	}), Options{})
	same(t, f, c, 0, 2_500_000)
	if f.Requests() != 3 {
		t.Errorf("%d requests", f.Requests())
	}
}

// TestChanged: the file is another at the second request, however that shows.
func TestChanged(t *testing.T) {
	old := content{size: 10_000_000}
	for name, x := range map[string]struct {
		second http.HandlerFunc
		err    error
	}{
		"content":        {content{size: old.size, salt: 1}.serve, ErrChanged},
		"longer":         {content{size: old.size + 5}.serve, ErrChanged},
		"shorter":        {content{size: 100}.serve, ErrChanged},
		"shorter, a 416": {status(416, "Content-Range: bytes */100"), ErrChanged},
		"If-Range is ignored": {func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("If-Range")
			content{size: old.size, salt: 1}.serve(w, r)
		}, ErrChanged},
		"no ranges any more": {func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			old.serve(w, r)
		}, ErrNoRanges},
		"another total only": {partial(100, "ETag: \"10000000-0\"", "Content-Range: bytes 5000000-5000099/20000000"), ErrChanged},
		"gone":               {status(404), &StatusError{}},
		"web page":           {status(200, "Content-Type: text/html"), ErrWebPage},
		"other end":          {partial(5, "ETag: \"10000000-0\"", "Content-Range: bytes 5000000-5000004/10000000"), ErrBadRange},
	} {
		for _, far := range []bool{true, false} {
			if (name == "other end" || name == "another total only") && !far {
				continue // the range is that of a far read
			}
			var once sync.Once
			f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
				h := x.second
				once.Do(func() { h = old.breaking(1, 200_000) })
				h(w, r)
			}), Options{})
			off := int64(5_000_000)
			if !far {
				off = 100_000
			}
			same(t, f, old, 0, 100_000)
			n, err := f.ReadAt(make([]byte, 900_000), off)
			if want := (*StatusError)(nil); !errors.Is(err, x.err) && !(errors.As(x.err, &want) && errors.As(err, &want)) {
				t.Errorf("%s, far %v: %d, %v", name, far, n, err)
			}
			if far && n != 0 || n > 100_000 {
				t.Errorf("%s, far %v: %d bytes", name, far, n)
			}
		}
	}
}

// TestNoValidator: nothing would show a change, so there is no second request.
func TestNoValidator(t *testing.T) {
	c := content{size: 10_000_000}
	serve := c.breaking(1, 100_000)
	f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `W/"weak"`)
		serve(hide{w}, r)
	}), Options{})
	same(t, f, c, 0, 100_000)
	for _, off := range []int64{100_000, 5_000_000} {
		if _, err := f.ReadAt(make([]byte, 10), off); !errors.Is(err, ErrNoValidator) || f.Requests() != 1 {
			t.Errorf("%d requests, %v", f.Requests(), err)
		}
	}
}

// hide sends no date of modification.
type hide struct{ http.ResponseWriter }

func (h hide) Flush() { h.ResponseWriter.(http.Flusher).Flush() }

func (h hide) WriteHeader(code int) {
	h.Header().Del("Last-Modified")
	h.ResponseWriter.WriteHeader(code)
}

// silent sends the head of an answer, n bytes, and nothing more.
func silent(n int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if n >= 0 {
			w.Header().Set("Content-Range", "bytes 0-999999/1000000")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(make([]byte, n))
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
}

func TestSlowServers(t *testing.T) {
	begin := time.Now()
	f, err := Open(t.Context(), start(t, silent(-1)), Options{HeaderTimeout: 50 * time.Millisecond})
	if !errors.Is(err, ErrTimeout) {
		t.Errorf("no head of an answer: %v, %v", f, err)
	}
	f = open(t, start(t, silent(1000)), Options{StallTimeout: 100 * time.Millisecond})
	n, err := f.ReadAt(make([]byte, 2000), 0)
	if n != 1000 || !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "no byte came for 100ms") {
		t.Errorf("%d, %v", n, err)
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

// TestSilenceWhileNobodyReads is not the server's fault.
func TestSilenceWhileNobodyReads(t *testing.T) {
	f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", "bytes 0-1999/2000")
		w.WriteHeader(http.StatusPartialContent)
		w.Write(make([]byte, 1000))
		w.(http.Flusher).Flush()
		time.Sleep(300 * time.Millisecond)
		w.Write(make([]byte, 1000))
	}), Options{StallTimeout: 200 * time.Millisecond})
	for _, off := range []int64{0, 1000} {
		if n, err := f.ReadAt(make([]byte, 1000), off); n != 1000 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		time.Sleep(600 * time.Millisecond)
	}
}

// TestSlowButAlive takes longer in all than a silence may last.
func TestSlowButAlive(t *testing.T) {
	f := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", "bytes 0-39/40")
		w.WriteHeader(http.StatusPartialContent)
		for range 40 {
			w.Write([]byte{1})
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	}), Options{StallTimeout: time.Second})
	if n, err := f.ReadAt(make([]byte, 40), 0); n != 40 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestCancelEndsABlockedRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f, err := Open(ctx, start(t, silent(1000)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	g := open(t, start(t, silent(1000)), Options{})
	var wg sync.WaitGroup
	ends := make(chan error, 4)
	for _, file := range []*File{f, f, g, g} {
		wg.Go(func() {
			_, err := file.ReadAt(make([]byte, 2000), 0)
			ends <- err
		})
	}
	time.Sleep(50 * time.Millisecond)
	begin := time.Now()
	cancel()
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if d := time.Since(begin); d > 5*time.Second { // the stall limit is 30 s
		t.Errorf("the reads ended after %v", d)
	}
	close(ends)
	for err := range ends {
		if err == nil || errors.Is(err, ErrTimeout) {
			t.Errorf("%v", err)
		}
	}
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := Open(ctx, start(t, silent(1)), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
