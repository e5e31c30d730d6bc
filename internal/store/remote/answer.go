package remote

import (
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
)

// version is what a server says of a file, and what tells one version of it from another.
type version struct {
	size     int64
	etag     string
	modified string // Last-Modified, where it says more than "within this second"
}

func versionOf(h http.Header, size int64) version {
	v := version{size: size, etag: h.Get("ETag")}
	modified, err1 := http.ParseTime(h.Get("Last-Modified"))
	now, err2 := http.ParseTime(h.Get("Date"))
	if err1 == nil && err2 == nil && now.Sub(modified) >= time.Second {
		v.modified = h.Get("Last-Modified")
	}
	return v
}

// validator is the value of If-Range: a strong ETag, or a date. RFC 9110 (13.1.5) has the
// date only where there is no ETag at all; but servers that make weak ones compare it too.
func (v version) validator() string {
	if strings.HasPrefix(v.etag, `"`) {
		return v.etag
	}
	return v.modified
}

// differs says in what; "" where it does not. An answer to If-Range may leave out the
// date, but not the ETag. A size below 0 is not known.
func (v version) differs(other version) string {
	switch {
	case other.size >= 0 && v.size != other.size:
		return fmt.Sprintf("it had %d bytes and has %d", v.size, other.size)
	case v.etag != other.etag:
		return "its ETag is another"
	case v.modified != "" && other.modified != "" && v.modified != other.modified:
		return "it was modified at another time"
	}
	return ""
}

// check holds an answer against the request for the bytes from first to last. It returns
// how many bytes the body has.
func (f *File) check(resp *http.Response, first, last int64) (int64, error) {
	known := f.version.size > 0
	switch {
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && known:
		return 0, fmt.Errorf("%w: it has no byte %d any more; begin anew", ErrChanged, first)
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		if r, err := parseContentRange(resp.Header.Get("Content-Range")); err == nil && r.total == 0 {
			return 0, nil // an empty file
		}
		return 0, statusError(resp, f.opts.Token != "")
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		return 0, statusError(resp, f.opts.Token != "")
	case isWebPage(resp.Header):
		return 0, f.webPage()
	}
	if e := strings.ToLower(resp.Header.Get("Content-Encoding")); e != "" && e != "identity" {
		return 0, fmt.Errorf("%w: Content-Encoding %.40q; download the file first", ErrEncoded, e)
	}
	if resp.StatusCode == http.StatusOK {
		switch now := versionOf(resp.Header, resp.ContentLength); {
		case !known && resp.ContentLength == 0:
			return 0, nil // an empty file
		case known && f.version.differs(now) != "":
			return 0, fmt.Errorf("%w: %s; begin anew", ErrChanged, f.version.differs(now))
		}
		return 0, ErrNoRanges
	}
	return f.checkRange(resp, first, last)
}

func (f *File) checkRange(resp *http.Response, first, last int64) (int64, error) {
	if n := len(resp.Header.Values("Content-Range")); n != 1 {
		return 0, fmt.Errorf("%w: it has %d Content-Range headers", ErrBadRange, n)
	}
	text := resp.Header.Get("Content-Range")
	r, err := parseContentRange(text)
	if err != nil {
		return 0, err
	}
	length := r.last - r.first + 1
	switch {
	case r.first != first:
		return 0, fmt.Errorf("%w: %q in answer to %q", ErrBadRange, text, rangeHeader(first, last))
	case r.total < 0:
		return 0, fmt.Errorf("%w: it does not tell the size of the file; download the file first", ErrBadRange)
	case resp.ContentLength >= 0 && resp.ContentLength != length:
		return 0, fmt.Errorf("%w: %q with a body of %d bytes", ErrBadRange, text, resp.ContentLength)
	}
	now := versionOf(resp.Header, r.total)
	if f.version.size == 0 {
		f.version = now
	} else if d := f.version.differs(now); d != "" {
		return 0, fmt.Errorf("%w: %s; begin anew", ErrChanged, d)
	}
	// An open-ended request may be answered in part, and is then resumed; a bounded one not.
	if last >= 0 && r.last != last {
		return 0, fmt.Errorf("%w: %q in answer to %q", ErrBadRange, text, rangeHeader(first, last))
	}
	return length, nil
}

func isWebPage(h http.Header) bool {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return t == "text/html" || t == "application/xhtml+xml"
}

func (f *File) webPage() error {
	if d, ok := DownloadAddress(f.original.String()); ok {
		if u, err := parseAddress(d); err == nil {
			return fmt.Errorf("%w: use the download address %s", ErrWebPage, redact(u))
		}
	}
	return fmt.Errorf("%w: use the download address (of a model hub: …/resolve/…, not …/blob/…); a page to log in means that a token is needed", ErrWebPage)
}
