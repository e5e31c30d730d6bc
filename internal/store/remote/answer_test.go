package remote

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// status answers with a status and headers.
func status(code int, head ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, h := range head {
			k, v, _ := strings.Cut(h, ": ")
			w.Header().Set(k, v)
		}
		w.WriteHeader(code)
		w.Write([]byte("<html>secret</html>"))
	}
}

func noRanges(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "5000000")
	w.Write(content{size: 5_000_000}.bytes(0, 5_000_000))
}

// bomb answers with gzip for much more, though none was asked for.
func bomb(w http.ResponseWriter, r *http.Request) {
	if got := r.Header.Get("Accept-Encoding"); got != "identity" {
		panic("Accept-Encoding " + got)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, 1<<20))
	z.Close()
	w.Header().Set("Content-Encoding", "gzip")
	w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", b.Len()-1, b.Len()))
	w.WriteHeader(http.StatusPartialContent)
	w.Write(b.Bytes())
}

var badServers = []struct {
	name    string
	handler http.HandlerFunc
	err     error
	words   string // in the message
}{
	{"no ranges", noRanges, ErrNoRanges, "download the file first"},
	{"no Content-Range", partial(100), ErrBadRange, "0 Content-Range headers"},
	{"two Content-Ranges", partial(100, "Content-Range: bytes 0-99/100", "Content-Range: bytes 0-99/200"), ErrBadRange, "2 Content-Range headers"},
	{"several parts", partial(100, "Content-Type: multipart/byteranges; boundary=x"), ErrBadRange, ""},
	{"other start", partial(100, "Content-Range: bytes 100-199/1000"), ErrBadRange, `"bytes 100-199/1000" in answer to "bytes=0-"`},
	{"unknown total", partial(100, "Content-Range: bytes 0-99/*"), ErrBadRange, "size of the file"},
	{"nonsense", partial(100, "Content-Range: bytes 0-99/50"), ErrBadRange, `"bytes 0-99/50"`},
	{"unsatisfied", partial(100, "Content-Range: bytes */100"), ErrBadRange, ""},
	{"shorter body", partial(50, "Content-Range: bytes 0-99/100", "Content-Length: 50"), ErrBadRange, "body of 50 bytes"},
	{"longer body", partial(150, "Content-Range: bytes 0-99/100", "Content-Length: 150"), ErrBadRange, "body of 150 bytes"},
	{"gzip", bomb, ErrEncoded, `"gzip"`},
	{"another encoding", partial(100, "Content-Range: bytes 0-99/100", "Content-Encoding: zstd, identity"), ErrEncoded, `"zstd, identity"`},
	{"web page", status(200, "Content-Type: text/html; charset=utf-8"), ErrWebPage, "…/resolve/…, not …/blob/…"},
	{"web page in parts", partial(100, "Content-Range: bytes 0-99/100", "Content-Type: text/html"), ErrWebPage, "token"},
	{"401", status(401), nil, "give a token"},
	{"403", status(403, "X-Error-Message: Access to \"it\" is restricted"), nil, `give a token (it says "Access to \"it\" is restricted")`},
	{"404", status(404, "Content-Type: text/html"), nil, "check the address"},
	{"407", status(407), nil, "proxy"},
	{"416", status(416, "Content-Range: bytes */100"), nil, "check the address"},
	{"418", status(418), nil, "check the address"},
	{"429", status(429, "Retry-After: 30"), nil, "wait 30 s and try again"},
	{"500", status(500), nil, "later"},
	{"503", status(503, "Retry-After: soon"), nil, "try again later"},
	{"304", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, nil, "304"},
}

func TestBadServers(t *testing.T) {
	for _, x := range badServers {
		t.Run(x.name, func(t *testing.T) {
			f, err := Open(t.Context(), start(t, x.handler)+"?token=secret", Options{})
			if err == nil {
				f.Close()
				t.Fatal("no error")
			}
			if x.err != nil && !errors.Is(err, x.err) {
				t.Errorf("%v is not %v", err, x.err)
			}
			if !strings.Contains(err.Error(), x.words) || strings.Contains(err.Error(), "secret") {
				t.Errorf("message %q", err)
			}
			var s *StatusError
			if is := errors.As(err, &s); is && fmt.Sprint(s.Code) != x.name || !is && x.name[0] == '4' {
				t.Errorf("%#v", err)
			}
		})
	}
}

// TestBodyDisagrees: with no Content-Length, only reading tells.
func TestBodyDisagrees(t *testing.T) {
	chunked := func(n int64) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-99/100", firstByte(r)))
			w.Header().Set("ETag", `"a"`)
			w.WriteHeader(http.StatusPartialContent)
			w.(http.Flusher).Flush()
			w.Write(make([]byte, max(0, n-firstByte(r))))
		}
	}
	for n, want := range map[int64]error{100: nil, 150: ErrBadRange, 50: io.ErrUnexpectedEOF} {
		f := open(t, start(t, chunked(n)), Options{})
		if _, err := f.ReadAt(make([]byte, 100), 0); !errors.Is(err, want) {
			t.Errorf("%d bytes where 100 are announced: %v", n, err)
		}
		if f.Requests() > 1+maxResumes {
			t.Errorf("%d requests", f.Requests())
		}
	}
}

func TestBomb(t *testing.T) {
	f := &File{}
	resp := &http.Response{StatusCode: 200, Header: http.Header{"Content-Encoding": {"GZIP"}}, ContentLength: 10}
	if _, err := f.check(resp, 0, -1); !errors.Is(err, ErrEncoded) {
		t.Errorf("%v", err)
	}
	// Encoded only from the second answer on.
	c := content{size: 10_000_000}
	g := open(t, start(t, func(w http.ResponseWriter, r *http.Request) {
		if firstByte(r) > 0 {
			w.Header().Set("Content-Encoding", "gzip")
		}
		c.serve(w, r)
	}), Options{})
	if _, err := g.ReadAt(make([]byte, 10), 5_000_000); !errors.Is(err, ErrEncoded) || g.BytesRead() != 0 {
		t.Errorf("%d bytes, %v", g.BytesRead(), err)
	}
}

func TestValidator(t *testing.T) {
	const date, before, now = "Date", "Sun, 01 Nov 2026 00:00:00 GMT", "Sun, 01 Nov 2026 00:00:01 GMT"
	for _, x := range []struct{ etag, modified, date, want string }{
		{`"a"`, before, now, `"a"`},
		{`W/"a"`, before, now, before},
		{"", before, now, before},
		{"", now, now, ""},
		{"", before, "", ""},
		{`W/"a"`, "yesterday", now, ""},
		{"a", "", now, ""},
	} {
		h := http.Header{"Etag": {x.etag}, "Last-Modified": {x.modified}, date: {x.date}}
		if got := versionOf(h, 1).validator(); got != x.want {
			t.Errorf("%+v: %q", x, got)
		}
	}
}
