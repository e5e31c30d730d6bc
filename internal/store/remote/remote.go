// Package remote reads a file behind a URL as an io.ReaderAt, so that the header of a
// model can be read without downloading the model. One open-ended range request is read
// as far as it is asked for; it is resumed when it breaks, and never mixes two versions
// of a file.
//
// It must not know what is in the file, nor write one: whole downloads are another task.
package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// gap is how far beyond the front, in bytes, a read may begin and still be reached by
// reading on. What lies further is asked for by itself.
const gap = 1 << 20

// Options of Open. The zero value is ready for use.
type Options struct {
	Token          string        // sent as "Authorization: Bearer" to the host of the URL, and to no other
	ConnectTimeout time.Duration // for a connection, and again for its TLS handshake; default 30 s
	HeaderTimeout  time.Duration // from the request to the head of the answer; default 30 s
	StallTimeout   time.Duration // without a byte while a read waits for one; default 30 s; the total time has no limit
	MaxFront       int64         // bytes kept of the front of the file; default 1 GiB; no header is longer

	tls *tls.Config // for tests
}

// File is a remote file, open for reading. Its methods may be called from several
// goroutines at once; reads of what is kept do not wait for those that need the network.
type File struct {
	original  *url.URL
	opts      Options
	transport *http.Transport
	ctx       context.Context
	cancel    context.CancelCauseFunc

	version version // of the first answer; later ones must be of the same
	front   front

	streamMu sync.Mutex // held by the one goroutine that reads the stream
	stream   *body      // from the end of the front on; nil where it ended or broke
	resumes  int
	broke    error // why the last stream ended

	target                         atomic.Pointer[url.URL] // where redirects led
	requests, redirects, bytesRead atomic.Int64
}

// Open asks for the file at address, which must be http or https, and reads nothing of
// it yet. ctx ends everything the File does until Close, a blocked ReadAt included. The
// caller closes the File.
func Open(ctx context.Context, address string, opts Options) (*File, error) {
	u, err := parseAddress(address)
	if err != nil {
		return nil, fmt.Errorf("remote: %w", err)
	}
	opts.setDefaults()
	f := &File{original: u, opts: opts, transport: newTransport(opts)}
	f.target.Store(u)
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	if f.stream, err = f.fetch(0, -1); err != nil {
		f.Close()
		return nil, f.named(err)
	}
	return f, nil
}

func (o *Options) setDefaults() {
	for _, t := range []*time.Duration{&o.ConnectTimeout, &o.HeaderTimeout, &o.StallTimeout} {
		if *t <= 0 {
			*t = 30 * time.Second
		}
	}
	if o.MaxFront <= 0 {
		o.MaxFront = 1 << 30
	}
}

// newTransport speaks HTTP/1.1 only: there, to leave a body early is to close a connection,
// and at most what the sockets hold was sent in vain. There is no http.Client around it: that
// names addresses in errors and sends them on as Referer.
func newTransport(o Options) *http.Transport {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: o.ConnectTimeout}).DialContext,
		TLSClientConfig:        o.tls,
		TLSHandshakeTimeout:    o.ConnectTimeout,
		ResponseHeaderTimeout:  o.HeaderTimeout,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
		Protocols:              new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	return t
}

// ReadAt is io.ReaderAt. What lies in the front, or at most 1 MiB behind its end, is read
// once and kept; what lies further costs a request each time.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("remote: ReadAt: negative offset")
	}
	if f.ctx.Err() != nil {
		return 0, f.named(context.Cause(f.ctx))
	}
	if off >= f.Size() {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), f.Size()-off)]
	n, err := f.front.readAt(want, off), error(nil)
	switch {
	case n == len(want):
	case off > f.front.size()+gap:
		n, err = f.readFar(want, off)
	default:
		err = f.extend(off + int64(len(want)))
		n = f.front.readAt(want, off)
	}
	if err != nil {
		return n, f.named(err)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

// Size is the size of the file in bytes, as the server says.
func (f *File) Size() int64 { return f.version.size }

// URL is the address redirects led to, for messages: without credentials and query.
func (f *File) URL() string { return redact(f.target.Load()) }

// Requests is how many requests were made so far; following redirects is not counted.
func (f *File) Requests() int { return int(f.requests.Load()) }

// Redirects is how many redirects were followed so far.
func (f *File) Redirects() int { return int(f.redirects.Load()) }

// BytesRead is how many bytes were read from the bodies of answers so far.
func (f *File) BytesRead() int64 { return f.bytesRead.Load() }

// Close ends what is being read; nothing can be read after it. A second call is an error.
func (f *File) Close() error {
	if errors.Is(context.Cause(f.ctx), fs.ErrClosed) {
		return f.named(fs.ErrClosed)
	}
	f.cancel(fs.ErrClosed)
	f.streamMu.Lock()
	defer f.streamMu.Unlock()
	if f.stream != nil {
		f.stream.close()
		f.stream = nil
	}
	f.transport.CloseIdleConnections()
	return nil
}

func (f *File) named(err error) error { return fmt.Errorf("remote: %s: %w", f.URL(), err) }
